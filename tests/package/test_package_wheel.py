"""Wheels read in place: what is inside, and what a hostile one cannot do."""

from __future__ import annotations

import hashlib
import struct
import tracemalloc
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest
from mlcbuild.check.reading import Digester
from mlcbuild.errors import InputError
from mlcbuild.package import inflate
from mlcbuild.package.member import Member
from mlcbuild.package.targets import open_package
from pefactory import make_pe
from wheelfactory import make_wheel, make_zip, raw_member

if TYPE_CHECKING:
    from pathlib import Path

NAME = "demo-1.0-py3-none-win_amd64.whl"


def refusal(target: Path) -> str:
    with pytest.raises(InputError) as raised, open_package(str(target)):
        pass
    assert raised.value.exit_code == 3
    return raised.value.message


def reading(tmp_path: Path, data: bytes, member: str = "a.dll") -> bytes:
    path = tmp_path / NAME
    path.write_bytes(data)
    with open_package(str(path)) as package:
        found = next(each for each in package.members() if each.path == member)
        return bytes(package.read(found))


@pytest.fixture(params=["fastest", "zlib"], autouse=True)
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpack once with the fastest library installed and once as without the extra ``fast``."""
    if request.param == "zlib":
        monkeypatch.setattr(inflate, "_fast", lambda: zlib)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_in_place(tmp_path: Path, compression: int) -> None:
    big = bytes(range(256)) * 8192
    path = make_wheel(tmp_path, {"pkg/a.dll": big, "pkg/émpty.txt": b""}, compression=compression)
    with open_package(str(path)) as package:
        members = {member.path: member for member in package.members()}
        assert members["pkg/a.dll"] == Member(path="pkg/a.dll", size=len(big))
        assert bytes(package.read(members["pkg/a.dll"])) == big
        assert bytes(package.read(members["pkg/émpty.txt"])) == b""
        assert package.peek(members["pkg/a.dll"]) == big[:16]
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name]


def test_a_wheel_says_who_it_is(tmp_path: Path) -> None:
    path = make_wheel(
        tmp_path,
        {"pkg/__init__.py": b"x"},
        tag="py2.py3-none-win_amd64.win32",
        requires=["numpy>=1", "colorama; sys_platform == 'win32'"],
    )
    with open_package(str(path)) as package:
        facts = package.wheel
    assert facts is not None
    assert (facts.distribution, facts.version) == ("demo", "1.0")
    assert facts.tags == (
        "py2-none-win_amd64",
        "py2-none-win32",
        "py3-none-win_amd64",
        "py3-none-win32",
    )
    assert facts.declared_tags == ("py2.py3-none-win_amd64.win32",)
    assert facts.requires == ("numpy>=1", "colorama; sys_platform == 'win32'")
    digest, size = facts.record["pkg/__init__.py"]
    assert digest.startswith("sha256=")
    assert size == 1
    assert facts.record["demo-1.0.dist-info/RECORD"] == ("", None)


def test_big_members_are_hashed_as_they_are_unpacked(tmp_path: Path) -> None:
    image = make_pe(extra=bytes(range(256)) * (5 << 12))
    path = make_wheel(tmp_path, {"a.dll": image})
    with open_package(str(path)) as package:
        member = next(each for each in package.members() if each.path == "a.dll")
        digester = Digester(member.size)
        assert bytes(package.read(member, watch=digester.update)) == image
        assert digester.hexdigest() == hashlib.sha256(image).hexdigest()


@pytest.mark.parametrize(
    "path",
    ["../evil.dll", "/etc/evil.dll", "C:/evil.dll", "a\\..\\evil.dll", "a//b.dll", "./a.dll"],
)
def test_paths_that_lead_elsewhere_are_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / NAME).write_bytes(raw_member(path, b"MZ"))
    assert "member" in refusal(tmp_path / NAME)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / NAME, "w") as archive:
        archive.writestr("a.dll", b"1")
        archive.writestr("a.dll", b"2")
    assert "two members are called 'a.dll'" in refusal(tmp_path / NAME)


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    one = raw_member("a.dll", bytes(1000))
    at = one.index(b"PK\1\2")
    local, central, end = one[:at], one[at:-22], bytearray(one[-22:])
    struct.pack_into("<HHL", end, 8, 2, 2, 2 * len(central))
    (tmp_path / NAME).write_bytes(local + central + central.replace(b"a.dll", b"b.dll") + end)
    assert "overlaps another" in refusal(tmp_path / NAME)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"declared": 10}, "unpacks to 1000 bytes instead of 10"),
        ({"declared": 5000}, "unpacks to 1000 bytes instead of 5000"),
        ({"declared": 0xFFFFFFF0}, "cannot unpack to"),
        ({"crc": 1}, "checksum is wrong"),
        ({"flags": 1}, "encrypted"),
        ({"method": 14}, "packing method 14"),
        ({"method": 0, "crc": 1}, "checksum is wrong"),
        ({"method": 0, "declared": 999}, "unpacks to 1000 bytes instead of 999"),
        ({"local_path": "other.dll"}, "another name"),
    ],
)
def test_a_member_that_lies_is_an_error_of_one_line(
    tmp_path: Path, changes: dict[str, int], why: str
) -> None:
    with pytest.raises(InputError, match=why) as raised:
        reading(tmp_path, raw_member("a.dll", bytes(range(250)) * 4, **changes))  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = raw_member("a.dll", bytes(300 << 20))
    tracemalloc.start()
    with pytest.raises(InputError, match="zip bomb"):
        reading(tmp_path, bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_lying_size_cannot_grow_the_buffer(tmp_path: Path) -> None:
    tracemalloc.start()
    with pytest.raises(InputError, match="unpacks to more"):
        reading(tmp_path, raw_member("a.dll", bytes(200 << 20), declared=1000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 250 << 20  # the fixture's own 200 MB


def test_comments_prefixes_and_zip64_are_read(tmp_path: Path) -> None:
    plain = make_zip({"a.dll": b"MZ data"})
    commented = bytearray(plain)
    struct.pack_into("<H", commented, len(plain) - 2, 5)
    for data in (plain, bytes(commented) + b"hello", b"#!prefix" * 9 + plain):
        assert reading(tmp_path, data) == b"MZ data"
    with (
        zipfile.ZipFile(tmp_path / NAME, "w") as archive,
        archive.open("a.dll", "w", force_zip64=True) as out,
    ):
        out.write(b"MZ wide")
    assert reading(tmp_path, _as_zip64((tmp_path / NAME).read_bytes())) == b"MZ wide"


def _as_zip64(data: bytes) -> bytes:
    """Give the archive a zip64 end record, and nothing in the old one."""
    end = data[-22:]
    count, size, offset = struct.unpack_from("<HLL", end, 10)
    at = len(data) - 22
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    wide = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:-22] + record + locator + wide


@pytest.mark.parametrize("cut", [1, 30, 100])
def test_a_wheel_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = make_wheel(tmp_path, {"a.dll": b"MZ"})
    path.write_bytes(path.read_bytes()[:-cut])
    assert "not a usable wheel" in refusal(path)


@pytest.mark.parametrize(
    "tag",
    ["cp311-cp311-manylinux_2_28_x86_64", "py3-none-macosx_11_0_arm64", "py3-none-linux_x86_64"],
)
def test_wheels_for_other_systems_are_refused(tmp_path: Path, tag: str) -> None:
    path = make_wheel(tmp_path, {"a.so": b"\x7fELF"}, tag=tag)
    assert refusal(path).endswith("not for Windows")


def test_a_wheel_without_a_readable_record_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(make_zip({"a.dll": make_pe(), "demo-1.0.dist-info/RECORD": b"x" * 200_000}))
    with open_package(str(path)) as package:
        assert package.wheel is not None
        assert package.wheel.record == {}
        assert next(member.path for member in package.members()) == "a.dll"
