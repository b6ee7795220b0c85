"""Make the free Windows SDK, for CI and the lab: open headers, export tables, our own runtime.

Microsoft's open STL headers, Wine's headers of the C runtime and of Windows, a few of our own that
fill gaps between them (``free/include``), the static half of the runtime (``free/runtime``), and
import libraries made from the export tables that ``mlcbuild check`` knows. A wheel made with it
runs on Windows; wheels to ship are made with Microsoft's own SDK, and the stamp records which was
used.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.loader.systemdata import builtin_system
from mlcbuild.msvc import UCRT, UCRT_SETS, VCRUNTIME, VCRUNTIME_1
from mlcbuild.pe.import_library import import_library
from mlcbuild.sdk.windows_sdk import ARCHITECTURES, FREE_MARKER, INCLUDES, WindowsSdk, read_sdk

if TYPE_CHECKING:
    from mlcbuild.llvm import Llvm
    from mlcbuild.platforms import Machine

#: The second is only for x64: it has that machine's exception handler.
_VCRUNTIME: Final[dict[Machine, tuple[str, ...]]] = {
    "x86_64": (VCRUNTIME, VCRUNTIME_1),
    "arm64": (VCRUNTIME,),
}
_MSVCP: Final = tuple(
    f"msvcp140{part}.dll" for part in ("", "_1", "_2", "_atomic_wait", "_codecvt_ids")
)
#: For Windows itself, not for programs: duplicates of vcruntime140.dll, and the ``_o_`` variants.
_PRIVATE_SET: Final = "api-ms-win-crt-private-"
#: Libraries named differently from their DLL.
_OTHER_NAMES: Final = {
    "winspool.lib": "winspool.drv",
    "synchronization.lib": "api-ms-win-core-synch-l1-2-0.dll",
}
#: Linked by compilers or CMake for every target, without imports: old names of C functions, and
#: the identifiers of COM's interfaces.
_EMPTY: Final = ("oldnames.lib", "uuid.lib")
#: Linked statically (``free/runtime``), although ntdll.dll or kernel32.dll export them too.
_STATIC: Final = frozenset({"__chkstk", "_fltused"})


def crt_libraries(machine: Machine) -> dict[str, bytes]:
    """Return the libraries of the C and C++ runtime by file name."""
    lists: dict[str, Mapping[str, Iterable[str]]] = {
        "vcruntime.lib": {dll: _names(dll, machine) for dll in _VCRUNTIME[machine]},
        "msvcprt.lib": {dll: _names(dll, machine) for dll in _MSVCP},
        "ucrt.lib": _ucrt(machine),
    }
    return {
        **{name: import_library(exports, machine) for name, exports in lists.items()},
        **{name: import_library({}, machine) for name in _EMPTY},
    }


def system_libraries(machine: Machine) -> dict[str, bytes]:
    """Return the libraries of Windows' own DLLs by file name.

    Without functions that the C runtime exports too: ntdll.dll has a memcpy, and would come first
    where a project names it.
    """
    of_crt = set(_STATIC)
    of_crt |= {name for names in _ucrt(machine).values() for name in names}
    of_crt |= {name for dll in _VCRUNTIME[machine] for name in _names(dll, machine)}
    dlls = {f"{dll.removesuffix('.dll')}.lib": dll for dll in builtin_system().windows_dlls()}
    return {
        name: import_library({dll: sorted(_names(dll, machine) - of_crt)}, machine)
        for name, dll in (dlls | _OTHER_NAMES).items()
    }


def _ucrt(machine: Machine) -> dict[str, Iterable[str]]:
    """Return API set -> functions, as in Microsoft's ucrt.lib; the rest by host DLL."""
    taken = {name for dll in _VCRUNTIME[machine] for name in _names(dll, machine)}
    found: dict[str, Iterable[str]] = {}
    for dll in sorted(builtin_system().listed(UCRT_SETS)):
        if not dll.startswith(_PRIVATE_SET):
            found[dll] = sorted(_names(dll, machine) - taken)
    found[UCRT] = sorted(_own(_names(UCRT, machine) - taken))
    return found


