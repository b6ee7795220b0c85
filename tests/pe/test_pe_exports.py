"""Looking exports up by name and ordinal, without parsing every name."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from mlcbuild.pe.facts import ExportedSymbol
from mlcbuild.pe.reader import PeFile
from pefactory import make_pe
from tinydll import build_dll

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.pe.exports import Exports


def read(data: bytes) -> Exports:
    return PeFile(data, path="x.dll").exports()


def test_names_and_ordinals_are_found() -> None:
    exports = read(make_pe(exports=["zeta", None, "alpha", "?f@@YAXXZ"], ordinal_base=5))
    assert len(exports) == 3
    assert list(exports.names()) == ["?f@@YAXXZ", "alpha", "zeta"]
    assert [exports.has(name) for name in ("alpha", "zeta", "Alpha", "", "zzz")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [exports.has_ordinal(at) for at in (4, 5, 6, 8, 9, -1)] == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]
    assert exports.find("zeta") == ExportedSymbol(name="zeta", ordinal=5)
    assert exports.find(6) == ExportedSymbol(name=None, ordinal=6)
    assert exports.find("none") is None
    assert exports.dll_name == "made.dll"
    assert not exports.defects


def test_forwarders_are_followed_by_name_and_ordinal() -> None:
    exports = read(make_pe(exports=["f", "g"], forwarders={"g": "leaf.#7"}))
    assert exports.forwarder("f") is None
    assert exports.forwarder("g") == "leaf.#7"
    assert exports.forwarder(2) == "leaf.#7"
    assert [each.forwarder for each in exports.symbols()] == [None, "leaf.#7"]


def test_every_one_of_twenty_thousand_names_is_found() -> None:
    names = [f"?method{at}@tvm@@QEAAXXZ" for at in range(20_000)]
    exports = read(make_pe(exports=names))
    assert len(exports) == 20_000
    assert all(exports.has(name) for name in names[::97])
    assert sum(1 for _ in exports.names()) == 20_000
    assert not exports.has("?method20000@tvm@@QEAAXXZ")


def test_an_unsorted_table_is_searched_through_and_noted() -> None:
    data = bytearray(make_pe(exports=["alpha", "mid", "zeta"]))
    data[data.index(b"alpha\0") : data.index(b"alpha\0") + 5] = b"zzzzz"
    exports = read(bytes(data))
    assert exports.has("zzzzz")
    assert exports.defects == ("the export name table is not sorted",)


def test_a_count_larger_than_the_table_is_a_defect_not_a_loop() -> None:
    data = bytearray(make_pe(exports=["f"]))
    at = data.index(struct.pack("<III", 1, 1, 1))  # base, functions, names
    struct.pack_into("<III", data, at, 1, 0xFFFFFFFF, 0xFFFFFFFF)
    exports = read(bytes(data))
    assert exports.has("f")
    assert any("4294967295" in defect for defect in exports.defects)


def test_an_image_without_exports_has_none() -> None:
    exports = read(make_pe())
    assert len(exports) == 0
    assert not exports.has("f")
    assert not exports.defects


@pytest.mark.parametrize("toolchain", ["mingw", "lld", "zig"])
def test_compiled_exports_are_found(tmp_path: Path, toolchain: str) -> None:
    path = build_dll(
        tmp_path / "a.dll",
        exports=["f", "g @7 NONAME", "h=leaf.k"],
        toolchain=toolchain,  # type: ignore[arg-type]
    )
    exports = read(path.read_bytes())
    assert sorted(exports.names()) == ["f", "h"]
    assert exports.has_ordinal(7)
    assert exports.forwarder("h") == "leaf.k"
