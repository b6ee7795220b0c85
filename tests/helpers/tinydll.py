"""Compile tiny DLLs and executables of one property each, with MinGW, clang + lld, or zig.

Every import is really in the import table and every export really in the export table, whatever
its name: import libraries are made from ``.def`` files, so no other DLL needs to exist.

    build_dll(tmp_path / "leaf.dll", exports=["f"])
    build_dll(tmp_path / "user.dll", exports=["g"], imports={"leaf.dll": ["f", 7]})
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from needs import program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Machine", "Toolchain", "build_dll", "keep_in", "run_tool"]

#: Where the DLLs of this run of the tests are kept, by what they are made of.
STORE: Path | None = None

Machine = Literal["x86_64", "x86", "arm64"]
Toolchain = Literal["mingw", "lld", "zig"]

_DLLTOOL_MACHINE = {"x86_64": "i386:x86-64", "x86": "i386", "arm64": "arm64"}
_GNU_PREFIX = {"x86_64": "x86_64-w64-mingw32-", "x86": "i686-w64-mingw32-"}
_MSVC_TARGET = {
    "x86_64": "x86_64-pc-windows-msvc",
    "x86": "i686-pc-windows-msvc",
    "arm64": "aarch64-pc-windows-msvc",
}
_ZIG_TARGET = {
    "x86_64": "x86_64-windows-gnu",
    "x86": "x86-windows-gnu",
    "arm64": "aarch64-windows-gnu",
}
#: DllMain is __stdcall on x86: the entry point carries the decoration there.
_ENTRY = {"x86_64": "DllMain", "x86": "_DllMain@12", "arm64": "DllMain"}

_STDCALL = """\
#if defined(__i386__)
#define STDCALL __attribute__((stdcall))
#else
#define STDCALL
#endif
"""
_DLL_MAIN = "int STDCALL DllMain(void *module, unsigned reason, void *reserved) { return 1; }\n"
_EXE_MAIN = "int start(void) { return 0; }\n"
#: What delayimp would bring; our tests never call through a delayed import without the CRT.
_DELAY_HELPER = "void *STDCALL __delayLoadHelper2(void *d, void *slot) { return 0; }\n"


def build_dll(
    path: Path,
    *,
    source: str = "",
    exports: Sequence[str] = (),
    imports: Mapping[str, Sequence[str | int]] | None = None,
    delay: Sequence[str] = (),
    machine: Machine = "x86_64",
    toolchain: Toolchain = "mingw",
    crt: bool = False,
    exe: bool = False,
    flags: Sequence[str] = (),
) -> Path:
    """Compile ``path`` and return it.

    ``exports`` are lines of a .def file: ``"f"``, ``"f @7"``, ``"f @7 NONAME"``, or a forwarder
    ``"f=leaf.g"`` / ``"f=leaf.#7"``; a plain name gets a body unless ``source`` mentions it.
    ``imports`` maps a DLL's name to symbol names or ordinals; those DLLs in ``delay`` (names that
    ``imports`` has) go into the delay-import directory (lld only). ``source`` is extra C; it may
    define ``DllMain`` (``STDCALL`` is defined for it). ``crt`` links the C runtime (MinGW and zig;
    ``DllMain`` is then called by it). ``flags`` are handed to the linker driver.

    What was built once in a run of the tests is copied, unless it has ``flags``: they may name
    further files.
    """
    wanted = dict(imports or {})
    unknown = set(delay) - set(wanted)
    if unknown:
        raise ValueError(f"delay names no import: {sorted(unknown)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    what = repr((path.name, source, exports, wanted, delay, machine, toolchain, crt, exe))
    kept = None if flags or STORE is None else STORE / hashlib.sha256(what.encode()).hexdigest()
    if kept is not None and kept.exists():
        return Path(shutil.copyfile(kept, path))
    with tempfile.TemporaryDirectory(prefix="tinydll-") as folder:
        work = Path(folder)
        libraries = [
            _import_library(work / f"imp{index}", dll, symbols, machine, toolchain)
            for index, (dll, symbols) in enumerate(wanted.items())
        ]
        code = _source(
            source, exports, wanted, machine, toolchain, delay=bool(delay), crt=crt, exe=exe
        )
        (work / "code.c").write_text(code, encoding="utf-8")
        definition = work / "code.def"
        lines = [_export_line(index, line, source) for index, line in enumerate(exports)]
        definition.write_text(_definition(path.name, lines), encoding="utf-8")
        link = _Link(
            path=path,
            work=work,
            definition=definition if exports else None,
            libraries=libraries,
            delay=delay,
            machine=machine,
            crt=crt,
            exe=exe,
            flags=flags,
        )
        _LINKERS[toolchain](link)
    if kept is not None:
        part = kept.with_suffix(f".{os.getpid()}")
        shutil.copyfile(path, part)
        part.replace(kept)
    return path


def keep_in(folder: Path) -> None:
    """Keep what is built in this folder, which processes may share."""
    global STORE  # noqa: PLW0603 - set once, when the tests begin
    folder.mkdir(parents=True, exist_ok=True)
    STORE = folder


def run_tool(*command: str | Path) -> None:
    """Run a compiler or linker; fail with all it said."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode:
        raise AssertionError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _definition(name: str, exports: Sequence[str]) -> str:
    return "\n".join([f'LIBRARY "{name}"', "EXPORTS", *(f"  {line}" for line in exports), ""])


