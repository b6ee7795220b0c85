"""The C++ compiler that TVM needs to link a model's library for Windows, on Linux.

    python -m mlcbuild.wheelhouse.cxx WHEELHOUSE -o FOLDER

TVM links what it compiled with the one program that CXX names, so this is a script of one line:
MinGW-w64's g++, with the ``tvm_ffi.dll`` of the wheelhouse to link against and GCC's own runtime
linked statically, so that the model's library needs nothing but ``tvm_ffi.dll`` and Windows.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.build.toolchain.mingw_probe import read_mingw
from mlcbuild.errors import FailedError, InputError, MlcbuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HOST", "TARGET", "main", "write_cxx"]

#: What ``mlc_llm compile`` takes for ``--host`` and, as JSON, for ``--device``. x86-64-v2 is what
#: every PC since 2009 has; a newer ``mcpu`` is faster and runs on fewer.
HOST: Final = "x86_64-w64-windows-gnu"
TARGET: Final = {"kind": "llvm", "mtriple": HOST, "mcpu": "x86-64-v2"}
_LIBRARY: Final = "tvm_ffi/lib/tvm_ffi.dll"


def write_cxx(wheelhouse: Path, folder: Path) -> Path:
    """Write the script and the library that it links into ``folder``; return the script.

    Raises ``InputError`` where ``wheelhouse`` has no tvm-ffi of ours, ``FailedError`` where
    MinGW-w64 is not there.
    """
    wheels = sorted(wheelhouse.glob("apache_tvm_ffi-*+*-win_amd64.whl"))
    if not wheels:
        raise InputError(
            f"{wheelhouse} holds no apache-tvm-ffi of a wheelhouse",
            remedy="make one: mlcbuild wheel --target win_amd64 -o wheelhouse",
        )
    compiler = next((c for c in read_mingw(os.environ).compilers if c.threads != "win32"), None)
    if compiler is None:
        raise FailedError(
            "no MinGW-w64 compiler", remedy="apt-get install g++-mingw-w64-x86-64-posix"
        )
    folder.mkdir(parents=True, exist_ok=True)
    library = folder.resolve() / "tvm_ffi.dll"
    with zipfile.ZipFile(wheels[-1]) as archive:
        library.write_bytes(archive.read(_LIBRARY))
    script = folder.resolve() / "c++"
    words = [compiler.cxx, "-static", "-s"]
    line = f'exec {shlex.join(words)} "$@" {shlex.quote(os.fspath(library))}'
    script.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    script.chmod(0o755)
    return script


def main(argv: Sequence[str] | None = None) -> int:
    """Write the script and say how it is used."""
    parser = argparse.ArgumentParser(prog="python -m mlcbuild.wheelhouse.cxx", description=__doc__)
    parser.add_argument("wheelhouse", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    args = parser.parse_args(argv)
    try:
        script = write_cxx(args.wheelhouse, args.output)
    except MlcbuildError as error:
        print(f"mlcbuild: error: {error}", file=sys.stderr)  # noqa: T201 - its output
        return error.exit_code
    print(f"export CXX={shlex.quote(os.fspath(script))}")  # noqa: T201 - for the shell
    return 0


if __name__ == "__main__":
    sys.exit(main())
