from __future__ import annotations

from typing import TYPE_CHECKING

import pefile
import pytest
from mlcbuild.errors import InputError, UsageError
from mlcbuild.pe.reader import PeFile
from mlcbuild.pe.rename import main, renamed
from tinydll import build_dll

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    leaf = build_dll(tmp_path / "libleaf.dll", exports=["f"])
    return build_dll(tmp_path / "top.dll", imports={leaf.name: ["f"]}, exports=["g"])


def imported(data: bytes) -> set[str]:
    return {dll.name for dll in PeFile(data, path="x").image().imports}


def own_name(data: bytes) -> str:
    with pefile.PE(data=data) as image:
        name = image.get_string_at_rva(image.DIRECTORY_ENTRY_EXPORT.struct.Name)
    assert name is not None
    return str(name.decode())


def test_an_import_gets_its_private_name_and_nothing_moves(image: Path) -> None:
    before = image.read_bytes()
    after = renamed(before, {"LIBLEAF.dll": "mlcleaf.dll"}, path="top.dll")
    assert imported(after) == {"mlcleaf.dll"}
    assert len(after) == len(before)
    assert own_name(after) == own_name(before) == "top.dll"


def test_a_shorter_name_leaves_no_rest_of_the_old_one(image: Path) -> None:
    assert imported(renamed(image.read_bytes(), {"libleaf.dll": "l.dll"}, path="x")) == {"l.dll"}


def test_the_name_that_a_dll_exports_itself_by_changes_too(image: Path) -> None:
    after = renamed(image.read_bytes(), {"top.dll": "tip.dll"}, path="x")
    assert own_name(after) == "tip.dll"


def test_the_checksum_is_right_afterwards(image: Path) -> None:
    with pefile.PE(data=image.read_bytes()) as before:
        before.OPTIONAL_HEADER.CheckSum = before.generate_checksum()
        data = before.write()
    after = pefile.PE(data=renamed(bytes(data), {"libleaf.dll": "l.dll"}, path="x"))
    assert after.verify_checksum()


def test_without_a_match_the_very_bytes_come_back(image: Path) -> None:
    data = image.read_bytes()
    assert renamed(data, {"other.dll": "o.dll"}, path="x") is data


def test_a_longer_name_is_refused(image: Path) -> None:
    with pytest.raises(UsageError, match=r"libleaf-private.dll is longer than libleaf\.dll"):
        renamed(image.read_bytes(), {"libleaf.dll": "libleaf-private.dll"}, path="x")


def test_what_is_no_image_is_said_by_its_name() -> None:
    with pytest.raises(InputError, match=r"notes\.dll is no Windows image"):
        renamed(b"not at all", {"a.dll": "b.dll"}, path="notes.dll")


def test_the_command_changes_the_file_in_place(image: Path) -> None:
    assert main([str(image), "libleaf.dll=mlcleaf.dll"]) == 0
    assert imported(image.read_bytes()) == {"mlcleaf.dll"}