def _alias(dll: str, symbol: str | int) -> str:
    """Give ordinals, and names that an assembler refuses, a C name that is unique to the DLL."""
    return f"alias_{zlib.crc32(f'{dll} {symbol}'.encode()):08x}"


def _import_library(
    stem: Path, dll: str, symbols: Sequence[str | int], machine: Machine, toolchain: Toolchain
) -> Path:
    lines = []
    for symbol in symbols:
        if isinstance(symbol, int):
            lines.append(f"{_alias(dll, symbol)} @{symbol} NONAME")
        elif toolchain == "mingw" and not symbol.isidentifier():
            lines.append(f"{_alias(dll, symbol)} == {symbol}")
        else:
            lines.append(symbol)
    definition = stem.with_suffix(".def")
    definition.write_text(_definition(dll, lines), encoding="utf-8")
    library = stem.with_suffix(".lib" if toolchain == "lld" else ".a")
    if toolchain == "mingw":
        tool = program(_GNU_PREFIX[machine] + "dlltool")
        run_tool(tool, "-d", definition, "-D", dll, "-l", library)
    else:
        tool = program("llvm-dlltool")
        run_tool(tool, "-m", _DLLTOOL_MACHINE[machine], "-d", definition, "-D", dll, "-l", library)
    return library


def _export_line(index: int, line: str, source: str) -> str:
    """Let ``f`` stand for ``f=export_0``, the body that ``_source`` writes."""
    name, _, rest = line.partition(" ")
    if "=" in line or re.search(rf"\b{re.escape(name)}\b", source):
        return line
    return f"{name}=export_{index} {rest}".rstrip()


