"""The built-in data: what it holds, how lazily, and the script's readers on libraries made here."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from commands import load_script
from memory_package import MemoryPackage
from mlcbuild.errors import InputError
from mlcbuild.loader import predict, world_from_package
from mlcbuild.loader.names import KNOWN_DLLS
from mlcbuild.loader.python_process import PRELOADED_SYSTEM
from mlcbuild.loader.systemdata import MAGIC, SystemData, builtin_system
from mlcbuild.loader.systemdir import read_api_sets
from needs import program
from pefactory import make_pe
from tinydll import build_dll

if TYPE_CHECKING:
    from types import ModuleType

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "python/mlcbuild/loader/data/system.bin"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that makes the data, as a module."""
    return load_script("scripts/make_system_data.py")


def test_the_data_is_small_and_says_where_it_comes_from() -> None:
    assert DATA.stat().st_size < 1_500_000
    provenance = builtin_system().provenance
    assert {"mingw-w64", "rust", "wine", "delvewheel", "complete"} <= set(provenance)


@pytest.mark.parametrize(
    ("name", "has"),
    [
        ("KERNEL32.dll", "CreateFileW"),
        ("user32.dll", "MessageBoxW"),
        ("ws2_32.dll", "getaddrinfo"),
        ("msvcp140.dll", "_Mtx_lock"),
        ("winspool.drv", "OpenPrinterW"),
        ("ucrtbase.dll", "malloc"),
        ("api-ms-win-crt-heap-l1-1-0.dll", "malloc"),
        ("api-ms-win-crt-string-l1-1-0.dll", "strnlen"),
    ],
)
def test_lists_that_are_complete_say_yes_and_no(name: str, has: str) -> None:
    dll = builtin_system().dll(name, "x86_64")
    assert dll is not None
    assert dll.table is not None
    assert dll.table.complete
    assert dll.table.has(has)
    assert not dll.table.has("NoSuchFunctionAtAll")


def test_the_cpp_library_of_32_bits_has_names_of_its_own() -> None:
    system = builtin_system()
    wide, narrow = (system.dll("msvcp140.dll", machine) for machine in ("x86_64", "x86"))
    name = "?_Xlength_error@std@@YAXPEBD@Z"
    assert wide is not None
    assert narrow is not None
    assert wide.table is not None
    assert narrow.table is not None
    assert wide.table.has(name)
    assert not narrow.table.has(name)
    assert narrow.table.has(name.replace("PEBD", "PBD"))


def test_a_union_of_lists_proves_nothing_on_other_machines() -> None:
    dll = builtin_system().dll("kernel32.dll", "arm64")
    assert dll is not None
    assert dll.table is not None
    assert not dll.table.complete


def test_python_dlls_have_a_list_a_version() -> None:
    system = builtin_system()
    for minor in range(8, 14):
        table = system.python_dll(f"python3{minor}.dll", "x86_64", f"3{minor}")
        assert table is not None
        assert table.complete
        assert table.has("PyList_New")
    old = system.python_dll("python3.dll", "x86_64", "39")
    new = system.python_dll("python3.dll", "x86_64", "311")
    assert old is not None
    assert new is not None
    assert (old.has("Py_Version"), new.has("Py_Version")) == (False, True)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("api-ms-win-crt-runtime-l1-1-0.dll", "known"),
        ("API-MS-Win-Core-File-L1-2-7.dll", "known"),
        ("api-ms-win-shell-namespace-l1-1-0.dll", "known"),
        ("API-MS-Win-Shell-Associations-L1-1-3.dll", "known"),
        ("api-ms-win-shell-nothing-l1-1-0.dll", "unknown"),
        ("api-ms-win-crt-nothing-l1-1-0.dll", "unknown"),
        ("ext-ms-win-nothing-l1-1-0.dll", "unknown"),
    ],
)
def test_api_sets(name: str, known: str) -> None:
    assert builtin_system().api_set(name) == known


