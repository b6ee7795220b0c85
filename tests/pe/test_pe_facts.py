"""What an image says about itself, on images written for one property each."""

from __future__ import annotations

import pefile
import pytest
from mlcbuild.errors import InputError
from mlcbuild.pe.facts import ImportedDll, ImportedSymbol
from mlcbuild.pe.fields import NotPeError
from mlcbuild.pe.reader import PeFile, read_image
from pefactory import make_pe


def symbols(*names: str | int) -> tuple[ImportedSymbol, ...]:
    return tuple(
        ImportedSymbol(name=None, ordinal=name)
        if isinstance(name, int)
        else ImportedSymbol(name=name)
        for name in names
    )


@pytest.mark.parametrize("machine", ["x86", "x86_64", "arm64"])
def test_imports_are_read_by_name_and_by_ordinal(machine: str) -> None:
    image = read_image(
        make_pe(machine=machine, imports={"A.dll": ["f", 7, "?x@@YAXXZ"], "b.DLL": [65535]}),
        path="x.dll",
    )
    assert image.machine == machine
    assert image.bits == (32 if machine == "x86" else 64)
    assert image.imports == (
        ImportedDll(name="A.dll", symbols=symbols("f", 7, "?x@@YAXXZ")),
        ImportedDll(name="b.DLL", symbols=symbols(65535)),
    )
    assert not image.defects
    assert image.invalid is None


def test_delayed_imports_are_told_apart() -> None:
    image = read_image(make_pe(imports={"a.dll": ["f"]}, delay={"late.dll": ["g", 3]}), path="x")
    assert [(each.name, each.delayed) for each in image.imports] == [
        ("a.dll", False),
        ("late.dll", True),
    ]
    assert image.imports[1].symbols == symbols("g", 3)


def test_more_imports_than_pefile_takes_are_all_read() -> None:
    wanted = {f"d{dll}.dll": [f"s{dll}_{at}" for at in range(5000)] for dll in range(3)}
    data = make_pe(imports=wanted)
    image = read_image(data, path="x")
    assert {each.name: [s.name for s in each.symbols] for each in image.imports} == wanted
    cut = pefile.PE(data=data, fast_load=True)
    cut.parse_data_directories([1])
    assert sum(len(each.imports) for each in cut.DIRECTORY_ENTRY_IMPORT) < 15000


def test_a_long_dll_name_is_kept_and_noted() -> None:
    image = read_image(make_pe(imports={"n" * 600 + ".dll": ["f"]}), path="x")
    assert image.imports[0].name == "n" * 600 + ".dll"
    assert "odd DLL name" in image.defects[0]


@pytest.mark.parametrize(
    ("builds", "toolset"),
    [
        ([(0x105, 32825)], (14, 37)),
        ([(0x105, 33145)], (14, 38)),
        ([(0x105, 33523)], (14, 39)),
        ([(0x105, 33811)], (14, 40)),
        ([(0x105, 34444)], (14, 42)),
        ([(0x105, 35229)], (14, 44)),
        ([(0x105, 36256)], (14, 51)),
        ([(0x104, 33523), (0x105, 35229), (0x103, 30154)], (14, 44)),
        # The import libraries of a newer SDK ask for nothing.
        ([(0x105, 30154), (0x101, 33145)], (14, 29)),
        # Visual Studio 2013 counted its builds higher than 2026 does.
        ([(0x105, 33811), (0xE1, 40629)], (14, 40)),
    ],
)
def test_the_toolset_is_that_of_the_newest_object(
    builds: list[tuple[int, int]], toolset: tuple[int, int]
) -> None:
    image = read_image(make_pe(rich=builds, linker=(14, 16)), path="x")
    assert image.toolset == toolset
    assert image.linker_version == (14, 16)
    assert image.producer == "msvc"


@pytest.mark.parametrize(
    ("linker", "producer", "toolset"),
    [((14, 44), "msvc", (14, 44)), ((14, 0), "clang", None), ((2, 40), "gnu", None)],
)
def test_without_a_rich_header_only_link_exe_tells_a_toolset(
    linker: tuple[int, int], producer: str, toolset: tuple[int, int] | None
) -> None:
    image = read_image(make_pe(linker=linker), path="x")
    assert (image.producer, image.toolset) == (producer, toolset)


def test_rust_and_go_are_known_by_their_marks() -> None:
    rust = make_pe(
        rich=[(0x105, 35229)], imports={"kernel32.dll": ["WaitOnAddress"]}, extra=b"/rustc/abc/x.rs"
    )
    assert read_image(rust, path="x").producer == "rust"
    assert read_image(rust, path="x").toolset == (14, 44)
    go = make_pe(linker=(3, 0), section_name=".text", extra=b'\xff Go build ID: "x"')
    assert read_image(go, path="x").producer == "go"


