"""Choose what links a model library for Windows, and link with it.

In this order: ``TVM_WIN_CC``; on other systems ``CXX`` or ``CC``, as TVM has it; the package
``ziglang``; an ``lld-link`` on PATH; on Windows a clang, which needs Visual Studio. Programs of the
LLVM linker and zig are called by us, any other by TVM's own link step.
"""

from __future__ import annotations

import os
import re
import sys
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Linker", "NoLinkerError", "choose", "link_step", "require"]

SUFFIX = ".dll"
_NAMED = "TVM_WIN_CC"
#: As LLVM installs it, then as Debian does.
_NAMES = ("lld-link", *(f"lld-link-{version}" for version in range(24, 13, -1)))
#: Nothing of the C runtime's static half is needed: no entry point, no default libraries. Brepro:
#: the same bytes each time.
_OPTIONS = ("/dll", "/noentry", "/nodefaultlib", "/nologo", "/Brepro", "/opt:ref")


class NoLinkerError(RuntimeError):
    """There is nothing to link with. The text says what to install."""


class Linker(NamedTuple):
    """Words of a command; ``ours``: it takes lld-link's options, else TVM's own step calls it."""

    command: tuple[str, ...]
    ours: bool


def choose(
    environment: Mapping[str, str],
    *,
    system: str = sys.platform,
    zig: Callable[[], str | None] | None = None,
) -> Linker:
    """Return what links here. Raises ``NoLinkerError``. ``zig`` finds the program of ziglang."""

    def which(name: str) -> str | None:
        return _find(name, environment.get("PATH", ""))

    if named := environment.get(_NAMED):
        if (found := which(named)) is None:
            raise NoLinkerError(f"{_NAMED}={named}, which links the library, is not found")
        return _named(found)
    if system != "win32" and (environment.get("CXX") or environment.get("CC")):
        return Linker((), ours=False)
    if found := (zig or _zig)():
        return Linker((found, "lld-link"), ours=True)
    if found := next((path for name in _NAMES if (path := which(name))), None):
        return Linker((found,), ours=True)
    if system == "win32" and (found := which("clang")):
        return Linker((found,), ours=False)
    raise NoLinkerError(
        "linking a model library for Windows needs lld-link, and there is none: "
        f"pip install ziglang (or name a clang that can link with {_NAMED})"
    )


def require(output: os.PathLike[str] | str) -> None:
    """Raise ``NoLinkerError`` where ``output`` is a library for Windows and nothing links it."""
    if os.fspath(output).endswith(SUFFIX):
        choose(os.environ)


def link_step(output: os.PathLike[str] | str) -> Callable[..., None] | None:
    """Return the ``fcompile`` of TVM's ``export_library``; None where TVM's own is to be used."""
    if not os.fspath(output).endswith(SUFFIX):
        return None
    linker = choose(os.environ)
    if not linker.ours:
        if linker.command:  # TVM would look for it again, and in the current folder first
            os.environ[_NAMED] = linker.command[0]
        return None

    def link(
        output: str, objects: Sequence[str], options: object = None, **further: object
    ) -> None:
        if all(path.endswith((".o", ".obj")) for path in objects):
            _link(linker.command, output, objects)
        else:  # source code, for a compiler: TVM's own step finds one
            from tvm.support import cc  # type: ignore[import-not-found] # noqa: PLC0415

            cc.create_shared(output, objects, options=options, **further)

    return link


def _named(path: str) -> Linker:
    stem = os.path.basename(path).lower().removesuffix(".exe")
    if stem == "zig":
        return Linker((path, "lld-link"), ours=True)
    return Linker((path,), ours=stem.startswith("lld-link"))


def _find(name: str, path: str) -> str | None:
    """Return the program's path: of the current folder, where anything may lie, only if named so.

    ``shutil.which`` looks there first on Windows; entries of PATH that are relative mean it too.
    """
    folders = [entry.strip('"') for entry in path.split(os.pathsep)]
    if os.path.dirname(name):
        folders = [os.getcwd()]
    paths = (
        os.path.join(folder, name + ending)
        for folder in folders
        if os.path.isabs(folder)
        for ending in ("", ".exe")
    )
    return next((p for p in paths if os.path.isfile(p) and os.access(p, os.X_OK)), None)


def _zig() -> str | None:
    from importlib.util import find_spec  # noqa: PLC0415 - not where a program is named

    spec = find_spec("ziglang")
    folders = (spec.submodule_search_locations if spec else None) or ()
    names = ("zig.exe", "zig")
    paths = [os.path.join(folder, name) for folder in folders for name in names]
    return next(filter(os.path.isfile, paths), None)


def _link(command: Sequence[str], output: str, objects: Sequence[str]) -> None:
    """Link; raise ``RuntimeError`` with the linker's words, as TVM's own step does."""
    import subprocess  # noqa: PLC0415 - every command imports this module, few link
    import tempfile  # noqa: PLC0415

    from mlc_llm._linker.import_library import RUNTIME, write_library  # noqa: PLC0415
    from tvm_ffi.libinfo import (  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415
        find_libtvm_ffi,
    )

    with open(objects[0], "rb") as file:
        machine = int.from_bytes(file.read(2), "little")
    with tempfile.TemporaryDirectory(prefix="mlc-link-") as scratch:
        library = os.path.join(scratch, "imports.lib")
        with open(library, "wb") as file:
            imports = {"tvm_ffi.dll": ffi_functions(find_libtvm_ffi()), **RUNTIME}
            file.write(write_library(imports, machine))
        # The library exports functions: the linker writes an import library for them.
        unwanted = os.path.join(scratch, "unwanted.lib")
        words = [*command, *_OPTIONS, f"/out:{output}", f"/implib:{unwanted}", *objects, library]
        done = subprocess.run(
            words,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace").strip()
        message = f"the model library cannot be linked:\n{said}\nCommand line: {' '.join(words)}"
        raise RuntimeError(message)


def ffi_functions(path: str) -> list[str]:
    """Return the names of tvm_ffi's C functions: its library holds them as text, on any system."""
    with open(path, "rb") as file:
        found = re.findall(rb"(?<=\0)TVMFFI\w+(?=\0)", file.read())
    return sorted({name.decode() for name in found})
