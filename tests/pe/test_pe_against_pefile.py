"""Our readers of directories say what pefile says, where pefile reads everything."""

from __future__ import annotations

import sys
from pathlib import Path

import pefile
import pytest
from mlcbuild.pe.reader import PeFile
from tinydll import build_dll

CPP = """
#include <stdio.h>
#include <stdlib.h>
int counted(int n) { char *p = malloc(n); printf("%p %d\\n", p, n); free(p); return n; }
"""


def programs() -> list[Path]:
    """Return the Windows programs that pip and setuptools carry: real images by MSVC."""
    folders = [Path(folder) for folder in sys.path if folder.endswith("site-packages")]
    return [path for folder in folders for path in sorted(folder.rglob("*.exe"))]


def assert_same(data: bytes) -> None:
    theirs = pefile.PE(data=data, fast_load=True)
    theirs.parse_data_directories([0, 1, 2, 10, 13])
    ours = PeFile(data, path="x")
    image, exports = ours.image(), ours.exports()
    expected = [
        (
            entry.dll.decode(),
            delayed,
            # pefile has a table of names for the ordinals of ws2_32 and oleaut32; images do not.
            [s.ordinal if s.import_by_ordinal else s.name.decode() for s in entry.imports],
        )
        for name, delayed in (("IMPORT", False), ("DELAY_IMPORT", True))
        for entry in getattr(theirs, f"DIRECTORY_ENTRY_{name}", [])
    ]
    assert [
        (dll.name, dll.delayed, [s.name or s.ordinal for s in dll.symbols]) for dll in image.imports
    ] == expected
    table = getattr(theirs, "DIRECTORY_ENTRY_EXPORT", None)
    listed = {
        (
            s.name.decode() if s.name else None,
            s.ordinal,
            s.forwarder.decode() if s.forwarder else None,
        )
        for s in (table.symbols if table else ())
    }
    assert {(s.name, s.ordinal, s.forwarder) for s in exports.symbols()} == listed
    fixed = getattr(theirs, "VS_FIXEDFILEINFO", None)
    if fixed:
        words = (fixed[0].FileVersionMS, fixed[0].FileVersionLS)
        assert image.file_version == tuple(
            part for word in words for part in (word >> 16, word & 0xFFFF)
        )
    assert not image.defects
    assert image.invalid is None


@pytest.mark.parametrize("path", programs(), ids=lambda path: path.name)
def test_real_programs_are_read_alike(path: Path) -> None:
    assert_same(path.read_bytes())


@pytest.mark.parametrize(("machine", "toolchain"), [("x86_64", "mingw"), ("x86", "mingw")])
def test_a_dll_with_a_c_runtime_is_read_alike(tmp_path: Path, machine: str, toolchain: str) -> None:
    path = build_dll(
        tmp_path / "a.dll",
        source=CPP,
        exports=["counted", "extra"],
        imports={"leaf.dll": ["f", 9]},
        machine=machine,  # type: ignore[arg-type]
        toolchain=toolchain,  # type: ignore[arg-type]
        crt=True,
    )
    assert_same(path.read_bytes())
    image = PeFile(path.read_bytes(), path="a.dll").image()
    assert (image.producer, image.crt, image.toolset) == ("gnu", "msvcrt", None)


def test_zig_is_told_from_other_users_of_lld(tmp_path: Path) -> None:
    zig = build_dll(tmp_path / "zig.dll", exports=["f"], toolchain="zig")
    lld = build_dll(tmp_path / "lld.dll", exports=["f"], toolchain="lld")
    found = [PeFile(path.read_bytes(), path="x").image().producer for path in (zig, lld)]
    assert found == ["zig", "clang"]
