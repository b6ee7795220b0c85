"""One Windows SDK: headers and libraries in the layout that ``xwin splat`` gives Microsoft's.

The free SDK has the same layout, so that a compiler only needs a folder. Source of the layout:
xwin's documentation of ``splat``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mlcbuild.errors import InputError
from mlcbuild.platforms import CROSS, Machine

#: Machine -> the names that xwin gives its folder, with and without --preserve-ms-arch-notation.
ARCHITECTURES: Final = {each.machine: (each.llvm, each.folder) for each in CROSS}
INCLUDES: Final = ("crt/include", "sdk/include/ucrt", "sdk/include/shared", "sdk/include/um")
LIBRARIES: Final = ("crt/lib", "sdk/lib/ucrt", "sdk/lib/um")
#: The file that marks a free SDK.
FREE_MARKER: Final = "mlcbuild-free-sdk.json"
#: One file from each folder that every build needs.
_HEADERS: Final = (
    "crt/include/vcruntime.h",
    "sdk/include/ucrt/stdio.h",
    "sdk/include/um/windows.h",
)
_IMPORTS: Final = ("msvcrt.lib", "ucrt.lib", "kernel32.lib")
_VERSION: Final = re.compile(r"#define\s+_VC_CRT_MINOR_VERSION\s+(\d+)")
_SPLAT: Final = "xwin --accept-license splat --output DIR"


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowsSdk:
    """An SDK for one machine (``x86_64``, ``arm64``)."""

    kind: Literal["microsoft", "free"]
    folder: Path
    machine: Machine
    #: The name of the folder with the machine's libraries.
    architecture: str
    #: The toolset of its C++ library: 14.44.
    toolset: tuple[int, int]

    @property
    def includes(self) -> tuple[Path, ...]:
        """Folders of headers, in search order."""
        return tuple(self.folder / part for part in INCLUDES if (self.folder / part).is_dir())

    @property
    def libraries(self) -> tuple[Path, ...]:
        """Folders of import libraries."""
        return tuple(self.folder / part / self.architecture for part in LIBRARIES)

    @property
    def label(self) -> str:
        """The name recorded in the stamp."""
        return "Microsoft" if self.kind == "microsoft" else "free"


def read_sdk(folder: Path, machine: Machine) -> WindowsSdk:
    """Recognise the SDK in ``folder``.

    Raises ``InputError`` where there is none, or where it is incomplete.
    """
    if not folder.is_dir():
        raise InputError(f"there is no Windows SDK in {folder}", remedy=f"get one: {_SPLAT}")
    inner = [path.parent for path in folder.glob("*/crt") if (path.parent / "sdk").is_dir()]
    if not (folder / "crt").is_dir() and inner:
        raise InputError(
            f"{folder} is not the SDK folder itself", remedy=f"name the one below it: {inner[0]}"
        )
    for header in _HEADERS:
        if not (folder / header).is_file():
            raise _incomplete(folder, header)
    names = ARCHITECTURES[machine]
    architecture = next((n for n in names if (folder / LIBRARIES[0] / n).is_dir()), "")
    if not architecture:
        raise _incomplete(folder, f"{LIBRARIES[0]}/{names[0]}")
    for place, library in zip(LIBRARIES, _IMPORTS, strict=True):
        path = f"{place}/{architecture}/{library}"
        if not _exists_in_any_case(folder / path):
            raise _incomplete(folder, path)
    return WindowsSdk(
        kind="free" if (folder / FREE_MARKER).is_file() else "microsoft",
        folder=folder.absolute(),
        machine=machine,
        architecture=architecture,
        toolset=_toolset(folder),
    )


def _toolset(folder: Path) -> tuple[int, int]:
    path = folder / INCLUDES[0] / "crtversion.h"
    try:
        match = _VERSION.search(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise _incomplete(folder, f"{INCLUDES[0]}/crtversion.h") from error
    if match is None:
        raise InputError(
            f"{path} does not state the runtime's version", remedy=f"make it: {_SPLAT}"
        )
    return 14, int(match[1])


def _incomplete(folder: Path, missing: str) -> InputError:
    return InputError(
        f"{folder} is not a complete Windows SDK in xwin's layout: {missing} is missing",
        remedy=f"make it: {_SPLAT}",
    )


def _exists_in_any_case(path: Path) -> bool:
    """Microsoft spells kernel32.Lib; xwin adds a lower-case link unless told not to."""
    if path.is_file():
        return True
    return path.parent.is_dir() and any(
        each.name.casefold() == path.name for each in path.parent.iterdir()
    )
