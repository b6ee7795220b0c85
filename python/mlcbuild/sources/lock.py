"""The lock: which sources are built, where each comes from, and which of its paths are needed.

It is the file ``3rdparty/sources.toml``. Everything here is immutable; reading checks every field,
so that the rest of the package need not. See docs/sources.md for the file format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

from mlcbuild.commandline import meant
from mlcbuild.errors import InputError, UsageError
from mlcbuild.filenames import is_plain

#: The lock's path in a project.
LOCK: Final = Path("3rdparty", "sources.toml")

_LOCK_VERSION: Final = 1
_NAME: Final = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_RUST: Final = re.compile(r"\d+\.\d+(?:\.\d+)?")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ARCHIVES: Final = (".tar.gz", ".zip", ".whl")
_COMMON_KEYS: Final = frozenset({"paths", "exclude", "licence", "licence_files", "only_for", "why"})
_GIT_KEYS: Final = _COMMON_KEYS | {"git", "commit"}
_PYPI_KEYS: Final = _COMMON_KEYS | {"pypi", "release", "file", "sha256", "root"}


@dataclass(frozen=True, kw_only=True, slots=True)
class GitOrigin:
    """One commit of a Git repository; ``commit`` is the full SHA-1."""

    url: str
    commit: str

    @property
    def pin(self) -> str:
        """The commit."""
        return self.commit


@dataclass(frozen=True, kw_only=True, slots=True)
class PypiOrigin:
    """One sdist of a package index; ``root`` is the folder inside it that is extracted."""

    project: str
    version: str
    filename: str
    sha256: str
    root: str = ""

    @property
    def pin(self) -> str:
        """The version, with the start of the file's sha256."""
        return f"{self.version}+sha256.{self.sha256[:12]}"


Origin: TypeAlias = "GitOrigin | PypiOrigin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """One source tree: what is fetched, under which licence, and why at this pin.

    ``paths`` and ``exclude`` are POSIX paths of files or folders below the origin's root (of the
    sdist, below ``origin.root``).
    """

    name: str
    origin: Origin
    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    licence: str
    licence_files: tuple[str, ...]
    why: str
    #: The only kind of build that needs it (``win_amd64``, ``free-sdk``); empty: every build.
    only_for: str = ""

    def wants(self, path: str) -> bool:
        """Whether the file ``path`` of the origin is fetched."""
        return _under(path, self.paths) and not _under(path, self.exclude)

    def may_contain(self, folder: str) -> bool:
        """Whether ``folder`` of the origin can hold a file that is fetched."""
        return _under(folder, self.paths) or any(p.startswith(f"{folder}/") for p in self.paths)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """All components of one lock file; ``path`` is that file.

    ``rust`` is the oldest that the crates were resolved for.
    """

    path: Path
    components: tuple[Component, ...]
    rust: str = ""

    @property
    def crates(self) -> Path:
        """The lock of the Rust crates beside it."""
        return self.path.parent / "Cargo.lock"

    @property
    def patches(self) -> Path:
        """The folder of declared patches next to the lock."""
        return self.path.parent / "patches"

    def select(self, names: Iterable[str]) -> tuple[Component, ...]:
        """Return the named components in the lock's order; all of them for no name.

        Raises ``UsageError`` for a name that the lock does not have.
        """
        wanted = set(names)
        known = {c.name for c in self.components}
        if unknown := sorted(wanted - known):
            raise UsageError(
                f"{self.path.name} has no component {', '.join(unknown)}{meant(unknown[0], known)}",
                remedy=f"choose from {', '.join(sorted(known))}",
            )
        return tuple(c for c in self.components if not wanted or c.name in wanted)

    def needed_for(self, *kinds: str) -> Lock:
        """Return the lock for builds of these ``kinds``: components of every build, and theirs."""
        wanted = ("", *kinds)
        return replace(self, components=tuple(c for c in self.components if c.only_for in wanted))


def _under(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file; raises ``InputError`` when it cannot be read or is not TOML."""
    import tomllib  # noqa: PLC0415 - few commands read TOML

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error


