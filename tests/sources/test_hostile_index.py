"""A package index that lies about names, addresses and projects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.sources import pipconfig
from mlcbuild.sources.index import Index
from mlcbuild.sources.pipconfig import IndexSettings
from sources_helpers import IndexServer, hash_of
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "demo-1.0-py3-none-win_amd64.whl"


def offer(index: IndexServer, filename: str, url: str, data: bytes) -> None:
    """List one file as the index's JSON would."""
    file = {"filename": filename, "url": url, "hashes": {"sha256": hash_of(data)}}
    table = {"meta": {"api-version": "1.0"}, "name": "demo", "files": [file]}
    kind = "application/vnd.pypi.simple.v1+json"
    index.pages["/simple/demo/"] = (kind, json.dumps(table).encode())


@pytest.fixture(autouse=True)
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the settings from the environment alone: asking pip takes a second."""
    monkeypatch.setattr(pipconfig, "_listing", lambda: "")


@pytest.fixture
def wheel(tmp_path: Path) -> bytes:
    (tmp_path / "made").mkdir()
    return make_wheel(tmp_path / "made", {"demo/__init__.py": b""}).read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "{there}/demo-1.0-py3-none-win_amd64.whl",
        "../../demo-1.0-py3-none-win_amd64.whl",
        "..\\demo-1.0-py3-none-win_amd64.whl",
        "demo-1.0-py3-none-win_amd64.whl%2f..%2f..%2fdemo-1.0-py3-none-win_amd64.whl",
        "demo-1.0-py3-none-win_amd64.whl:stream",
        "C:demo-1.0-py3-none-win_amd64.whl",
    ],
)
def test_a_name_that_is_a_path_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    index: IndexServer,
    wheel: bytes,
    name: str,
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / WHEEL).write_bytes(b"precious")
    monkeypatch.setenv("TMPDIR", str(there / "a" / "b"))
    (there / "a" / "b").mkdir(parents=True)
    index.add("demo", WHEEL, wheel)
    (url,) = (file.url for file in _index(index).find_files("demo"))
    offer(index, name.format(there=there), url, wheel)
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    assert main(["check", "pypi:demo"]) == 3
    assert (there / WHEEL).read_bytes() == b"precious"
    assert [path.name for path in there.rglob("*") if path.is_file()] == [WHEEL]


def test_a_file_of_another_project_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, index: IndexServer, wheel: bytes
) -> None:
    index.add("demo", WHEEL, wheel)
    (url,) = (file.url for file in _index(index).find_files("demo"))
    offer(index, "other-9.9-py3-none-win_amd64.whl", url, wheel)
    assert _index(index).find_files("demo") == []
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    assert main(["check", "pypi:demo"]) == 3


@pytest.mark.parametrize(
    ("filename", "mine"),
    [
        ("demo-1.0.tar.gz", True),
        ("demo-1.0-1.tar.gz", True),
        ("Demo-1.0.zip", True),
        ("demo_x-1.0.tar.gz", False),
        ("demos-1.0.tar.gz", False),
        ("other-1.0-py3-none-any.whl", False),
    ],
)
def test_sdists_are_told_by_what_stands_before_a_hyphen(
    index: IndexServer, filename: str, *, mine: bool
) -> None:
    offer(index, filename, "http://127.0.0.1/x", b"")
    assert bool(_index(index).find_files("demo")) == mine


@pytest.mark.parametrize("scheme", ["file", "ftp", "data", "jar"])
def test_a_page_of_the_web_names_no_file_of_this_machine(
    tmp_path: Path, index: IndexServer, scheme: str
) -> None:
    secret = tmp_path / WHEEL
    secret.write_bytes(b"secret")
    offer(index, WHEEL, secret.as_uri().replace("file", scheme), b"secret")
    assert _index(index).find_files("demo") == []


def test_html_names_are_decoded_before_they_are_judged(index: IndexServer) -> None:
    index.pages["/simple/demo/"] = (
        "text/html",
        f'<a href="/files/..%2f..%2f{WHEEL}">x</a><a href="/files/a%252f{WHEEL}">y</a>'
        f'<a href="/files/{WHEEL}">z</a>'.encode(),
    )
    assert [file.filename for file in _index(index).find_files("demo")] == [WHEEL]


def test_a_link_planted_for_a_download_is_not_followed(
    tmp_path: Path, index: IndexServer, wheel: bytes
) -> None:
    index.add("demo", WHEEL, wheel)
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / f"{WHEEL}.part").symlink_to(victim)
    (file,) = _index(index).find_files("demo")
    _index(index).download(file, tmp_path / WHEEL)
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / WHEEL).read_bytes() == wheel


def _index(server: IndexServer) -> Index:
    return Index(settings=IndexSettings(indexes=(server.url,), timeout=5))