@pytest.mark.parametrize("name", sorted((KNOWN_DLLS | PRELOADED_SYSTEM) - {"wow64.dll"}))
def test_what_every_process_has_is_in_the_data(name: str) -> None:
    if name.startswith("wow64") or name == "coml2.dll":
        return  # nobody imports them by name
    assert builtin_system().dll(name, "x86_64") is not None


@pytest.mark.parametrize(
    "name",
    ["vulkan-1.dll", "nvcuda.dll", "ucrtbased.dll", "vcruntime140d.dll", "msvcrtd.dll", "zlib1.dll",
     "libstdc++-6.dll", "python311.dll", "cudart64_12.dll", "libcrypto-3-x64.dll", "tbb12.dll",
     "winevulkan.dll", "libiomp5md.dll"],
)  # fmt: skip
def test_what_windows_does_not_have_is_not_in_the_data(name: str) -> None:
    assert builtin_system().dll(name, "x86_64") is None


@pytest.mark.parametrize("name", ["d3dx9_43.dll", "msvcr120.dll", "xinput1_3.dll", "mfplat.dll"])
def test_what_only_some_machines_have_is_in_doubt(name: str) -> None:
    dll = builtin_system().dll(name, "x86_64")
    assert dll is not None
    assert dll.doubt is not None


def test_asking_for_one_dll_inflates_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    system = SystemData(DATA.read_bytes())
    inflated: list[int] = []
    original = zlib.decompress

    def counted(block: bytes) -> bytes:
        inflated.append(len(block))
        return original(block)

    monkeypatch.setattr("mlcbuild.loader.systemdata.zlib.decompress", counted)
    dll = system.dll("kernel32.dll", "x86_64")
    assert dll is not None
    assert dll.table is not None
    assert not inflated
    assert dll.table.has("Sleep")
    assert dll.table.has("CreateFileW")
    assert len(inflated) == 1


def test_data_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format"):
        SystemData(MAGIC + b"\xff\0\0\0" + bytes(8))


def test_the_script_reads_gnu_import_libraries(script: ModuleType, tmp_path: Path) -> None:
    definition = tmp_path / "x.def"
    definition.write_text("LIBRARY Some.dll\nEXPORTS\n  one\n  two @9\n", encoding="utf-8")
    for triple in ("x86_64-w64-mingw32", "i686-w64-mingw32"):
        library = tmp_path / f"{triple}.a"
        command = [program(f"{triple}-dlltool"), "-d", definition, "-l", library]
        subprocess.run(command, check=True, timeout=60)
        assert set(script.gnu_imports(library)) == {("some.dll", "one"), ("some.dll", "two")}


def test_the_script_reads_short_import_libraries(script: ModuleType, tmp_path: Path) -> None:
    definition = tmp_path / "x.def"
    definition.write_text("LIBRARY Some.dll\nEXPORTS\n  one\n  two\n", encoding="utf-8")
    library = tmp_path / "some.lib"
    command = [program("llvm-dlltool"), "-m", "i386:x86-64", "-d", definition, "-l", library]
    subprocess.run(command, check=True, timeout=60)
    assert set(script.short_imports(library)) == {("some.dll", "one"), ("some.dll", "two")}


