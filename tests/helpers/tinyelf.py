"""Compile tiny ELF libraries of one property each, with gcc, or clang + lld for other machines.

build_so(tmp_path / "liba.so", needed=["libb.so.1"], runpath="$ORIGIN/../lib")
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from needs import program

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["build_so"]

_TARGETS = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu", "x86": "i386-linux-gnu"}


def build_so(
    path: Path,
    *,
    source: str = "int answer(void) { return 42; }\n",
    needed: Sequence[str] = (),
    runpath: str = "",
    soname: str = "",
    machine: Literal["x86_64", "arm64", "x86"] = "x86_64",
    language: Literal["c", "c++"] = "c",
    flags: Sequence[str] = ("-s",),
) -> Path:
    """Compile ``path`` and return it.

    ``needed`` become DT_NEEDED whether or not such libraries exist. Only C++ gets the standard
    libraries. The default flags strip.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tinyelf-") as folder:
        work = Path(folder)
        code = work / "code.c"
        code.write_text(source, encoding="utf-8")
        stubs = [
            _link(
                work / f"stub{index}.so", machine, ["-x", "c", "/dev/null", f"-Wl,-soname,{name}"]
            )
            for index, name in enumerate(needed)
        ]
        options = ["-x", language, str(code), "-x", "none", *map(str, stubs), *flags]
        options.append("-Wl,--no-as-needed")
        options += [f"-Wl,-rpath,{runpath}", "-Wl,--enable-new-dtags"] if runpath else []
        options += [f"-Wl,-soname,{soname}"] if soname else []
        return _link(path, machine, options, bare=language == "c")


def _link(path: Path, machine: str, options: Sequence[str], *, bare: bool = True) -> Path:
    command = (
        [program("clang"), f"--target={_TARGETS[machine]}", "-fuse-ld=lld"]
        if bare
        else [program("g++")]
    )
    command += ["-shared", "-fPIC", *(["-nostdlib"] if bare else []), "-o", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise AssertionError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return path
