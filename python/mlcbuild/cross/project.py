"""The project to build: its folder, its backend, and whether mlcbuild can cross-build it."""

from __future__ import annotations

import posixpath
import shutil
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import InputError, UsageError
from mlcbuild.filenames import plain

if TYPE_CHECKING:
    from mlcbuild.cross.target import Target

#: Backends that are scikit-build-core, by top-level module; in-tree ones that wrap it are
#: recognised by ``build-system.requires``.
_LED: Final = ("scikit_build_core.build", "mlcbuild.skbuild")
_BUILDER: Final = "scikit-build-core"
#: mlc-llm's own backend: it also needs crates, pinned sources and devices.
_OWN: Final = "mlcbuild.backend"
#: Other common backends, and how they compile.
_OTHERS: Final = {
    "setuptools": "setuptools takes the compiler, its flags and the "
    "output names from the Python that runs it",
    "mesonpy": "meson-python takes a cross file of Meson's",
    "maturin": "maturin cross-compiles by itself: maturin build --target x86_64-pc-windows-msvc",
    "hatchling": "hatchling compiles nothing by itself",
    "flit_core": "flit compiles nothing",
    "poetry": "poetry compiles with the project's own script",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CrossProject:
    """A project folder, and the build settings of its pyproject.toml."""

    folder: Path
    backend: str
    backend_path: list[str]
    requires: list[str]
    requires_python: str = ""

    def refuse_other(self, target: Target) -> None:
        """Raise ``UsageError`` for a Python the project does not support."""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

        try:
            taken = SpecifierSet(self.requires_python)
        except InvalidSpecifier:
            return
        if not taken.contains(f"3.{target.minor}.{target.micro}"):
            raise UsageError(
                f"{self.folder.name} requires Python {self.requires_python}",
                remedy=f"leave {target.version} out of --python",
            )


def open_project(given: Path, unpacked: Path) -> CrossProject:
    """Read the project in a folder or an sdist; an sdist is unpacked into ``unpacked``.

    Raises ``InputError`` for what is neither or cannot be read, ``UsageError``, in one line, for a
    backend that is not scikit-build-core.
    """
    folder = _unpack(given, unpacked) if given.is_file() else given.resolve()
    path = folder / "pyproject.toml"
    if not path.is_file():
        if (folder / "setup.py").is_file():
            raise _not_led(given, "setuptools")
        raise InputError(f"{given} has no pyproject.toml", remedy="name a folder or an sdist")
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        system, about = dict(table.get("build-system", {})), dict(table.get("project", {}))
        backend = str(system.get("build-backend", "setuptools"))
        requires = [str(each) for each in system.get("requires", [])]
        backend_path = [str(folder / each) for each in system.get("backend-path", [])]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} cannot be read ({error})", remedy="correct the file") from error
    if backend == _OWN:
        raise UsageError(
            "the mlc-llm wheel has its own command",
            remedy="mlcbuild wheel --target win_amd64",
        )
    in_tree = bool(backend_path) and any(each.startswith(_BUILDER) for each in requires)
    if backend.partition(":")[0] not in _LED and not in_tree:
        raise _not_led(given, backend.partition(".")[0].partition(":")[0])
    return CrossProject(
        folder=folder,
        backend=backend,
        backend_path=backend_path,
        requires=requires,
        requires_python=str(about.get("requires-python", "")),
    )


def _not_led(given: Path, backend: str) -> UsageError:
    why = _OTHERS.get(backend, f"{backend} has no cross-build support")
    return UsageError(
        f"{given.name} is not a scikit-build-core project: {why}",
        remedy="build its Windows wheel on Windows, or with scikit-build-core and CMake",
    )


def _unpack(sdist: Path, into: Path) -> Path:
    # By hand: Python 3.11.2, Debian's, has no filter for extractall.
    written: dict[str, Path] = {}
    links: list[tuple[str, str, Path]] = []
    try:
        with tarfile.open(sdist) as archive:
            for member in archive:
                path = into.joinpath(*(plain(part) for part in member.name.split("/")))
                (path if member.isdir() else path.parent).mkdir(parents=True, exist_ok=True)
                if member.issym() or member.islnk():
                    beside = posixpath.dirname(member.name) if member.issym() else ""
                    target = posixpath.normpath(posixpath.join(beside, member.linkname))
                    links.append((member.name, target, path))
                elif not member.isdir():
                    file = archive.extractfile(member)
                    if file is None:
                        raise InputError(f"{sdist} is not a usable sdist: {member.name} is no file")
                    path.write_bytes(file.read())
                    path.chmod(0o644 | (member.mode & 0o111))
                    written[posixpath.normpath(member.name)] = path
        _copy_linked(sdist, written, links)
    except (OSError, tarfile.TarError, ValueError, EOFError) as error:
        raise InputError(
            f"{sdist} is not an sdist: {error}", remedy="name a .tar.gz or a folder"
        ) from error
    inner = [path for path in into.iterdir() if path.is_dir()]
    if len(inner) != 1:
        raise InputError(f"{sdist} is not an sdist: it has {len(inner)} folders")
    return inner[0]


def _copy_linked(sdist: Path, written: dict[str, Path], links: list[tuple[str, str, Path]]) -> None:
    """Write what each link names: a file of the sdist, and no more bytes than the files have."""
    left = sum(path.stat().st_size for path in written.values())
    for name, target, path in links:
        if target not in written:
            raise InputError(f"{sdist} is not a usable sdist: {name} links to no file in it")
        left -= written[target].stat().st_size
        if left < 0:
            raise InputError(f"{sdist} is not a usable sdist: its links hold more than its files")
        shutil.copy(written[target], path)