def _source(
    source: str,
    exports: Sequence[str],
    imports: Mapping[str, Sequence[str | int]],
    machine: Machine,
    toolchain: Toolchain,
    *,
    delay: bool,
    crt: bool,
    exe: bool,
) -> str:
    parts = [_STDCALL, source + "\n"]
    for index, line in enumerate(exports):
        if _export_line(index, line, source) != line:
            parts.append(f"int export_{index}(void) {{ return {index}; }}\n")
    symbols = [(dll, symbol) for dll, names in imports.items() for symbol in names]
    for index, (dll, symbol) in enumerate(symbols):
        plain = isinstance(symbol, str) and (toolchain != "mingw" or symbol.isidentifier())
        name = str(symbol) if plain else _alias(dll, symbol)
        underscore = "_" if machine == "x86" and name.isidentifier() else ""
        label = f'__asm__("__imp_{underscore}{name}")'
        parts.append(f"extern int (*slot_{index})(void) {label};\n")
    # Reads every slot, so that no linker drops the import; volatile, so that no compiler does.
    body = "".join(f"  sink = (void *)slot_{index};\n" for index in range(len(symbols)))
    parts.append(
        "void *volatile sink;\n__attribute__((used)) void touch_imports(void) {\n" + body + "}\n"
    )
    if exe and not crt:
        parts.append(_EXE_MAIN)
    elif exe and "main(" not in source:
        parts.append("int main(void) { return 0; }\n")
    elif not exe and "DllMain" not in source:
        parts.append(_DLL_MAIN)
    if delay and "__delayLoadHelper2" not in source:
        parts.append(_DELAY_HELPER)
    if not crt:
        parts.append("int _fltused = 0x9875;\n")
    return "".join(parts)


@dataclass(frozen=True, kw_only=True)
class _Link:
    """What a linker driver is given; ``work`` has ``code.c``."""

    path: Path
    work: Path
    definition: Path | None
    libraries: Sequence[Path]
    delay: Sequence[str]
    machine: Machine
    crt: bool
    exe: bool
    flags: Sequence[str]

    @property
    def objects(self) -> list[Path]:
        return [*([self.definition] if self.definition else []), *self.libraries]


def _link_mingw(link: _Link) -> None:
    start = "_start" if link.machine == "x86" else "start"
    gcc = program(_GNU_PREFIX[link.machine] + "gcc")
    _link_gnu(link, start if link.exe else _ENTRY[link.machine], gcc, "-s")


def _link_zig(link: _Link) -> None:
    # zig puts the leading underscore of x86 in front itself.
    entry = "start" if link.exe else _ENTRY[link.machine].removeprefix("_")
    target = f"--target={_ZIG_TARGET[link.machine]}"
    _link_gnu(link, entry, sys.executable, "-m", "ziglang", "cc", target)


def _link_gnu(link: _Link, entry: str, *driver: str | Path) -> None:
    if link.delay:
        raise ValueError("delay-load needs toolchain='lld': GNU ld writes no such table")
    bare = [] if link.crt else ["-nostdlib", f"-Wl,--entry={entry}"]
    kind = [] if link.exe else ["-shared"]
    inputs = [link.work / "code.c", *link.objects]
    run_tool(*driver, "-O1", "-fno-builtin", *kind, *bare, "-o", link.path, *inputs, *link.flags)


def _link_lld(link: _Link) -> None:
    if link.crt:
        raise ValueError("lld has no C runtime here: use toolchain='mingw' or 'zig'")
    target = f"--target={_MSVC_TARGET[link.machine]}"
    source, code = link.work / "code.c", link.work / "code.obj"
    run_tool(program("clang"), target, "-O1", "-fno-builtin", "-c", source, "-o", code)
    definition = link.definition
    if link.machine == "x86" and definition and re.search(r"=\w+\.", definition.read_text("utf-8")):
        raise ValueError("lld 14 spells an x86 forwarder '_leaf.f': use toolchain='mingw' or 'zig'")
    # lld-link decorates the entry itself.
    entry = "start" if link.exe else "DllMain"
    kind = ["/subsystem:console"] if link.exe else ["/dll"]
    run_tool(
        program("lld-link"),
        *kind,
        "/nodefaultlib",
        "/safeseh:no",
        f"/entry:{entry}",
        f"/out:{link.path}",
        code,
        *([f"/def:{definition}"] if definition else []),
        *link.libraries,
        *(f"/delayload:{dll}" for dll in link.delay),
        *link.flags,
    )


_LINKERS = {"mingw": _link_mingw, "lld": _link_lld, "zig": _link_zig}
