"""Visual C++ toolsets and the redistributable that each needs.

Since Visual Studio 2022 every second toolset shares the redistributable of the one before:
14.39 ships 14.38, 14.41 ships 14.40, 14.43 ships 14.42. Requiring the odd number would reject
the very runtime that comes with the compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Image


#: First toolset whose ``std::mutex`` constructor is constexpr (Visual Studio 2022 17.10).
CONSTEXPR_MUTEX: Final = (14, 40)

#: First msvcp140 seen to survive a mutex that was never initialised (onnx/onnx#6267, a bisect).
TOLERATES_CONSTEXPR_MUTEX: Final = (14, 38)

_FIRST_PAIRED: Final = (14, 30)


def dotted(version: tuple[int, ...] | None) -> str:
    """Return ``14.44``, or ``unknown``."""
    return "unknown" if version is None else ".".join(str(part) for part in version)


def needed_redist(toolset: tuple[int, int]) -> tuple[int, int]:
    """Return the oldest redistributable that Microsoft ships for a toolset."""
    major, minor = toolset
    return (major, minor - minor % 2) if toolset >= _FIRST_PAIRED else toolset


def newest_toolset(image: Image) -> tuple[int, int] | None:
    """Return the newest MSVC toolset in an image, or None if MSVC did not make it.

    The Rich header records the compiler of every object; link.exe's own version is the fallback.
    """
    if image.toolset is not None:
        return image.toolset
    if image.producer == "msvc" and image.linker_version >= (14, 0):
        return image.linker_version
    return None


def runtime_version(image: Image) -> tuple[int, int] | None:
    """Return the version of a runtime DLL from its version resource, else its linker version."""
    if image.version is not None and image.version.file_version is not None:
        return image.version.file_version[:2]
    return newest_toolset(image)