class _Table:
    """One component's table, read key by key; every error names file, table and key."""

    def __init__(self, path: Path, name: str, values: object) -> None:
        self.where = f"{path}: [{name}]"
        if not isinstance(values, dict):
            raise InputError(f"{path}: {name!r} is not a table", remedy=f"write [{name}]")
        self.values: dict[str, Any] = values

    def refuse(self, what: str) -> InputError:
        return InputError(f"{self.where} {what}", remedy="docs/sources.md has the format")

    def keys(self, allowed: frozenset[str]) -> None:
        if unknown := sorted(set(self.values) - allowed):
            raise self.refuse(f"has unknown keys: {', '.join(unknown)}")

    def text(self, key: str, *, form: re.Pattern[str] | None = None, default: str = "") -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or (not value and key != "root"):
            raise self.refuse(f"needs a string for {key!r}")
        if form is not None and not form.fullmatch(value):
            raise self.refuse(f"has a malformed {key!r}: {value}")
        return value

    def paths(self, key: str, *, required: bool) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.refuse(f"needs a list of strings for {key!r}")
        if required and not value:
            raise self.refuse(f"needs at least one entry in {key!r}")
        for path in value:
            parts = PurePosixPath(path).parts
            if path != "/".join(parts) or ".." in parts or path.startswith("/") or "\\" in path:
                raise self.refuse(f"has a path in {key!r} that is not plain and relative: {path!r}")
        return tuple(value)


def _component(path: Path, name: str, values: object) -> Component:
    table = _Table(path, name, values)
    if not _NAME.fullmatch(name):
        raise table.refuse("has a name that is not a valid folder name")
    origin: Origin
    if "git" in table.values:
        table.keys(_GIT_KEYS)
        origin = GitOrigin(url=table.text("git"), commit=table.text("commit", form=_COMMIT))
    elif "pypi" in table.values:
        table.keys(_PYPI_KEYS)
        filename = table.text("file")
        if not filename.endswith(_ARCHIVES) or not is_plain(filename):
            raise table.refuse(f"names a 'file' that is neither an sdist nor a wheel: {filename}")
        origin = PypiOrigin(
            project=table.text("pypi"),
            version=table.text("release"),
            filename=filename,
            sha256=table.text("sha256", form=_SHA256),
            root=table.text("root"),
        )
    else:
        raise table.refuse("needs an origin: 'git' or 'pypi'")
    component = Component(
        name=name,
        origin=origin,
        paths=table.paths("paths", required=True),
        exclude=table.paths("exclude", required=False),
        licence=table.text("licence"),
        licence_files=table.paths("licence_files", required=True),
        why=table.text("why"),
        only_for=str(table.values.get("only_for", "")),
    )
    for licence in component.licence_files:
        if not component.wants(licence):
            raise table.refuse(f"does not include its licence file {licence} in 'paths'")
    return component


def find_project(start: Path) -> Path | None:
    """Return the nearest folder from ``start`` upwards that holds a lock, or None."""
    folders = (start, *start.parents)
    return next((folder for folder in folders if (folder / LOCK).is_file()), None)


def load(path: Path) -> Lock:
    """Read a lock file.

    Raises ``InputError`` that names the table and the key when anything is missing, malformed or
    unknown.
    """
    content = read_toml(path)
    version = content.pop("version", None)
    if version != _LOCK_VERSION:
        raise InputError(
            f"{path} has version {version!r}, this mlcbuild reads {_LOCK_VERSION}",
            remedy="use the mlcbuild that belongs to this checkout",
        )
    rust = content.pop("rust", "")
    if not isinstance(rust, str) or (rust and not _RUST.fullmatch(rust)):
        raise InputError(f"{path} has a malformed 'rust': {rust!r}", remedy='write it as "1.78"')
    if not content:
        raise InputError(f"{path} has no components")
    return Lock(
        path=path,
        components=tuple(_component(path, name, values) for name, values in content.items()),
        rust=rust,
    )


def pins(lock: Lock) -> dict[str, str]:
    """Component name -> commit, or version with the start of its hash; goes into the stamp."""
    return {component.name: component.origin.pin for component in lock.components}
