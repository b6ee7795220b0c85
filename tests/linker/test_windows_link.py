"""The link step of model libraries for Windows: what links, and that what it makes runs there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from mlc_llm._linker import windows
from mlc_llm._linker.import_library import RUNTIME
from mlc_llm._linker.windows import Linker, NoLinkerError, choose, link_step
from mlcbuild.loader.systemdata import builtin_system
from mlcbuild.pe.reader import PeFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlcbuild.lab import Lab
    from mlcbuild.platforms import Machine

#: What LLVM makes of a model: floating point, a large frame, calls of the C runtime and of tvm_ffi.
SOURCE = """
#include <stddef.h>
float expf(float);
double pow(double, double);
void *memcpy(void *, const void *, size_t);
int TVMFFITypeKeyToIndex(void *, int *);
__declspec(dllexport) double values(float x) { return expf(x) + pow(x, 3.0); }
__declspec(dllexport) int frame(const char *from) {
  volatile char room[20000];
  memcpy((void *)room, from, 4);
  return room[0] + room[3];
}
"""
CALLS_FFI = "__declspec(dllexport) int ffi(void *k) { int i; return TVMFFITypeKeyToIndex(k, &i); }"
ELSEWHERE = "void nowhere(void); __declspec(dllexport) void f(void) { nowhere(); }"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Compile C for Windows, as an object file of Microsoft's ABI."""
    folder = tmp_path_factory.mktemp("objects ü")

    def compile_(text: str, machine: str = "x86_64") -> str:
        number = len(list(folder.iterdir()))
        source, made = folder / f"{number}.c", folder / f"{number}.o"
        source.write_text(text)
        zig = [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-windows-msvc"]
        flags = ["-O1", "-c", "-ffreestanding", "-fno-sanitize=all", "-fno-stack-protector"]
        subprocess.run([*zig, *flags, source, "-o", made], check=True)
        return str(made)

    return compile_


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TVM_WIN_CC", "CXX", "CC"):
        monkeypatch.delenv(name, raising=False)


def link(objects: list[str], output: Path) -> Path:
    step = link_step(output)
    assert step is not None
    step(str(output), objects)
    return output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The one folder of PATH."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def plant(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch(0o755)


@pytest.mark.parametrize(
    ("system", "environment", "names", "zig", "expected"),
    [
        # What the user names comes first; of that, LLVM's linker and zig are called by us.
        ("win32", {"TVM_WIN_CC": "clang"}, ("clang",), "zig", Linker(("clang",), ours=False)),
        ("win32", {"TVM_WIN_CC": "cl.exe"}, ("cl.exe",), "", Linker(("cl.exe",), ours=False)),
        ("win32", {"TVM_WIN_CC": "lld-link.exe"}, ("lld-link.exe",), "",
         Linker(("lld-link.exe",), ours=True)),
        ("linux", {"TVM_WIN_CC": "zig", "CXX": "g++"}, ("zig",), "",
         Linker(("zig", "lld-link"), ours=True)),
        ("linux", {"CXX": "x86_64-w64-mingw32-g++"}, (), "zig", Linker((), ours=False)),
        ("win32", {"CXX": "cl"}, ("cl",), "zig", Linker(("zig", "lld-link"), ours=True)),
        ("win32", {}, ("clang", "lld-link"), "zig", Linker(("zig", "lld-link"), ours=True)),
        ("win32", {}, ("clang", "lld-link"), "", Linker(("lld-link",), ours=True)),
        ("linux", {}, ("lld-link-19",), "", Linker(("lld-link-19",), ours=True)),
        ("win32", {}, ("clang",), "", Linker(("clang",), ours=False)),
    ],
)  # fmt: skip
def test_what_links(
    system: str,
    environment: dict[str, str],
    names: tuple[str, ...],
    zig: str,
    expected: Linker,
    *,
    folder: Path,
) -> None:
    plant(folder, *names)
    environment = {**environment, "PATH": str(folder)}
    found = choose(environment, system=system, zig=lambda: zig or None)
    words = tuple(word.removeprefix(f"{folder}{os.sep}") for word in found.command)
    assert (words, found.ours) == expected


@pytest.mark.parametrize("path", ["", ".", "bin", os.pathsep])
def test_a_linker_in_the_current_folder_is_not_run(
    path: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(folder, "lld-link", "clang")
    monkeypatch.chdir(folder.parent if path == "bin" else folder)
    with pytest.raises(NoLinkerError):
        choose({"PATH": path}, system="win32", zig=lambda: None)
    named = choose({"PATH": "", "TVM_WIN_CC": f"{folder}/lld-link"}, system="win32")
    assert named.ours


@pytest.mark.parametrize(
    ("system", "environment", "words"),
    [
        ("win32", {}, "pip install ziglang"),
        ("linux", {}, "pip install ziglang"),
        ("win32", {"TVM_WIN_CC": "clang-99"}, "TVM_WIN_CC=clang-99, which links the library, is"),
    ],
)
def test_nothing_to_link_with_is_said_in_one_line(
    system: str, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(NoLinkerError, match=words) as caught:
        choose(environment, system=system, zig=lambda: None)
    assert "\n" not in str(caught.value)


def test_it_is_said_for_libraries_of_windows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TVM_WIN_CC", "no-such-linker")
    windows.require("model.so")
    windows.require("model.tar")
    assert link_step("model.so") is None
    with pytest.raises(NoLinkerError):
        windows.require("model.dll")


def test_a_compiler_of_the_users_own_is_left_to_tvm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clang").write_text("")
    (tmp_path / "clang").chmod(0o755)
    monkeypatch.setenv("TVM_WIN_CC", str(tmp_path / "clang"))
    assert link_step("model.dll") is None


def test_a_library_runs_on_windows_and_needs_what_every_windows_has(
    compiled: Callable[..., str], tmp_path: Path, windows: Lab
) -> None:
    made = link([compiled(SOURCE)], tmp_path / "model.dll")
    image = PeFile(made.read_bytes(), path=made.name).image()
    assert (image.machine, image.is_dll) == ("x86_64", True)
    assert {dll.name for dll in image.imports} == {"ntdll.dll", "ucrtbase.dll", "vcruntime140.dll"}
    code = (
        "import ctypes, sys\n"
        "lib = ctypes.CDLL(sys.argv[1])\n"
        "lib.values.restype = ctypes.c_double\n"
        "print(round(lib.values(ctypes.c_float(2)), 4), lib.frame(b'\\x02ab\\x05'))\n"
    )
    assert windows.python("-c", code, windows.path(made)).text == "15.3891 7\n"


def test_tvm_ffi_is_imported_by_name_and_nothing_lies_beside_the_library(
    compiled: Callable[..., str], tmp_path: Path
) -> None:
    objects = [compiled(SOURCE + CALLS_FFI)]
    made = link(objects, tmp_path / "with space ü.dll")
    (dll,) = (
        dll
        for dll in PeFile(made.read_bytes(), path=made.name).image().imports
        if dll.name == "tvm_ffi.dll"
    )
    assert [symbol.name for symbol in dll.symbols] == ["TVMFFITypeKeyToIndex"]
    assert list(tmp_path.iterdir()) == [made]
    (tmp_path / "again").mkdir()
    again = link(objects, tmp_path / "again" / made.name)
    assert again.read_bytes() == made.read_bytes()


def test_arm64_objects_make_an_arm64_library(compiled: Callable[..., str], tmp_path: Path) -> None:
    made = link([compiled(SOURCE, "aarch64")], tmp_path / "model.dll")
    assert PeFile(made.read_bytes(), path=made.name).image().machine == "arm64"


def test_a_function_that_nobody_has_is_named(compiled: Callable[..., str], tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="undefined symbol: nowhere"):
        link([compiled(ELSEWHERE)], tmp_path / "model.dll")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("machine", ["x86_64", "arm64"])
@pytest.mark.parametrize("dll", RUNTIME)
def test_windows_has_every_function_that_is_offered(dll: str, machine: Machine) -> None:
    found = builtin_system().dll(dll, machine)
    assert found is not None
    assert found.table is not None
    assert [name for name in RUNTIME[dll] if not found.table.has(name)] == []
