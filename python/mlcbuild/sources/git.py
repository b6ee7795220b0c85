"""The Git transport: bring the needed objects of one commit into a bare repository of the cache.

Two requests a component: the commit with its trees (``--depth 1 --filter=blob:none``), then the
blobs of the wanted paths in one batch, named by their hashes. Nothing is ever checked out, so
neither line endings nor attributes of the user's configuration can change a byte; everything else
of that configuration (insteadOf, proxies, credentials helpers) is honoured.

A server without filters sends the whole commit; that is said in a notice. A remote is never
recorded in the repository, so that reading a missing object says "missing" and fetches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.sources.objects import MissingObjectError, ObjectReader, wanted_blobs
from mlcbuild.sources.process import run_git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mlcbuild.sources.lock import Component, GitOrigin

__all__ = ["GitRepository", "mirror_url"]

#: A mirror is a folder of the user's: serve any commit of it, filtered, whoever owns it.
_SERVE: Final = (
    "git -c safe.directory=* -c uploadpack.allowFilter=true"
    " -c uploadpack.allowAnySHA1InWant=true upload-pack"
)


def mirror_url(mirror: Path, url: str) -> str:
    """Return the ``file://`` URL of ``url``'s repository in a folder of repositories.

    ``https://host/owner/name`` is looked for as ``owner/name``, ``owner/name.git``. Raises
    ``InputError`` when it is not there.
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

    def read(self, component: Component) -> ObjectReader:
        """Open the objects for reading."""
        return ObjectReader(self.path, component.name)

    def bring(
        self,
        component: Component,
        origin: GitOrigin,
        *,
        mirror: Path | None,
        notice: Callable[[str], None],
    ) -> int:
        """Make every object that ``component`` needs present; return the bytes received.

        Raises ``InputError`` for no Git, an unreachable server or a commit it does not have,
        ``FailedError`` for objects that are not what their hash says.
        """
        self._init()
        before = self._size()
        url = origin.url if mirror is None else mirror_url(mirror, origin.url)
        fetch = _Fetch(self.path, url, component.name, serve=mirror is not None)
        try:
            with self.read(component) as reader:
                _, missing = wanted_blobs(reader, component, origin.commit)
        except MissingObjectError:
            if fetch.commit(origin.commit):
                notice(f"{component.name}: {url} cannot filter, so the whole commit was brought")
            with self.read(component) as reader:
                _, missing = wanted_blobs(reader, component, origin.commit)
        if missing:
            fetch.blobs(missing)
        return self._size() - before

    def _init(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        done = run_git(["init", "--quiet", "--bare", "--template=", str(self.path)])
        if done.returncode:
            raise InputError(f"cannot make the cache {self.path}: {_reason(done.stderr)}")
        for leftover in self.path.glob("objects/pack/tmp_*"):
            leftover.unlink(missing_ok=True)  # of a fetch that was killed; we hold the lock

    def _size(self) -> int:
        return sum(pack.stat().st_size for pack in self.path.glob("objects/pack/*.pack"))


@dataclass(frozen=True, slots=True)
class _Fetch:
    """Fetches from one URL into one repository."""

    repository: Path
    url: str
    component: str
    serve: bool

    def commit(self, commit: str) -> bool:
        """Fetch the commit and its trees; return whether the server ignored the filter."""
        return "filtering not recognized" in self._fetch(["--depth=1", "origin", commit])

    def blobs(self, blobs: Iterable[str]) -> None:
        """Fetch blobs by hash, in one batch."""
        self._fetch(["--stdin", "origin"], data="\n".join(blobs) + "\n")

    def _fetch(self, arguments: list[str], *, data: str = "") -> str:
        settings = {
            "remote.origin.url": self.url,
            # Lets Git take objects whose neighbours are absent, for this one call.
            "remote.origin.promisor": "true",
            "remote.origin.partialclonefilter": "blob:none",
            "fetch.negotiationAlgorithm": "noop",
            "fetch.unpackLimit": "1",
            "fetch.writeCommitGraph": "false",
            "gc.auto": "0",
            "maintenance.auto": "false",
        }
        if self.serve:
            settings["remote.origin.uploadpack"] = _SERVE
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        done = run_git(
            [
                *options,
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--recurse-submodules=no",
                "--filter=blob:none",
                *arguments,
            ],
            data=data,
            cwd=self.repository,
        )
        if done.returncode:
            raise self._error(done.stderr)
        return done.stderr

    def _error(self, stderr: str) -> InputError | FailedError:
        reason = _reason(stderr)
        if "not our ref" in stderr or "remote error: upload-pack" in stderr:
            return InputError(
                f"{self.component}: {self.url} does not have what sources.toml pins ({reason})",
                remedy="correct the commit, or update the mirror",
            )
        if "No space left" in stderr or "Disk quota" in stderr or "File too large" in stderr:
            return InputError(
                f"{self.component}: no space left for {self.repository} ({reason})",
                remedy="free some space, or choose another folder with --cache",
            )
        return InputError(
            f"{self.component}: cannot fetch from {self.url} ({reason})",
            remedy="check the network and Git's proxy settings, or use --mirror DIR",
        )


def _reason(stderr: str) -> str:
    """Return the line of Git's output that says most."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    for mark in ("No space left", "Disk quota", "not our ref", "fatal: unable", "error:", "fatal:"):
        for line in lines:
            if mark in line:
                return line.removeprefix("fatal: ").removeprefix("error: ")
    return lines[-1] if lines else "Git said nothing"
