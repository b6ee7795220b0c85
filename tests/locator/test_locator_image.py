from __future__ import annotations

import contextlib
import struct
import sys
from typing import TYPE_CHECKING

import pytest
from mlc_llm._locator import this_host
from mlc_llm._locator.image import NotAnImageError, is_debug_crt, read_image
from pefactory import make_pe
from tinyelf import build_so

if TYPE_CHECKING:
    from pathlib import Path


def test_reads_machine_and_imports_of_a_pe_image(tmp_path: Path) -> None:
    path = tmp_path / "a.dll"
    path.write_bytes(make_pe(machine="arm64", imports={"leaf.dll": ["f"], "KERNEL32.dll": ["g"]}))

    image = read_image(str(path))

    assert (image.format, image.machines) == ("pe", ("arm64",))
    assert set(image.needed) == {"leaf.dll", "KERNEL32.dll"}
    assert image.debug_crt is None


@pytest.mark.parametrize("machine", ["x86", "x86_64"])
def test_reads_pe32_and_pe32_plus_alike(tmp_path: Path, machine: str) -> None:
    path = tmp_path / "a.dll"
    path.write_bytes(make_pe(machine=machine, imports={"MSVCP140D.dll": ["f"]}))

    assert read_image(str(path)).machines == (machine,)
    assert read_image(str(path)).debug_crt == "MSVCP140D.dll"


@pytest.mark.parametrize(
    "name",
    [
        "msvcp140d.dll",
        "MSVCP140_1D.dll",
        "vcruntime140_1d.dll",
        "ucrtbased.dll",
        "msvcr120d.dll",
        "mfc140ud.dll",
        "msvcp140d_atomic_wait.dll",
        "concrt140d.dll",
    ],
)
def test_knows_the_names_of_debug_runtimes(name: str) -> None:
    assert is_debug_crt(name)


@pytest.mark.parametrize(
    "name", ["msvcp140.dll", "vcruntime140_1.dll", "ucrtbase.dll", "msvcrt.dll", "mydebugd.dll"]
)
def test_takes_no_release_runtime_for_a_debug_one(name: str) -> None:
    assert not is_debug_crt(name)


@pytest.mark.parametrize("machine", ["x86_64", "x86", "arm64"])
def test_reads_machine_and_needed_libraries_of_an_elf_image(tmp_path: Path, machine: str) -> None:
    path = build_so(tmp_path / "liba.so", needed=["libone.so.1", "libtwo.so"], machine=machine)  # type: ignore[arg-type]

    image = read_image(str(path))

    assert image.format == "elf"
    assert image.machines == (machine,)
    assert image.needed == ("libone.so.1", "libtwo.so")


@pytest.mark.skipif(sys.platform != "linux", reason="the interpreter is not an ELF file here")
def test_reads_the_running_interpreter() -> None:
    assert this_host().machine in read_image(sys.executable).machines


def test_reads_both_halves_of_a_universal_mach_o_file(tmp_path: Path) -> None:
    path = tmp_path / "a.dylib"
    table = struct.pack(">5I", 0x01000007, 3, 0, 0, 0) + struct.pack(">5I", 0x0100000C, 0, 0, 0, 0)
    path.write_bytes(b"\xca\xfe\xba\xbe" + struct.pack(">I", 2) + table)

    assert read_image(str(path)).machines == ("x86_64", "arm64")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, I am no library",
        b"MZ",
        b"MZ" + bytes(200),
        b"\x7fELF",
        b"\x7fELF\x02\x01" + bytes(20),
        b"\xca\xfe\xba\xbe\x00\x00\x00\x34",
        b"\xca\xfe\xba\xbe\x00\xff\xff\xff",
    ],
)
def test_says_that_a_damaged_file_is_no_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.dll"
    path.write_bytes(content)

    with pytest.raises(NotAnImageError):
        read_image(str(path))


def test_every_truncation_of_a_pe_image_is_refused_or_read(tmp_path: Path) -> None:
    whole = make_pe(imports={"leaf.dll": ["f"]})
    path = tmp_path / "a.dll"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with contextlib.suppress(NotAnImageError):
            assert read_image(str(path)).format == "pe"


def mach(machine: int = 0x0100000C, *libraries: bytes) -> bytes:
    commands = b""
    for name in libraries:
        padded = name + bytes(8 - len(name) % 8)
        commands += struct.pack("<6I", 0xC, 24 + len(padded), 24, 0, 0, 0) + padded
    return (
        struct.pack("<8I", 0xFEEDFACF, machine, 0, 6, len(libraries), len(commands), 0, 0)
        + commands
    )


def test_reads_machine_and_needed_libraries_of_a_mach_o_file(tmp_path: Path) -> None:
    path = tmp_path / "a.dylib"
    path.write_bytes(
        mach(0x0100000C, b"@rpath/libtvm_runtime.dylib", b"/usr/lib/libSystem.B.dylib")
    )

    image = read_image(str(path))

    assert (image.format, image.machines) == ("mach-o", ("arm64",))
    assert image.needed == ("@rpath/libtvm_runtime.dylib", "/usr/lib/libSystem.B.dylib")


@pytest.mark.parametrize(("magic", "layout"), [(0xCAFEBABE, ">5I"), (0xCAFEBABF, ">2I2Q2I")])
def test_reads_universal_files_of_both_table_widths(
    tmp_path: Path, magic: int, layout: str
) -> None:
    path = tmp_path / "a.dylib"
    one = mach(0x01000007, b"liba.dylib")
    rows = [(0x01000007, 3, 4096, len(one), 12), (0x0100000C, 0, 8192, 8, 14)]
    table = struct.pack(">II", magic, 2)
    for row in rows:
        table += struct.pack(layout, *row, *([0] if layout == ">2I2Q2I" else []))
    path.write_bytes(table.ljust(4096, b"\0") + one)

    image = read_image(str(path))

    assert image.machines == ("x86_64", "arm64")
    assert image.needed == ("liba.dylib",)


def test_a_java_class_is_no_universal_library(tmp_path: Path) -> None:
    path = tmp_path / "a.dylib"
    path.write_bytes(b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(4000))

    with pytest.raises(NotAnImageError, match="Java"):
        read_image(str(path))
