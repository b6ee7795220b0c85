"""Help of the command line, and compilation that TVM cannot do: said before anything fails."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tinyelf import build_so

if TYPE_CHECKING:
    from conftest import Install

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the libraries here are ELF files")

#: A command line as upstream's: what it imports long before it parses uses all of TVM's ways.
MAIN = """\
import argparse, dataclasses, sys
def main():
    import tvm
    from tvm.script import tirx as T
    import tvm.relax.frontend.nn as nn
    import tvm_ffi
    class Model(nn.Module, metaclass=type(nn.Module)):
        def __init__(self):
            super().__init__()
    @tvm_ffi.register_object("mlc.Data")
    class Data(tvm.runtime.Object):
        kind: int = 3
    @T.prim_func(private=True)
    def kernel(a: T.handle):
        x = T.float32(2) * a
    assert 32 % tvm.DataType("uint32").bits == 0
    assert Data.kind == 3 and Model()
    argparse.ArgumentParser(prog="mlc_llm chat").parse_args(sys.argv[2:])
if __name__ == "__main__":
    main()
"""


@pytest.fixture
def command(install: Install) -> Install:
    (install.site / "mlc_llm" / "__main__.py").write_text(MAIN, encoding="utf-8")
    return install


@pytest.mark.parametrize("word", ["-h", "--help"])
@pytest.mark.parametrize("damage", ["no library", "no tvm", "a library that cannot be loaded"])
def test_help_is_printed_on_a_broken_install(command: Install, damage: str, word: str) -> None:
    if damage == "no library":
        (command.lib / "libmlc_llm.so").unlink()
    elif damage == "no tvm":
        (command.site / "tvm" / "base.py").write_text("raise RuntimeError('no library')")
    else:
        build_so(command.lib / "libmlc_llm.so", needed=["libgone.so.7"])

    done = command.python("-m", "mlc_llm", "chat", word)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: mlc_llm chat")
    (note,) = done.stderr.splitlines()
    assert note.startswith("note: mlc_llm cannot load its native library")


def test_a_command_that_does_something_fails_with_the_reason(command: Install) -> None:
    (command.lib / "libmlc_llm.so").unlink()

    done = command.python("-m", "mlc_llm", "chat", "model")

    assert done.returncode == 1
    assert "LibraryNotFoundError" in done.stderr


REQUIRE = (
    "from mlc_llm import libinfo\n"
    "try:\n"
    "    print(libinfo.require_compiler())\n"
    "except libinfo.LibraryLoadError as error:\n"
    "    print(error.cause, error.culprit, error.fix, sep='\\n')\n"
)


@pytest.mark.parametrize(
    ("damage", "cause", "fix"),
    [
        ("none", "None", ""),
        ("gone", "no-compiler", "pip install --force-reinstall --no-deps apache-tvm==0.26.0"),
        ("a text file", "not-an-elf", "pip install --force-reinstall --no-deps apache-tvm"),
        (
            "a need is missing",
            "missing-dll",
            "install this system's package that has libz",
        ),
    ],
)
def test_tvms_silent_fall_back_is_explained_to_who_compiles(
    install: Install, damage: str, cause: str, fix: str
) -> None:
    compiler = install.site / "tvm" / "lib" / "libtvm_compiler.so"
    if damage == "gone":
        compiler.unlink()
    elif damage == "a text file":
        compiler.write_text("no library")
    elif damage == "a need is missing":
        build_so(compiler, needed=["libzstd-absent.so.1"])

    said = install.python("-c", REQUIRE).stdout.splitlines()

    assert said[0] == cause
    assert not fix or said[2].startswith(fix)


def test_a_runtime_that_was_asked_for_is_no_fall_back(install: Install) -> None:
    said = install.python("-c", REQUIRE, TVM_USE_RUNTIME_LIB="1").stdout.splitlines()

    assert said[0] == "no-compiler"
    assert said[2] == "unset TVM_USE_RUNTIME_LIB"
