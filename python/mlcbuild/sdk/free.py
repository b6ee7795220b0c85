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
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.sdk.import_libraries import crt_libraries, system_libraries
from mlcbuild.sdk.windows_sdk import (
    ARCHITECTURES,
    FREE_MARKER,
    INCLUDES,
    WindowsSdk,
    read_sdk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlcbuild.llvm import Llvm
    from mlcbuild.platforms import Machine

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
    from mlcbuild.sources.staged_folder import stage_folder  # noqa: PLC0415 - locks, temporary folders

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
