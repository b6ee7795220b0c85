"""The Git transport: fetch the needed objects of one commit into a bare repository of the cache.

Two requests per component: the commit with its trees (``--depth 1 --filter=blob:none``), then the
blobs of the wanted paths in one batch, named by their hashes. Nothing is ever checked out, so
neither line endings nor attributes of the user's configuration can change a byte; everything else
of that configuration (insteadOf, proxies, credentials helpers) is honoured.

A server without filters sends the whole commit, which a notice reports. No remote is recorded in
the repository, so that reading a missing object fails instead of fetching it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.sources.cache import remove
from mlcbuild.sources.objects import ObjectReader, read_tree, wanted_blobs

if TYPE_CHECKING:
    from mlcbuild.sources.git_process import Git
    from mlcbuild.sources.lock import Component, GitOrigin
    from mlcbuild.sources.tree import Tree

#: A mirror is the user's own folder: serve any commit of it, filtered, whatever its owner.
_SERVE: Final = (
    "git -c safe.directory=* -c uploadpack.allowFilter=true"
    " -c uploadpack.allowAnySHA1InWant=true upload-pack"
)


def mirror_url(mirror: Path, url: str) -> str:
    """Return the ``file://`` URL of ``url``'s repository in a folder of repositories.

    ``https://host/owner/name`` is looked up as ``owner/name`` and ``owner/name.git``. Raises
    ``InputError`` when neither exists.
    """
    owner, name = url.removesuffix("/").removesuffix(".git").split("/")[-2:]
    for folder in (f"{name}.git", name):
        repository = mirror / owner / folder
        if repository.is_dir():
            return repository.resolve().as_uri()
    raise InputError(
        f"the mirror {mirror} has no {owner}/{name}",
        remedy=f"add it (git clone --mirror {url}), or fetch without --mirror",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class GitRepository:
    """The bare repository of one component in the cache; ``path`` need not exist yet."""

    path: Path
    git: Git

    def read_tree(self, component: Component, commit: str) -> Tree:
        """Return the component's files, each verified.

        Raises ``MissingObjectError`` or ``DamagedObjectError``, and ``FailedError`` when the lock
        lists a path that the commit does not have.
        """
        with ObjectReader(self.git, self.path, component.name) as reader:
            return read_tree(reader, component, commit)

    def fetch(
        self,
        component: Component,
        origin: GitOrigin,
        *,
        mirror: Path | None,
        notice: Callable[[str], None],
        step: Callable[[str], None] = lambda _: None,
    ) -> int:
        """Create a fresh repository with all that ``component`` needs at ``path``.

        Return its bytes.

        It is staged, then renamed over the old one. The bytes are those of its packs, as received
        from the network. Raises ``InputError`` without Git, for an unreachable server, or a missing
        commit.
        """
        url = origin.url if mirror is None else mirror_url(mirror, origin.url)
        staged = self.path.with_name(f"{self.path.name}.new")
        if staged.exists():
            remove(staged)  # left by a killed fetch; we hold the entry's lock
        try:
            source = _Source(url, mirror is not None)
            fetch = _Fetch(self.git, staged, source, component.name, step)
            size = self._fetch(fetch, component, origin, notice)
            if self.path.exists():
                remove(self.path)
            staged.replace(self.path)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        return size

    def _fetch(
        self,
        fetch: _Fetch,
        component: Component,
        origin: GitOrigin,
        notice: Callable[[str], None],
    ) -> int:
        staged = fetch.repository
        # Run in the cache: in a folder that holds a repository, Git would read its settings.
        staged.parent.mkdir(parents=True, exist_ok=True)
        words = ["init", "--quiet", "--bare", "--template=", staged.name]
        done = self.git.run(words, folder=staged.parent)
        if done.returncode:
            raise full_disk(component.name, staged, done.stderr) or InputError(
                f"cannot make the cache {staged}: {reason(done.stderr)}",
                remedy="choose another folder with --cache",
            )
        if fetch.commit(origin.commit):
            notice(
                f"{component.name}: {fetch.source.url} has no filter support; got the whole commit"
            )
        with ObjectReader(self.git, staged, component.name) as reader:
            _, missing = wanted_blobs(reader, component, origin.commit)
        if missing:
            fetch.blobs(missing)
        return sum(pack.stat().st_size for pack in staged.glob("objects/pack/*.pack"))


@dataclass(frozen=True, slots=True)
class _Source:
    """Where to fetch from; a ``local`` folder gets options to serve any commit."""

    url: str
    local: bool


@dataclass(frozen=True, slots=True)
class _Fetch:
    """Fetches from one URL into one repository."""

    git: Git
    repository: Path
    source: _Source
    component: str
    step: Callable[[str], None]

    def commit(self, commit: str) -> bool:
        """Fetch the commit and its trees; return whether the server ignored the filter."""
        return "filtering not recognized" in self._fetch(["--depth=1", "origin", commit])

    def blobs(self, blobs: Iterable[str]) -> None:
        """Fetch blobs by hash, in one batch."""
        self._fetch(["--stdin", "origin"], data="\n".join(blobs) + "\n")

    def _fetch(self, arguments: list[str], *, data: str = "") -> str:
        settings = {
            "remote.origin.url": self.source.url,
            # Lets Git accept objects whose referents are absent, for this one call.
            "remote.origin.promisor": "true",
            "remote.origin.partialclonefilter": "blob:none",
            "fetch.negotiationAlgorithm": "noop",
            "fetch.unpackLimit": "1",
            "fetch.writeCommitGraph": "false",
            "gc.auto": "0",
            "maintenance.auto": "false",
        }
        if self.source.local:
            settings["remote.origin.uploadpack"] = _SERVE
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        done = self.git.run(
            [
                "--git-dir",
                str(self.repository),
                *options,
                "fetch",
                "--progress",
                "--no-tags",
                "--no-write-fetch-head",
                "--recurse-submodules=no",
                "--filter=blob:none",
                *arguments,
            ],
            data=data,
            hear=self._hear,
        )
        if done.returncode:
            raise self._error(done.stderr)
        return done.stderr

    def _hear(self, line: str) -> bool:
        """Show how much was received; progress lines are kept out of error messages."""
        if received := _RECEIVED.search(line):
            self.step(f"receiving {received[2]} ({received[1]} %)")
        return _PROGRESS.match(line) is not None

    def _error(self, stderr: str) -> InputError:
        why = reason(stderr)
        if "not our ref" in stderr or "remote error: upload-pack" in stderr:
            return InputError(
                f"{self.component}: {self.source.url} does not have what sources.toml pins ({why})",
                remedy="correct the commit, or update the mirror",
            )
        if full := full_disk(self.component, self.repository, stderr):
            return full
        return InputError(
            f"{self.component}: cannot fetch from {self.source.url} ({why})",
            remedy="check the network and Git's proxy settings, or use --mirror DIR",
        )


#: ``Receiving objects:  45% (123/271), 1.20 MiB | 2.00 MiB/s`` and the like.
_RECEIVED: Final = re.compile(r"^Receiving objects:\s+(\d+)% .*?, ([\d.]+ \w+)")
_PROGRESS: Final = re.compile(r"^(remote: )?[A-Z][a-z]+ (objects|deltas)[:,]|^remote: Total |^$")

_FULL: Final = ("No space left", "Disk quota", "File too large", "not enough space")


def full_disk(component: str, where: Path, stderr: str) -> InputError | None:
    """Return the error to report when Git ran out of space, else None."""
    if not any(mark in stderr for mark in _FULL):
        return None
    return InputError(
        f"{component}: no space left for {where} ({reason(stderr)})",
        remedy="free some space, or choose another folder with --cache",
    )


def reason(stderr: str) -> str:
    """Return the most telling line of Git's output."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    for mark in (*_FULL, "not our ref", "fatal: unable", "error:", "fatal:"):
        for line in lines:
            if mark in line:
                return line.removeprefix("fatal: ").removeprefix("error: ")
    return lines[-1] if lines else "no output from Git"
