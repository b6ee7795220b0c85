"""What a user sees of ``mlcbuild fetch`` with a component from a package index."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import FailedError
from mlcbuild.sources.lock import Component, PypiOrigin
from mlcbuild.sources.stores import read_sdist
from sources_helpers import IndexServer, Project, make_sdist, write_sdist_lock

if TYPE_CHECKING:
    from pathlib import Path

DATA = make_sdist({"LICENSE": "free", "big/a.h": "a", "setup.py": "raise SystemExit('ran')"})


def fetch(project: Project, *options: str) -> int:
    return main(["fetch", "--lock", str(project.lock), "--cache", str(project.cache), *options])


def entry(project: Project) -> Path:
    (path,) = project.cache.rglob("pack-1.0.tar.gz")
    return path


@pytest.fixture
def pack(project: Project, index: IndexServer) -> Project:
    index.add("pack", "pack-1.0.tar.gz", DATA)
    write_sdist_lock(project, DATA)
    return project


def test_the_listed_paths_are_laid_out_and_nothing_is_run(pack: Project) -> None:
    assert fetch(pack) == 0
    folder = pack.root / "3rdparty" / "pack"
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert names == {"LICENSE", "big/a.h", ".mlcbuild-source.json"}


def test_offline_uses_the_cache(pack: Project, index: IndexServer) -> None:
    assert fetch(pack, "--offline") == 3
    assert index.asked == []
    assert fetch(pack) == 0
    asked = len(index.asked)
    assert fetch(pack, "--offline", "--force") == 0
    assert len(index.asked) == asked


def test_other_bytes_than_the_lock_says_are_refused(
    pack: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sdist_lock(pack, DATA, sha256="0" * 64)
    assert fetch(pack) == 1
    error = capsys.readouterr().err
    assert "sha256" in error
    assert error.count("\n") == 1
    assert not (pack.root / "3rdparty" / "pack").exists()
    assert not list(pack.cache.rglob("pack-1.0*"))


def test_a_damaged_cache_entry_is_named_offline_and_mended_online(
    pack: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(pack) == 0
    data = bytearray(entry(pack).read_bytes())
    data[100] ^= 1
    entry(pack).write_bytes(bytes(data))
    assert fetch(pack, "--verify") == 1
    assert str(entry(pack)) in capsys.readouterr().err
    assert fetch(pack, "--offline", "--force") == 1
    assert fetch(pack, "--force") == 0
    assert "downloading it again" in capsys.readouterr().err
    assert fetch(pack, "--verify") == 0


def test_an_index_without_the_file_is_said(
    pack: Project, index: IndexServer, capsys: pytest.CaptureFixture[str]
) -> None:
    index.pages.clear()
    assert fetch(pack) == 3
    assert "pack-1.0.tar.gz is not on the package index" in capsys.readouterr().err


def test_an_unreachable_index_is_named(
    pack: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    assert fetch(pack) == 3
    error = capsys.readouterr().err
    assert "http://127.0.0.1:1/simple/pack/" in error
    assert error.count("\n") == 1


def test_one_byte_altered_in_a_laid_out_file_is_found(
    pack: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(pack) == 0
    altered = pack.root / "3rdparty" / "pack" / "big" / "a.h"
    altered.write_text("b", encoding="utf-8")
    assert fetch(pack, "--verify") == 1
    captured = capsys.readouterr()
    assert str(altered) in captured.out
    assert "pack" in captured.err


def component(*paths: str, root: str = "", filename: str = "p.tar.gz") -> Component:
    origin = PypiOrigin(project="p", version="1", filename=filename, sha256="0" * 64, root=root)
    return Component(
        name="p",
        origin=origin,
        paths=paths,
        exclude=("src/skip",),
        licence="MIT",
        licence_files=(),
        why="",
    )


def read(path: Path, wanted: Component) -> dict[str, bytes]:
    assert isinstance(wanted.origin, PypiOrigin)
    return {name: file.data for name, file in read_sdist(path, wanted, wanted.origin).items()}


def test_a_root_inside_the_archive_becomes_the_root(tmp_path: Path) -> None:
    path = tmp_path / "p.tar.gz"
    path.write_bytes(make_sdist({"inner/src/a": "1", "inner/src/skip/b": "2", "src/c": "3"}))
    assert read(path, component("src", root="inner")) == {"src/a": b"1"}


def test_zip_sdists_are_read(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("p-1/src/a", "1")
        archive.writestr("p-1/other", "2")
    assert read(path, component("src", filename="p.zip")) == {"src/a": b"1"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_are_refused(tmp_path: Path, kind: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("p-1/src/link")
        info.type = kind
        info.linkname = "/etc/passwd"
        archive.addfile(info)
    path = tmp_path / "p.tar.gz"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(FailedError, match="link"):
        read(path, component("src"))


@pytest.mark.parametrize(
    "name", ["../up", "src/../../up", "src/aux.h", "src/a:b", "src/.git/config"]
)
def test_paths_that_leave_or_that_windows_cannot_store_are_refused(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "p.tar.gz"
    path.write_bytes(make_sdist({name: "x"}, top="p-1"))
    with pytest.raises(FailedError, match="is not valid on every system"):
        read(path, component(name.split("/", maxsplit=1)[0]))


def test_a_listed_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.tar.gz"
    path.write_bytes(make_sdist({"src/a": "1"}))
    with pytest.raises(FailedError, match="lists gone"):
        read(path, component("src", "gone"))


def test_paths_that_windows_takes_for_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.tar.gz"
    path.write_bytes(make_sdist({"src/a.h": "1", "src/A.h": "2"}))
    with pytest.raises(FailedError, match="case only"):
        read(path, component("src"))


@pytest.mark.parametrize("size", [0, 20, 90])
def test_a_cut_archive_is_an_error_not_a_traceback(tmp_path: Path, size: int) -> None:
    path = tmp_path / "p.tar.gz"
    path.write_bytes(DATA[:size])
    with pytest.raises(FailedError):
        read(path, component("LICENSE"))
