"""Local Git repositories, locks and a package index, made on the fly."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from commands import run_mlcbuild
from needs import require

ROOT = Path(__file__).parents[2]

#: Files of the repository that stands for an upstream project.
FILES = {
    "LICENSE": "Free for all.\n",
    "src/main.cc": "int main() { return 0; }\n",
    "src/deep/util.h": "#pragma once\r\nint util();\r\n",
    "docs/big.txt": "not needed\n" * 2000,
}


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project folder with a lock, a mirror with one repository, and a cache, all fresh."""

    root: Path
    mirror: Path
    repository: Path
    cache: Path
    commit: str

    @property
    def lock(self) -> Path:
        return self.root / "3rdparty" / "sources.toml"

    @property
    def folder(self) -> Path:
        return self.root / "3rdparty" / "demo"

    @property
    def entry(self) -> Path:
        return self.cache / "git" / f"demo-{self.commit[:16]}.git"

    def write_lock(self, *, paths: tuple[str, ...] = ("LICENSE", "src"), commit: str = "") -> None:
        self.lock.write_text(
            "version = 1\n[demo]\n"
            'git = "https://forge.invalid/owner/demo"\n'
            f'commit = "{commit or self.commit}"\n'
            f"paths = {list(paths)}\n"
            'licence = "MIT"\nlicence_files = ["LICENSE"]\nwhy = "a test"\n',
            encoding="utf-8",
        )

    def write_patch(self, text: str, name: str = "demo-edit.toml") -> None:
        folder = self.lock.parent / "patches"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def git(*arguments: str, cwd: Path) -> str:
    environment = os.environ | {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.invalid",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.invalid",
    }
    return subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout.strip()


def make_project(root: Path, files: dict[str, str] = FILES) -> Project:
    repository = root / "mirror" / "owner" / "demo.git"
    work = root / "work"
    work.mkdir(parents=True)
    git("init", "--quiet", "-b", "main", cwd=work)
    git("config", "core.autocrlf", "false", cwd=work)
    for path, text in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(text.encode())
    git("add", "--all", cwd=work)
    git("commit", "--quiet", "-m", "first", cwd=work)
    commit = git("rev-parse", "HEAD", cwd=work)
    repository.parent.mkdir(parents=True)
    git("clone", "--quiet", "--bare", str(work), str(repository), cwd=root)
    (root / "project" / "3rdparty").mkdir(parents=True)
    project = Project(
        root=root / "project",
        mirror=root / "mirror",
        repository=repository,
        cache=root / "cache",
        commit=commit,
    )
    project.write_lock()
    return project


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class IndexServer:
    """A package index on this machine, with the faults a test asks for."""

    url: str
    #: path -> (content type, body)
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    #: what was asked: path, and the Range header
    asked: list[tuple[str, str]] = field(default_factory=list)
    authorization: list[str] = field(default_factory=list)
    #: bodies are cut after so many bytes, as a broken connection would
    cut_after: int | None = None
    status: int = 200
    #: bodies stop after so many bytes until ``release`` is set
    stall_after: int | None = None
    release: threading.Event = field(default_factory=threading.Event)

    def add(self, project: str, filename: str, data: bytes, *, sha256: str = "") -> None:
        self.pages[f"/files/{filename}"] = ("application/octet-stream", data)
        listing = {
            "meta": {"api-version": "1.1"},
            "name": project,
            "files": [
                {
                    "filename": filename,
                    "url": f"../../files/{filename}",
                    "hashes": {"sha256": sha256 or hash_of(data)},
                    "size": len(data),
                }
            ],
        }
        kind = "application/vnd.pypi.simple.v1+json"
        self.pages[f"/simple/{project}/"] = (kind, json.dumps(listing).encode())


class IndexHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    server: IndexHttpServer

    def do_GET(self) -> None:
        state = self.server.state
        wanted = self.headers.get("Range", "")
        state.asked.append((self.path, wanted))
        state.authorization.append(self.headers.get("Authorization", ""))
        if state.status != 200:
            self.send_error(state.status)
            return
        if self.path not in state.pages:
            self.send_error(404)
            return
        kind, body = state.pages[self.path]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if start >= len(body) and wanted:
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = None if state.cut_after is None else start + state.cut_after
        if state.stall_after is not None and len(body) > state.stall_after:
            self.wfile.write(body[start : start + state.stall_after])
            self.wfile.flush()
            state.release.wait(30)
            return
        self.wfile.write(body[start:end])

    def log_message(self, *_: object) -> None:
        pass


class IndexHttpServer(http.server.ThreadingHTTPServer):
    state: IndexServer


def make_sdist(files: dict[str, str], *, top: str = "pack-1.0") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{top}/{path}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def noise(size: int) -> str:
    """Text that does not compress, the same in every run."""
    count = size // 64 + 1
    return "".join(hash_of(str(number).encode()) for number in range(count))[:size]


def write_sdist_lock(project: Project, data: bytes, *, sha256: str = "") -> None:
    project.lock.write_text(
        'version = 1\n[pack]\npypi = "pack"\nrelease = "1.0"\nfile = "pack-1.0.tar.gz"\n'
        f'sha256 = "{sha256 or hash_of(data)}"\npaths = ["LICENSE", "big"]\nlicence = "MIT"\n'
        'licence_files = ["LICENSE"]\nwhy = "a test"\n',
        encoding="utf-8",
    )


def fetch_pinned(component: str, into: Path, *, without: str = "") -> Path:
    """Bring a component of the project's own lock; leave the test out where it cannot be reached.

    ``without`` names a declared patch that is left out.
    """
    require("sources")
    lock = ROOT / "3rdparty" / "sources.toml"
    if without:
        lock = into / "lock" / "sources.toml"
        shutil.copytree(ROOT / "3rdparty" / "patches", lock.parent / "patches")
        shutil.copyfile(ROOT / "3rdparty" / "sources.toml", lock)
        (lock.parent / "patches" / f"{without}.toml").unlink()
    fetched = run_mlcbuild("fetch", "--lock", lock, "--output", into, component)
    assert fetched.returncode == 0, fetched.stderr
    return into / component
