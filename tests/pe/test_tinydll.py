"""The fixtures' own proof: what is asked for is what the image says, for every toolchain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pefile
import pytest
from tinydll import Machine, Toolchain, build_dll

if TYPE_CHECKING:
    from pathlib import Path

MACHINES = {"x86_64": 0x8664, "x86": 0x14C, "arm64": 0xAA64}
TARGETS = [
    ("mingw", "x86_64"),
    ("mingw", "x86"),
    ("lld", "x86_64"),
    ("lld", "x86"),
    ("lld", "arm64"),
    ("zig", "x86_64"),
    ("zig", "x86"),
    ("zig", "arm64"),
]


def listed(entries: list[pefile.ImportDescData]) -> dict[str, set[str | int]]:
    return {
        entry.dll.decode(): {
            each.name.decode() if each.name else each.ordinal for each in entry.imports
        }
        for entry in entries
    }


@pytest.mark.parametrize(("toolchain", "machine"), TARGETS)
def test_imports_and_exports_are_those_asked_for(
    tmp_path: Path, toolchain: Toolchain, machine: Machine
) -> None:
    path = build_dll(
        tmp_path / "user.dll",
        exports=["f", "g @7 NONAME", "?q@@YAXXZ"],
        imports={"leaf.dll": ["k", 5, "?x@y@@QEAA_NXZ"], "Other-1.dll": ["Zz"]},
        toolchain=toolchain,
        machine=machine,
    )
    with pefile.PE(str(path)) as image:
        assert image.FILE_HEADER.Machine == MACHINES[machine]
        assert listed(image.DIRECTORY_ENTRY_IMPORT) == {
            "leaf.dll": {"k", 5, "?x@y@@QEAA_NXZ"},
            "Other-1.dll": {"Zz"},
        }
        exports = {(each.name, each.ordinal) for each in image.DIRECTORY_ENTRY_EXPORT.symbols}
        assert {name for name, _ in exports} == {b"f", b"?q@@YAXXZ", None}
        assert (None, 7) in exports


@pytest.mark.parametrize("toolchain", ["mingw", "lld", "zig"])
def test_a_forwarder_needs_no_body(tmp_path: Path, toolchain: Toolchain) -> None:
    path = build_dll(tmp_path / "front.dll", exports=["h=leaf.k"], toolchain=toolchain)
    with pefile.PE(str(path)) as image:
        assert [each.forwarder for each in image.DIRECTORY_ENTRY_EXPORT.symbols] == [b"leaf.k"]


def test_delayed_imports_are_in_their_own_directory(tmp_path: Path) -> None:
    path = build_dll(
        tmp_path / "late.dll",
        imports={"now.dll": ["a"], "later.dll": ["b"]},
        delay=["later.dll"],
        toolchain="lld",
    )
    with pefile.PE(str(path)) as image:
        assert listed(image.DIRECTORY_ENTRY_IMPORT) == {"now.dll": {"a"}}
        assert listed(image.DIRECTORY_ENTRY_DELAY_IMPORT) == {"later.dll": {"b"}}


def test_an_executable_is_not_a_dll(tmp_path: Path) -> None:
    path = build_dll(tmp_path / "tool.exe", imports={"leaf.dll": ["k"]}, exe=True)
    with pefile.PE(str(path)) as image:
        assert image.is_exe()
