"""What the policy does to Windows' own drivers: clang-cl with lld-link, and MinGW.

clang-cl reads the options of cl.exe and lld-link those of link.exe, and both run here; what only
Microsoft's own tools know (``/pathmap``) is chosen by the compiler's id.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pefile
import pytest
from mlcbuild.builder.finished import keep_symbols
from mlcbuild.pe.reader import read_image
from needs import program

if TYPE_CHECKING:
    from demoproject import Project

LISTS = """
cmake_minimum_required(VERSION 3.25)
project(demo VERSION 1.2.3 LANGUAGES C CXX)
add_library(demo SHARED demo.c more.cc)
if(MSVC)
  target_link_options(demo PRIVATE /NODEFAULTLIB /NOENTRY)
endif()
mlcbuild_version_info(demo "A \\"demo\\" for all" "2.5.0.dev1+cpu")
install(TARGETS demo RUNTIME DESTINATION demo LIBRARY DESTINATION demo)
"""
CLANG_CL = """
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(CMAKE_C_COMPILER clang-cl)
set(CMAKE_CXX_COMPILER clang-cl)
set(CMAKE_C_COMPILER_TARGET x86_64-pc-windows-msvc)
set(CMAKE_CXX_COMPILER_TARGET x86_64-pc-windows-msvc)
set(CMAKE_LINKER lld-link)
set(CMAKE_AR llvm-lib)
set(CMAKE_MT llvm-mt)
set(CMAKE_RC_COMPILER llvm-rc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_STANDARD_LIBRARIES "")
set(CMAKE_CXX_STANDARD_LIBRARIES "")
"""
MINGW = """
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
"""
# A virtual type without a name of its own: Microsoft's ABI makes one, and the image holds it.
MORE = """
#ifdef _MSC_VER
void *type_info_table asm("??_7type_info@@6B@");
#endif
namespace { struct Hidden { virtual int more() { return 3; } }; }
static Hidden hidden;
extern "C" __declspec(dllexport) Hidden *more() { return &hidden; }
"""
TOOLCHAINS = {"clang-cl": CLANG_CL, "mingw": MINGW}


@pytest.fixture
def windows_project(project: Project, tmp_path: Path) -> Project:
    for tool in ("clang", "lld-link", "llvm-rc", "llvm-mt", "x86_64-w64-mingw32-windres"):
        program(tool)
    tools = tmp_path / "tools"
    tools.mkdir()
    # clang is clang-cl where it is called by that name; not every package has the link.
    (tools / "clang-cl").symlink_to(shutil.which("clang") or "")
    project.env["PATH"] = os.pathsep.join((str(tools), project.env["PATH"]))  # type: ignore[index]
    project.write("CMakeLists.txt", LISTS)
    project.write("demo.c", "__declspec(dllexport) const char* demo(void) { return __FILE__; }\n")
    project.write("more.cc", MORE)
    for name, text in TOOLCHAINS.items():
        project.write(f"{name}.cmake", text)
    return project


def build(project: Project, toolchain: str, folder: str = "b", *options: str) -> Path:
    made = project.configure(
        f"-DCMAKE_TOOLCHAIN_FILE={toolchain}.cmake",
        "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        *options,
        build=folder,
    )
    assert made.code == 0, made.text
    run = project.run("cmake", "--build", folder, "--config", "Release")
    assert run.code == 0, run.text
    assert "warning" not in run.text.casefold(), run.text
    (dll,) = (project.folder / folder / "out").glob("*demo.dll")
    return dll


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_a_dll_says_what_it_is_to_windows(windows_project: Project, toolchain: str) -> None:
    dll = build(windows_project, toolchain)
    assert read_image(dll.read_bytes(), path=dll.name).file_version == (2, 5, 0, 0)
    (info,) = pefile.PE(dll).FileInfo
    strings = {
        key.decode(): value.decode()
        for each in info
        for table in getattr(each, "StringTable", [])
        for key, value in table.entries.items()
    }
    assert strings["FileDescription"] == 'A "demo" for all'
    assert strings["ProductVersion"] == "2.5.0.dev1+cpu"
    assert strings["OriginalFilename"] == dll.name


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_every_cpp_object_initialises_its_mutexes_by_a_call(
    windows_project: Project, toolchain: str
) -> None:
    build(windows_project, toolchain)
    commands = json.loads((windows_project.folder / "b" / "compile_commands.json").read_text())
    defined = {
        Path(entry["file"]).name: "-D_DISABLE_CONSTEXPR_MUTEX_CONSTRUCTOR" in entry["command"]
        for entry in commands
        if entry["file"].endswith((".c", ".cc"))
    }
    assert defined == {"demo.c": False, "more.cc": True}


@pytest.mark.parametrize(
    ("toolchain", "place"), [("clang-cl", "b"), ("clang-cl", "../b"), ("mingw", "b")]
)
def test_the_same_source_gives_the_same_dll_in_any_folder(
    windows_project: Project, toolchain: str, place: str, tmp_path: Path
) -> None:
    first = build(windows_project, toolchain, place).read_bytes()
    other = type(windows_project)(folder=tmp_path / "deep er" / "x", env=windows_project.env)
    shutil.copytree(windows_project.folder, other.folder, ignore=shutil.ignore_patterns("b"))
    assert build(other, toolchain, f"{place}2").read_bytes() == first
    assert windows_project.folder.name.encode() not in first
    assert (b"Hidden@?A0x" in first) == (toolchain == "clang-cl"), "the name that clang makes"


def test_symbols_lie_beside_the_dll_which_names_them_without_a_folder(
    windows_project: Project,
) -> None:
    dll = build(windows_project, "clang-cl", "b", "-DMLCBUILD_SYMBOLS=ON")
    pdb = dll.with_suffix(".pdb")
    assert pdb.read_bytes().startswith(b"Microsoft C/C++ MSF 7.00")
    data = dll.read_bytes()
    assert b"\0demo.pdb\0" in data or b"demo.pdb\0" in data
    assert os.fsencode(windows_project.folder) not in data
    again = dll.read_bytes()
    (dll.parent.parent / "out").joinpath("demo.dll").unlink()
    pdb.unlink()
    run = windows_project.run("cmake", "--build", "b", "--config", "Release")
    assert run.code == 0, run.text
    assert dll.read_bytes() == again, "the same folder gives the same bytes, symbols or not"


def test_the_record_has_the_toolset_of_visual_studios_environment(
    windows_project: Project,
) -> None:
    windows_project.env["VCToolsVersion"] = "14.44.35207"  # type: ignore[index]
    build(windows_project, "clang-cl")
    record = json.loads((windows_project.folder / "b" / "mlcbuild-build.json").read_text())
    assert record["msvc_toolset"] == "14.44.35207"


def test_without_symbols_there_is_no_pdb(windows_project: Project) -> None:
    dll = build(windows_project, "clang-cl")
    assert not dll.with_suffix(".pdb").exists()
    assert b".pdb" not in dll.read_bytes()


def test_symbols_are_kept_in_one_archive_with_the_same_bytes(tmp_path: Path) -> None:
    built = tmp_path / "out"
    built.mkdir()
    assert keep_symbols(built, "x-1-py3-none-win_amd64.whl", tmp_path / "kept") is None
    for name in ("b.pdb", "a.pdb", "a.dll"):
        (built / name).write_bytes(name.encode() * 1000)
    kept = keep_symbols(built, "x-1-py3-none-win_amd64.whl", tmp_path / "kept")
    assert kept is not None
    assert kept.name == "x-1-py3-none-win_amd64.symbols.zip"
    first = kept.read_bytes()
    with zipfile.ZipFile(kept) as archive:
        assert archive.namelist() == ["a.pdb", "b.pdb"]
    os.utime(built / "a.pdb", (1, 1))
    keep_symbols(built, "x-1-py3-none-win_amd64.whl", tmp_path / "kept")
    assert kept.read_bytes() == first


def test_mingws_own_runtime_is_inside_the_library(windows_project: Project) -> None:
    thrower = 'extern "C" int more(int n) { try { if (n) throw n; } catch (int) {} return n; }\n'
    windows_project.write("more.cc", "#include <string>\n" + thrower)
    image = read_image(build(windows_project, "mingw").read_bytes(), path="demo.dll")
    names = {dll.name.casefold() for dll in image.imports}
    assert not {name for name in names if name.startswith(("lib", "mlc"))}, names