@pytest.mark.parametrize(
    ("names", "linker", "crt"),
    [
        (["VCRUNTIME140.dll", "api-ms-win-crt-heap-l1-1-0.dll"], (14, 44), "dynamic"),
        (["msvcp140-0123456789abcdef0123456789abcdef.dll"], (14, 44), "dynamic"),
        (["VCRUNTIME140D.dll", "MSVCP140.dll"], (14, 44), "debug"),
        (["msvcp140_1d.dll"], (14, 44), "debug"),
        (["ucrtbased.dll"], (14, 44), "debug"),
        (["vcruntime140_threadsd.dll"], (14, 44), "debug"),
        (["msvcp140d_atomic_wait.dll"], (14, 44), "debug"),
        (["msvcr120_clr0400d.dll"], (14, 44), "debug"),
        (["msvcp140d-0123456789abcdef0123456789abcdef.dll"], (14, 44), "debug"),
        (["msvcrt.dll"], (2, 40), "msvcrt"),
        (["api-ms-win-crt-heap-l1-1-0.dll"], (2, 40), "ucrt"),
        (["gdi32.dll"], (14, 44), "none"),
    ],
)
def test_the_c_runtime_is_told_by_the_dlls(
    names: list[str], linker: tuple[int, int], crt: str
) -> None:
    image = read_image(make_pe(imports={name: ["f"] for name in names}, linker=linker), path="x")
    assert image.crt == crt


def test_a_static_c_runtime_is_told_by_its_start_up_code() -> None:
    image = read_image(make_pe(imports={"KERNEL32.dll": ["GetCPInfo", "Sleep"]}), path="x")
    assert image.crt == "static"


@pytest.mark.parametrize(
    ("machine", "hybrid"), [("x86_64", "arm64ec"), ("arm64", "arm64x"), ("x86", "x86")]
)
def test_hybrid_arm_images_are_told_by_the_load_config(machine: str, hybrid: str) -> None:
    data = make_pe(machine=machine, chpe=machine != "x86", dependent_load_flags=0x800)
    image = read_image(data, path="x")
    assert image.machine == hybrid
    assert image.dependent_load_flags == 0x800


def test_version_manifest_and_pdb_are_read() -> None:
    image = read_image(
        make_pe(
            version=(14, 44, 35211, 0),
            manifest="<assembly/>",
            pdb=r"C:\b\Release\x.pdb",
        ),
        path="x",
    )
    assert image.file_version == (14, 44, 35211, 0)
    assert image.manifest == "<assembly/>"
    assert image.pdb == r"C:\b\Release\x.pdb"


def test_a_portable_net_assembly_is_not_a_32_bit_image() -> None:
    assert read_image(make_pe(machine="x86", managed_flags=1), path="x").managed
    assert not read_image(make_pe(machine="x86", managed_flags=3), path="x").managed
    assert not read_image(make_pe(machine="x86"), path="x").managed


@pytest.mark.parametrize(
    "data", [b"", b"MZ", b"\x7fELF" + bytes(100), b"PK\3\4", b"MZ" + bytes(200)]
)
def test_what_is_no_image_is_an_input_error(data: bytes) -> None:
    with pytest.raises(NotPeError, match=r"^odd\.dll: not a PE image") as raised:
        read_image(data, path="odd.dll")
    assert isinstance(raised.value, InputError)
    assert raised.value.exit_code == 3


def test_a_file_cut_short_is_refused_by_windows_and_still_read() -> None:
    data = make_pe(imports={"a.dll": ["f"]}, extra=bytes(0x4000))
    image = read_image(data[:-0x200], path="x")
    assert image.invalid == "cut short: section '.rdata' is missing 512 bytes of the file"


def test_damage_in_one_directory_leaves_the_others() -> None:
    data = bytearray(make_pe(imports={"a.dll": ["f"]}, version=(1, 2, 3, 4)))
    at = data.index(b"a.dll")
    data[at : at + 5] = bytes(5)
    image = read_image(data, path="x")
    assert image.imports == ()
    assert "DLL name" in image.defects[0]
    assert image.file_version is not None


def test_facts_do_not_hold_the_bytes() -> None:
    data = bytearray(make_pe(imports={"a.dll": ["f"]}, exports=["g"]))
    with memoryview(data) as view:
        file = PeFile(view, path="x")
        image, exports = file.image(), file.exports()
        del file
    data.clear()
    assert image.imports[0].name == "a.dll"
    assert exports.has("g")
