"""What may become the name of a file, and what is written where a link was planted."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlcbuild import staging
from mlcbuild.filenames import is_plain, plain

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


@pytest.mark.parametrize(
    "name",
    [
        "demo-1.0-py3-none-win_amd64.whl",
        "demo_x-1.0+cpu.1!2-cp311-cp311-win_amd64.whl",
        "demo-1.0.tar.gz",
        "größe.txt",
        "100%.txt",
        ".hidden",
        "console.dll",
    ],
)
def test_names_of_files_are_plain(name: str) -> None:
    assert plain(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x.whl", "..\\x.whl", "/etc/x.whl", "C:\\x.whl", "C:x.whl", "a/b.whl"),
        *("%2e%2e%2fx.whl", "%252e%252e%252fx.whl", "a%5Cb.whl", "a%00.whl", "x.whl%20", "%2E%2E"),
        *("x.whl\0", "x\n.whl", "x\x1b[2J.whl", "x\u202egnp.whl", "\ud800.whl"),
        *("x.whl:stream", "x.whl.", "x.whl ", " x.whl", "a*.whl", "a?.whl", 'a".whl', "a|b", "a<b"),
        *("con", "CON.whl", "nul.tar.gz", "aux .whl", "Com1.dll", "lpt\u00b9.x", "conin$", "prn"),
        *("n" * 256, "\u00e4" * 128),
    ],
)
def test_what_means_more_than_one_file_here_is_refused(name: str) -> None:
    assert not is_plain(name)
    with pytest.raises(ValueError, match="not a valid file name") as caught:
        plain(name)
    assert str(caught.value).isprintable()


@given(st.text(max_size=40))
def test_a_plain_name_stays_in_its_folder_on_every_system(name: str) -> None:
    if not is_plain(name):
        return
    for text in (name, unquote(name)):
        assert len(PurePosixPath("folder", text).parts) == 2
        joined = PureWindowsPath("C:\\folder", text)
        assert joined.parts == ("C:\\", "folder", text)
        assert not joined.is_reserved()


@given(st.text(alphabet="./\\%25fFcCe:", max_size=12))
def test_no_encoding_hides_a_separator(name: str) -> None:
    if is_plain(name):
        assert not {"/", "\\", ":"} & set(unquote(unquote(unquote(name))))
    assert not is_plain(quote(quote(f"../{name}", safe=""), safe=""))


@LINKS
def test_a_link_beside_the_file_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "out.part").symlink_to(victim)
    staging.replace(tmp_path / "out", b"new")
    assert (victim.read_bytes(), (tmp_path / "out").read_bytes()) == (b"precious", b"new")
    assert not (tmp_path / "out").is_symlink()


@LINKS
@pytest.mark.parametrize("kind", ["symlink", "hard link", "dangling", "pipe"])
def test_a_download_goes_on_in_a_file_of_our_own_alone(tmp_path: Path, kind: str) -> None:
    victim, part = tmp_path / "victim", tmp_path / "file.part"
    if kind != "dangling":
        victim.write_bytes(b"precious")
    if kind == "pipe":
        os.mkfifo(part)
    elif kind == "hard link":
        part.hardlink_to(victim)
    else:
        part.symlink_to(victim)
    with staging.open_kept(part) as out:
        assert out.seek(0, os.SEEK_END) == 0
        out.write(b"mine")
    assert part.read_bytes() == b"mine"
    assert victim.exists() == (kind != "dangling")
    assert not victim.exists() or victim.read_bytes() == b"precious"


def test_a_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"begun")
    with staging.open_kept(tmp_path / "file.part") as out:
        assert out.seek(0, os.SEEK_END) == 5


@LINKS
def test_a_lock_that_is_a_link_makes_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "x.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        staging.open_lock(tmp_path / "x.lock")
    assert not (tmp_path / "elsewhere").exists()
