"""Local Git repositories and locks, made on the fly: nothing here reaches the network."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.fixture(autouse=True)
def _no_user_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take the machine's own Git and pip settings out of the tests."""
    empty = tmp_path / "empty.gitconfig"
    empty.write_text("", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(empty))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in list(os.environ):
        if name.startswith(("PIP_", "MLCBUILD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


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


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in a path with a space and an umlaut."""
    return make_project(tmp_path / "Übung eins")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
