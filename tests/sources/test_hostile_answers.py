"""Indexes and repositories that answer too much, too slowly or too deeply."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import FailedError, InputError
from mlcbuild.sources import objects, pace, transfer
from mlcbuild.sources.git_process import Git
from mlcbuild.sources.index import Index
from mlcbuild.sources.lock import Component, GitOrigin
from mlcbuild.sources.pipconfig import IndexSettings
from mlcbuild.sources.transfer import IndexFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources_helpers import IndexServer

JSON = "application/vnd.pypi.simple.v1+json"


def index_at(url: str, timeout: float = 5) -> Index:
    return Index(settings=IndexSettings(indexes=(url,), timeout=timeout))


@pytest.fixture
def dripping() -> Iterator[Callable[[bytes], str]]:
    """Serve an answer whose ``head`` comes at once, and then one byte at a time for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve(head: bytes) -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(65536)
                    connection.sendall(head)
                    while not over.wait(0.05):
                        connection.sendall(b" ")
                except OSError:
                    continue

    def start(head: bytes) -> str:
        threading.Thread(target=serve, args=(head,), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/simple"

    yield start
    over.set()
    listener.close()


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", "takes longer than 1 s"),
        (b"HTTP/1.1 200 OK\r\nX: ", "no answer within 1 s"),
        (b"HTTP/1.1 200", "no answer within 1 s"),
    ],
    ids=["body", "headers", "status"],
)
def test_an_index_that_drips_is_given_up(
    monkeypatch: pytest.MonkeyPatch, dripping: Callable[[bytes], str], head: bytes, said: str
) -> None:
    monkeypatch.setattr(transfer, "_PAGE_S", 1.0)
    monkeypatch.setattr(pace, "_BEGIN_S", 1.0)
    began = time.monotonic()
    with pytest.raises(InputError, match=said):
        index_at(dripping(head)).find_files("demo")
    assert time.monotonic() - began < 20


def test_a_download_that_drips_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dripping: Callable[[bytes], str]
) -> None:
    monkeypatch.setattr(pace, "_SLOWEST", (6000, 1.0))
    url = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    file = IndexFile(filename="demo-1.0.tar.gz", url=url, sha256="0" * 64)
    with pytest.raises(InputError, match="fewer than 6000 bytes a second"):
        index_at(url).download(file, tmp_path / "demo")


def test_a_page_beyond_the_limit_is_refused_by_its_limit(
    monkeypatch: pytest.MonkeyPatch, index: IndexServer
) -> None:
    monkeypatch.setattr(transfer, "_PAGE", 1 << 20)
    index.pages["/simple/demo/"] = (JSON, b" " * ((1 << 20) + 1))
    with pytest.raises(InputError, match="larger than 1 MiB"):
        index_at(index.url).find_files("demo")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"files":' * 50_000,
        b'{"files": [' + b"9" * 100_000 + b"]}",
        b'{"files":3}',
    ],
)
def test_a_page_that_is_no_list_of_files_is_one_line(index: IndexServer, body: bytes) -> None:
    index.pages["/simple/demo/"] = (JSON, body)
    with pytest.raises(InputError, match="not a package index page"):
        index_at(index.url).find_files("demo")


def test_a_file_larger_than_the_index_says_is_refused(tmp_path: Path, index: IndexServer) -> None:
    index.add("demo", "demo-1.0.tar.gz", b"x" * 200_000)
    (file,) = index_at(index.url).find_files("demo")
    small = IndexFile(filename=file.filename, url=file.url, sha256=file.sha256, size=1000)
    with pytest.raises(InputError, match="larger than 1000 bytes"):
        index_at(index.url).download(small, tmp_path / "demo")


def git(folder: Path, *words: str, data: bytes = b"") -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@y", "--git-dir", str(folder)]
    done = subprocess.run([*command, *words], input=data, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "demo.git"
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    return folder


def read(folder: Path, commit: str) -> object:
    component = Component(
        name="demo",
        origin=GitOrigin(url="x", commit=commit),
        paths=("d",),
        exclude=(),
        licence="MIT",
        licence_files=(),
        why="",
    )
    with objects.ObjectReader(Git(), folder, "demo") as reader:
        return objects.read_tree(reader, component, commit)


def commit_of(folder: Path, depth: int, *, names: int = 1, blob: bytes = b"x") -> str:
    """Return a commit of folders in each other; ``names`` of each name the same one below."""
    oid = git(folder, "hash-object", "-w", "--stdin", data=blob)
    tree = git(folder, "mktree", data=f"100644 blob {oid}\tf\n".encode())
    for _ in range(depth):
        lines = "".join(f"040000 tree {tree}\t{name}\n" for name in "defghijklmnop"[:names])
        tree = git(folder, "mktree", data=lines.encode())
    return git(folder, "commit-tree", "-m", "x", tree)


@pytest.mark.parametrize(
    ("depth", "names", "said"), [(102, 1, "5 nested folders"), (8, 10, "1000 entries")]
)
def test_trees_that_no_disk_holds_are_refused(
    repository: Path, monkeypatch: pytest.MonkeyPatch, depth: int, names: int, said: str
) -> None:
    monkeypatch.setattr(objects, "_DEEPEST", 5 if names == 1 else 100)
    monkeypatch.setattr(objects, "_MOST", 1000)
    with pytest.raises(FailedError, match=said):
        read(repository, commit_of(repository, min(depth, 10), names=names))


def test_a_tree_1500_deep_is_refused(repository: Path) -> None:
    stream = b"commit refs/heads/x\ncommitter x <x@y> 0 +0000\ndata 0\nM 100644 inline "
    stream += b"d/" * 1500 + b"f\ndata 1\nx\n"
    git(repository, "fast-import", "--quiet", data=stream)
    with pytest.raises(FailedError, match="100 nested folders"):
        read(repository, git(repository, "rev-parse", "refs/heads/x"))


def test_a_file_beyond_the_limit_is_refused_unread(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_LARGEST", 1 << 20)
    with pytest.raises(FailedError, match="more than the 1 MiB"):
        read(repository, commit_of(repository, 1, blob=b"x" * ((1 << 20) + 1)))


def test_a_marker_nested_100000_deep_is_as_none(tmp_path: Path) -> None:
    lock = tmp_path / "3rdparty" / "sources.toml"
    (lock.parent / "demo").mkdir(parents=True)
    (lock.parent / "demo" / ".mlcbuild-source.json").write_text("[" * 100_000)
    lock.write_text(
        f'version = 1\n[demo]\ngit = "https://x.invalid/o/demo"\ncommit = "{"0" * 40}"\n'
        'paths = ["LICENSE"]\nlicence = "MIT"\nlicence_files = ["LICENSE"]\nwhy = "test"\n'
    )
    words = ["--offline", "--lock", str(lock), "--cache", str(tmp_path / "cache")]
    assert main(["fetch", *words]) == 3
