"""Import libraries written here: LLVM's linker takes them, and the imports come out by name."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from mlcbuild.pe.import_library import import_library
from mlcbuild.pe.reader import read_image
from needs import program

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_names_give_the_same_bytes_in_any_order() -> None:
    one = import_library({"a.dll": ["f", "g"]}, "x86_64")
    assert one == import_library({"a.dll": ["g", "f"]}, "x86_64")
    assert one.startswith(b"!<arch>\n")
    assert one != import_library({"a.dll": ["f", "g"]}, "arm64")


def test_a_dll_linked_with_it_imports_each_name_from_its_own_dll(tmp_path: Path) -> None:
    exports = {
        "a library with a long name.dll": ["first", "?mangled@@YAHXZ"],
        "b.dll": ["second", "first"],
    }
    (tmp_path / "x.lib").write_bytes(import_library(exports, "x86_64"))
    source = tmp_path / "x.c"
    source.write_text(
        "int first(void); __declspec(dllimport) int second(void);"
        "__declspec(dllexport) int f(void) { return first() + second(); }"
    )
    target = "--target=x86_64-pc-windows-msvc"
    command = [program("clang"), target, "-c", "-o", str(tmp_path / "x.obj"), str(source)]
    subprocess.run(command, check=True)
    words = ["/dll", "/noentry", "/nodefaultlib", f"/out:{tmp_path / 'x.dll'}"]
    subprocess.run(
        [program("lld-link"), *words, tmp_path / "x.obj", tmp_path / "x.lib"], check=True
    )
    image = read_image((tmp_path / "x.dll").read_bytes(), path="x.dll")
    found = {dll.name: [symbol.name for symbol in dll.symbols] for dll in image.imports}
    assert found == {"a library with a long name.dll": ["first"], "b.dll": ["second"]}


def test_an_empty_library_is_a_library(tmp_path: Path) -> None:
    (tmp_path / "uuid.lib").write_bytes(import_library({}, "x86_64"))
    (tmp_path / "x.c").write_text("__declspec(dllexport) int f(void) { return 1; }")
    command = [program("clang"), "--target=x86_64-pc-windows-msvc", "-c", "-o", tmp_path / "x.obj"]
    subprocess.run([*command, tmp_path / "x.c"], check=True)
    words = ["/dll", "/noentry", "/nodefaultlib", f"/out:{tmp_path / 'x.dll'}"]
    subprocess.run(
        [program("lld-link"), *words, tmp_path / "x.obj", tmp_path / "uuid.lib"], check=True
    )
    assert (tmp_path / "x.dll").is_file()