def test_the_script_writes_what_the_package_reads(script: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "data" / "system.bin"
    head = {
        "provenance": {},
        "present": ["a.dll"],
        "sometimes": ["b.dll"],
        "redistributed": [],
        "api_sets": ["api-ms-x-l1-1"],
        "complete": ["any/a.dll"],
    }
    script.write(out, head, {("any", "a.dll"): {"f", "g"}})
    system = SystemData(out.read_bytes())
    dll = system.dll("A.dll", "x86_64")
    assert dll is not None
    assert dll.table is not None
    assert (dll.table.has("f"), dll.table.has("h"), dll.table.complete) == (True, False, True)
    assert system.dll("c.dll", "x86_64") is None
    assert json.dumps(system.provenance) == "{}"


def test_the_script_adds_published_api_sets_and_keeps_all_else(
    script: ModuleType, tmp_path: Path
) -> None:
    out = tmp_path / "system.bin"
    out.write_bytes(DATA.read_bytes())
    shipped = script.with_published(out)
    script.write(out, *shipped)
    head, lists = script.with_published(out)
    assert (head, lists) == shipped
    for name in script.PUBLISHED_SETS.split():
        assert builtin_system().api_set(name) == "known", "run the script with --published"
    head["api_sets"] = ["api-ms-x-l1-1"]
    script.write(out, head, lists)
    script.write(out, *script.with_published(out))
    system = SystemData(out.read_bytes())
    for name in ("api-ms-x-l1-1-0", "api-ms-win-shell-namespace-l1-1-0"):
        assert system.api_set(name) == "known"
    assert system.exports("kernel32.dll", "x86_64") == builtin_system().exports(
        "kernel32.dll", "x86_64"
    )


@pytest.mark.parametrize(
    ("dll", "symbol", "winerror"),
    [
        ("api-ms-win-crt-string-l1-1-0.dll", "strlen", None),
        ("api-ms-win-crt-string-l1-1-0.dll", "no_such_function", 127),
        ("api-ms-win-shell-namespace-l1-1-0.dll", "SHParseDisplayName", None),
        ("api-ms-win-shell-namespace-l1-1-0.dll", "no_such_function", None),  # not a whole list
        ("api-ms-win-shell-nothing-l1-1-0.dll", "f", 126),
        ("api-ms-win-core-synch-l1-2-0.dll", "WaitOnAddress", None),
        ("api-ms-win-core-synch-l1-2-0.dll", "CreateFileW", None),  # some host may have it
        ("api-ms-win-core-synch-l1-2-0.dll", "no_such_function", 127),
    ],
)
def test_a_function_that_the_host_of_an_api_set_lacks_is_127_where_its_list_is_whole(
    dll: str, symbol: str, winerror: int | None
) -> None:
    package = MemoryPackage({"user.pyd": make_pe(imports={dll: [symbol]})})
    assert predict(world_from_package(package), "user.pyd").winerror == winerror


def test_an_api_set_schema_is_read_from_its_section(tmp_path: Path) -> None:
    name, host = "api-ms-win-x-l1-1-0".encode("utf-16-le"), "h.dll".encode("utf-16-le")
    words = [6, 0, 0, 1, 28, 0, 0, 0, 200, len(name), len(name), 100, 1]
    words[7:] = [0, 200, len(name), len(name), 100, 1]
    schema = bytearray(300)
    for index, word in enumerate(words):
        schema[4 * index : 4 * index + 4] = word.to_bytes(4, "little")
    for index, word in enumerate([0, 0, 0, 250, len(host)]):
        schema[100 + 4 * index : 104 + 4 * index] = word.to_bytes(4, "little")
    schema[200 : 200 + len(name)] = name
    schema[250 : 250 + len(host)] = host
    body = ", ".join(str(byte) for byte in schema)
    source = f'__attribute__((section(".apiset"), used)) const unsigned char set[300] = {{{body}}};'
    path = build_dll(tmp_path / "apisetschema.dll", source=source, toolchain="lld")
    assert read_api_sets(path.read_bytes()) == {"api-ms-win-x-l1-1-0": "h.dll"}


def test_a_dll_without_a_schema_is_refused(tmp_path: Path) -> None:
    path = build_dll(tmp_path / "apisetschema.dll", toolchain="lld")
    with pytest.raises(InputError, match="no API set schema"):
        read_api_sets(path.read_bytes())
    with pytest.raises(InputError, match="damaged"):
        read_api_sets(b"MZ")


def test_the_script_explains_itself() -> None:
    command = [sys.executable, str(REPOSITORY / "scripts/make_system_data.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert "--downloads" in done.stdout
