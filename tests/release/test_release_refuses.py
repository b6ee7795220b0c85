"""``mlcbuild release`` promises a true RECORD: what is not what it says is refused in one line."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import zipfile
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from pefactory import make_pe
from wheelfactory import make_wheel, make_zip, raw_member

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "demo-1.0-py3-none-win_amd64.whl"
INFO = "demo-1.0.dist-info"


def refusal(capsys: pytest.CaptureFixture[str], path: Path, into: Path) -> str:
    """Release a wheel that must not be: the one line, and nothing written."""
    assert main(["release", str(path), "-o", str(into)]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert list(into.iterdir()) == []
    return err


def hashed(files: Mapping[str, bytes]) -> str:
    rows = []
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(data)}\n")
    return "".join([*rows, f"{INFO}/RECORD,,\n"])


def whole(**more: bytes) -> dict[str, bytes]:
    """Return the files of a good wheel; the keys of ``more`` have __ for / and ``META`` changes."""
    metadata = more.pop("META", b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    files = {
        "p/a.dll": make_pe(exports=["f"]),
        f"{INFO}/METADATA": metadata,
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-win_amd64\n",
    }
    return files | more


def written(folder: Path, files: Mapping[str, bytes], record: str | None = None) -> Path:
    path = folder / NAME
    text = hashed(files) if record is None else record
    path.write_bytes(make_zip({**files, f"{INFO}/RECORD": text.encode()}))
    return path


def test_a_wheel_that_is_what_it_says_is_released(tmp_path: Path) -> None:
    assert main(["release", str(written(tmp_path, whole())), "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / NAME).is_file()


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (b"Version: 1.0\n", "no valid name: ''"),
        (b'Name: x"><script>\nVersion: 1.0\n', "no valid name"),
        (b"Name: de\0mo\nVersion: 1.0\n", "no valid name"),
        (b"Name: other\nVersion: 1.0\n", "the file is named demo, its METADATA has 'other'"),
        (b"Name: demo\nVersion: 2.0\n", "the file has version 1.0, its METADATA has '2.0'"),
        (b"Name: demo\nVersion: x y\n", "its METADATA has 'x y'"),
        (b"Name: demo\nVersion: 1.0\nRequires-Dist: ??? bad ((\n", "has an invalid requirement"),
        (b"Name: demo\nVersion: 1.0\nRequires-Python: >>3\n", "has an invalid requirement"),
    ],
)
def test_metadata_that_is_not_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], metadata: bytes, words: str
) -> None:
    assert words in refusal(capsys, written(tmp_path, whole(META=metadata)), tmp_path / "out")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.replace("sha256=", "sha256=A"), "does not match the member"),
        (lambda rows: rows.replace("sha256=", "md5="), "does not match the member"),
        (lambda rows: "p/a.dll,,\n" + rows.partition("\n")[2], "does not match the member"),
        (lambda rows: rows.partition("\n")[2], "RECORD does not list 'p/a.dll'"),
        (lambda rows: rows + "p/gone.dll,,\n", "RECORD lists 'p/gone.dll'"),
        (lambda rows: rows + "p/a.dll,sha256=AA,1\n", "two different rows of 'p/a.dll'"),
        (lambda rows: rows.replace(",", ",,", 1), "does not match the member"),
        (lambda _: "", "its RECORD is empty"),
        (lambda _: '"' + "x" * 200_000, "RECORD cannot be read"),
    ],
)
def test_a_record_that_is_not_true(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: object, words: str
) -> None:
    assert callable(change)
    files = whole()
    path = written(tmp_path, files, change(hashed(files)))
    assert words in refusal(capsys, path, tmp_path / "out")


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("../../evil.dll", "leads out of the folder"),
        ("/evil.dll", "invalid member name"),
        ("P/A.DLL", "are the same file on Windows"),
        ("p/nul.dll", "is a reserved device name"),
        ("aux/x.dll", "is a reserved device name"),
        ("other-1.0.dist-info/METADATA", "2 .dist-info folders"),
    ],
)
def test_a_member_that_goes_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], member: str, words: str
) -> None:
    path = written(tmp_path, {**whole(), member: b"x"})
    assert words in refusal(capsys, path, tmp_path / "out")


def test_a_member_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, whole())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("p/a.dll", b"other")
    assert "two members are called 'p/a.dll'" in refusal(capsys, path, tmp_path / "out")


@pytest.mark.parametrize("flags", [0, 1])
def test_a_member_that_does_not_unpack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: int
) -> None:
    path = tmp_path / NAME
    path.write_bytes(raw_member(f"{INFO}/METADATA", b"Name: demo\n", crc=1, flags=flags))
    words = "it is encrypted" if flags else "its checksum is wrong"
    assert words in refusal(capsys, path, tmp_path / "out")


@pytest.mark.parametrize("data", [b"{", b"[" * 100_000, b"[1]", b'[{"name": 1}]', b"{}1"])
def test_a_list_of_crates_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    files = {**whole(), f"{INFO}/licenses/crates.json": data}
    assert "crates.json" in refusal(capsys, written(tmp_path, files), tmp_path / "out")


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, json.dumps({"schema_version": 1, "files": [1]}).encode(), b"\xff", b"1"],
)
def test_a_stamp_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    files = {**whole(), "p/_build.json": data}
    assert "stamp" in refusal(capsys, written(tmp_path, files), tmp_path / "out")


def test_one_bad_wheel_of_several_keeps_all_from_being_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = make_wheel(tmp_path / "good", {"p/a.dll": make_pe(exports=["f"])}, name="good")
    bad = written(tmp_path, {**whole(), "p/nul.dll": b"x"})
    assert main(["release", str(good), str(bad), "-o", str(tmp_path / "out")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("epoch", ["yesterday", "-1", "1e9", "9" * 400, "253402300800"])
def test_a_time_that_is_none(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    epoch: str,
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    path = written(tmp_path, whole())
    assert main(["release", str(path), "-o", str(tmp_path / "out")]) == 2
    assert "SOURCE_DATE_EPOCH" in capsys.readouterr().err


def test_noise_is_one_line_or_a_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(written(tmp_path, whole()).read_bytes())
    source = random.Random(3)
    for at in range(60):
        path = tmp_path / str(at) / NAME
        path.parent.mkdir()
        damaged = bytearray(data)
        for _ in range(3):
            damaged[source.randrange(len(damaged))] = source.randrange(256)
        path.write_bytes(damaged)
        code = main(["release", str(path), "-o", str(path.parent / "out")])
        assert code in {0, 3}
        assert capsys.readouterr().err.count("\n") == (code == 3)
