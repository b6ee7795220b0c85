"""Which ``msvcp140.dll`` a module can get, and what that means for a constexpr ``std::mutex``.

Shared by the rules ``mutex-abi`` and ``redist-too-old`` and by the verdict, so that they always
agree.

Since Visual Studio 2022 every second toolset shares the redistributable of the one before:
14.39 ships 14.38, 14.41 ships 14.40, 14.43 ships 14.42. Requiring the odd number would reject
the very runtime that comes with the compiler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.rules.names import base_name, is_mangled, is_msvcp140, original_name
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Need
    from mlcbuild.pe.facts import Image
    from mlcbuild.rules.finding import Subject

#: First toolset whose ``std::mutex`` constructor is constexpr (Visual Studio 2022 17.10).
CONSTEXPR_MUTEX: Final = (14, 40)

#: First msvcp140 seen to survive a mutex that was never initialised (onnx/onnx#6267, a bisect).
TOLERATES_CONSTEXPR_MUTEX: Final = (14, 38)

_FIRST_PAIRED: Final = (14, 30)


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
    if image.file_version is not None:
        return image.file_version[:2]
    return newest_toolset(image)


#: ``certain``: needs an msvcp140 of at least 14.40. ``at-risk``: objects of mixed origin are
#: possible. ``unknown``: locks, but no toolset tells whether the constructor was constexpr.
MutexUse = Literal["certain", "at-risk", "safe", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeCopy:
    """One copy of a runtime DLL that can win. ``version`` is None if the machine is unknown."""

    where: str
    version: tuple[int, ...] | None

    def __str__(self) -> str:
        """Return the text for a report: its location and version."""
        return f"{self.where} ({dotted(self.version)})" if self.version else self.where


def mutex_use(image: Image) -> MutexUse:
    """Return whether an image relies on a constexpr ``std::mutex`` constructor."""
    symbols = {
        symbol.name
        for dll in image.imports
        if is_msvcp140(dll.name)
        for symbol in dll.symbols
        if symbol.name is not None and symbol.name.startswith("_Mtx_")
    }
    if "_Mtx_lock" not in symbols:
        return "safe"
    if image.producer == "msvc" or image.toolset is not None:
        # The linker's version decides: it is at least that of every compiler it accepts.
        newest = max(image.linker_version, image.toolset or (0, 0))
        if newest < CONSTEXPR_MUTEX:
            return "safe"
        return "at-risk" if "_Mtx_init_in_situ" in symbols else "certain"
    return "safe" if "_Mtx_init_in_situ" in symbols else "unknown"


def reachable_copies(subject: Subject, path: str, runtime: str) -> tuple[RuntimeCopy, ...]:
    """List every copy of ``runtime`` (an imported name) that the module at ``path`` can get.

    The predicted winner comes first. For an un-mangled name, a copy that another package loaded
    earlier, from any folder, can win too: those follow. A system copy of unknown version
    has ``version`` None.
    """
    load = subject.loads.get(path)
    needs = load.needs if load is not None else ()
    name = base_name(runtime)
    need = next((n for n in needs if base_name(n.name) == name), None)
    return _copies(subject, need, name)


def _copies(subject: Subject, need: Need | None, name: str) -> tuple[RuntimeCopy, ...]:
    copies: dict[str, RuntimeCopy] = {}
    inside = {path: subject.images[path] for path in subject.named.get(name, ())}
    outside = {n.path: n.image for n in subject.neighbours if base_name(n.path) == name}
    known = {**outside, **inside}
    if need is not None:
        for where in (need.path, *need.alternatives):
            if where is not None and where in known:
                copies[where] = RuntimeCopy(where=where, version=runtime_version(known[where]))
    if need is None or need.origin == "system":
        copies["system"] = RuntimeCopy(
            where="the machine's own copy",
            version=subject.msvcp140 if original_name(name).startswith("msvcp140") else None,
        )
    if not is_mangled(name):
        for where, image in known.items():
            copies.setdefault(where, RuntimeCopy(where=where, version=runtime_version(image)))
    return tuple(copies.values())


def judge_mutex(
    subject: Subject, path: str
) -> tuple[MutexUse, tuple[RuntimeCopy, ...], tuple[RuntimeCopy, ...]]:
    """Return how a module uses mutexes, the copies it can get, and those known to be too old."""
    image = subject.images[path]
    use = mutex_use(image)
    if use == "safe":
        return use, (), ()
    runtime = next(dll.name for dll in image.imports if is_msvcp140(dll.name))
    copies = reachable_copies(subject, path, runtime)
    return use, copies, _fatal(copies)


def crashing_neighbours(
    subject: Subject,
) -> dict[str, tuple[tuple[RuntimeCopy, ...], tuple[RuntimeCopy, ...]]]:
    """Return companions' images that crash on a copy known to be too old: path -> copies, fatal.

    Only images that a module of the package really loads are included.
    """
    found = {}
    for neighbour in subject.neighbours:
        if mutex_use(neighbour.image) != "certain":
            continue
        runtime = next(d.name for d in neighbour.image.imports if is_msvcp140(d.name))
        need = next(
            (
                need
                for load in subject.loads.values()
                for need in load.needs
                if base_name(need.name) == base_name(runtime)
                and need.importer
                and neighbour.path.endswith(need.importer)
            ),
            None,
        )
        copies = _copies(subject, need, base_name(runtime)) if need is not None else ()
        if fatal := _fatal(copies):
            found[neighbour.path] = (copies, fatal)
    return found


def _fatal(copies: tuple[RuntimeCopy, ...]) -> tuple[RuntimeCopy, ...]:
    return tuple(
        copy
        for copy in copies
        if copy.version is not None and copy.version < TOLERATES_CONSTEXPR_MUTEX
    )