def _own(names: set[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("_o_"))


def _names(dll: str, machine: Machine) -> set[str]:
    return set(builtin_system().exports(dll, machine))


#: The component of 3rdparty/sources.toml with the STL's headers.
COMPONENT: Final = "microsoft-stl"
_OURS: Final = Path(__file__).with_name("free")
_HEADERS: Final = ("/usr/include/wine/wine", "/usr/include/wine", "/usr/include/wine-stable/wine")
_STL_LIBRARY: Final = ("stl", "filesystem")
_RUNTIME: Final = ("startup", "dll", "exe", "new")
#: Increased when the same inputs give another SDK.
_FORMAT: Final = 3


def own_lock() -> Path:
    """Return the lock that pins the STL's headers: the checkout's, or the copy in the wheel.

    For builds of other projects, which have their own lock or none.
    """
    shipped = Path(__file__).with_name("sources.toml")
    return shipped if shipped.is_file() else Path(__file__).parents[3] / "3rdparty/sources.toml"


def wine_headers() -> Path:
    """Return the folder that holds Wine's ``msvcrt`` and ``windows``. Raises ``FailedError``."""
    for folder in map(Path, _HEADERS):
        if (folder / "windows/windows.h").is_file() and (folder / "msvcrt/corecrt.h").is_file():
            return folder
    raise FailedError(
        "the free Windows SDK needs Wine's headers",
        remedy="apt-get install libwine-dev (Fedora: wine-devel)",
    )


def make_free_sdk(
    cache: Path, stl: Path, llvm: Llvm, machine: Machine, notice: Callable[[str], None]
) -> WindowsSdk:
    """Return the free SDK for ``machine``, made once per set of inputs and kept in ``cache``.

    ``stl`` is the extracted component. Raises ``FailedError`` when a requirement is missing or the
    runtime does not compile.
    """
    from mlcbuild.sources.cache import stage_folder  # noqa: PLC0415 - locks, temporary folders

    wine = wine_headers()
    folder = cache / "sdk" / f"free-{machine}-{_key(wine, stl, llvm, machine)}"

    def make(staged: Path) -> None:
        notice(f"making the free Windows SDK for {machine}")
        _copy_headers(staged, wine, stl)
        _compile(staged, llvm, machine)
        record = {"format": _FORMAT, "machine": machine, "clang": llvm.text}
        (staged / FREE_MARKER).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    stage_folder(folder, make, notice)
    return read_sdk(folder, machine)


def _key(wine: Path, stl: Path, llvm: Llvm, machine: Machine) -> str:
    total = hashlib.sha256(repr((_FORMAT, machine, llvm.text)).encode())
    for root in (_OURS, stl, wine / "msvcrt", wine / "windows"):
        for path in _files(root):
            total.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
            if root == _OURS:
                total.update(path.read_bytes())
    return total.hexdigest()[:12]


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file())


def _copy_headers(sdk: Path, wine: Path, stl: Path) -> None:
    only = shutil.ignore_patterns("*.idl", "*.acf", "*.tlb", "*.x")
    for source, target in (
        (stl / "stl" / "inc", "crt/include"),
        (_OURS / "include", "crt/include"),
        (wine / "msvcrt", "sdk/include/ucrt"),
        (wine / "windows", "sdk/include/um"),
    ):
        shutil.copytree(source, sdk / target, dirs_exist_ok=True, ignore=only)


def _compile(sdk: Path, llvm: Llvm, machine: Machine) -> None:
    """Make the libraries: the static part of the runtime, and imports of Windows' own DLLs."""
    architecture = ARCHITECTURES[machine][0]
    crt, ucrt, um = (
        sdk / f"{place}/{architecture}" for place in ("crt/lib", "sdk/lib/ucrt", "sdk/lib/um")
    )
    for folder in (crt, ucrt, um):
        folder.mkdir(parents=True)
    objects = sdk / "objects"
    objects.mkdir()
    # /GS needs what is compiled here: its cookie is not set yet when these functions begin.
    options = ["/O2", "/GS-", "/MD", "/EHsc", "/std:c++20", "/W3", "/WX"]
    includes = [f"/imsvc{sdk / part}" for part in INCLUDES]
    for source in sorted((_OURS / "runtime").glob("*.cpp")):
        target = objects / f"{source.stem}.obj"
        llvm.compile(source, target, machine=machine, options=[*includes, *options])
    assembly = _OURS / "runtime" / f"{machine}.s"
    llvm.compile(assembly, objects / "machine.obj", machine=machine)
    for name, data in crt_libraries(machine).items():
        (crt if name != "ucrt.lib" else ucrt).joinpath(name).write_bytes(data)
    for name, data in system_libraries(machine).items():
        (um / name).write_bytes(data)
    llvm.archive(crt / "msvcrt.lib", [objects / f"{n}.obj" for n in (*_RUNTIME, "machine")])
    imports = crt / "msvcprt.lib"
    merged = crt / "merged.lib"
    llvm.archive(merged, [*(objects / f"{n}.obj" for n in _STL_LIBRARY), imports])
    merged.replace(imports)
    shutil.rmtree(objects)
