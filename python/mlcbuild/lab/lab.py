"""The lab: a prefix, a Windows CPython and one of its environments, ready to run programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from mlcbuild.lab.downloads import DEFAULT_VERSION, python_download
from mlcbuild.lab.programs import find_programs
from mlcbuild.lab.pythons import (
    certificate_variables,
    check_name,
    lay_out_python,
    make_environment,
    python_variables,
)
from mlcbuild.lab.wine import Prefix, existing_prefixes, make_prefix, windows_path
from mlcbuild.lab.wine_process import Completed, EarlyEndError, run_program
from mlcbuild.programs import isolated
from mlcbuild.sources.cache import default_cache, hold, remove

#: Starts are retried: another program may end the server, and one start in some thousand fails.
_ATTEMPTS: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Lab:
    """The lab's paths; ``environment`` is the Python environment it uses."""

    root: Path
    prefix: Prefix
    #: The folder of python.exe, and its version ("3.11.9").
    python_folder: Path
    version: str
    environment: Path

    def use(self, environment: str | Path) -> Lab:
        """Return the lab with another environment, created if missing.

        A name is an environment of the user's lab; a path is the caller's own folder. Raises
        ``UsageError`` for an invalid name.
        """
        if isinstance(environment, str):
            minor = self.version.rpartition(".")[0]
            environment = self.root / "environments" / minor / check_name(environment)
        make_environment(environment, self.python_folder, self.version)
        return replace(self, environment=environment)

    def path(self, path: Path) -> str:
        """Return a path of this machine as Windows programs see it, on drive Z."""
        return windows_path(path)

    def run(
        self,
        arguments: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes | IO[bytes] | None = None,
        timeout: float | None = None,
        sinks: tuple[Callable[[bytes], object], Callable[[bytes], object]] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Completed:
        """Run a Windows program; ``python`` and ``pip`` are the environment's.

        ``env`` is added to the caller's variables (without those of other Pythons and loaders); its
        WINEPATH goes before PATH. ``timeout`` is in seconds. ``stdin``: bytes, a stream, or None
        for an empty one. ``sinks`` receive stdout and stderr as they come. ``stop`` is polled every
        few seconds; when true the program is ended as by the time limit. Never raises for an exit
        code. Raises ``UsageError`` for a missing program, ``FailedError`` where Wine does not
        start, ``OSError`` for a missing ``cwd``.
        """
        words = [os.fspath(argument) for argument in arguments]

        def attempt() -> Completed:
            self.prefix.start()
            return run_program(
                self.prefix,
                [*self._program(words[0]), *words[1:]],
                environment=self._variables(env or {}),
                folder=cwd or Path.cwd(),
                stdin=stdin,
                limit_s=timeout,
                sinks=sinks,
                stop=stop,
            )

        if stdin is None or isinstance(stdin, bytes):  # a stream may have been read already
            for _ in range(_ATTEMPTS - 1):
                with suppress(EarlyEndError):
                    return attempt()
        return attempt()

    def python(self, *arguments: str | os.PathLike[str], timeout: float | None = 300) -> Completed:
        """Run the environment's Python: ``lab.python("-c", "...")``. Raises like ``run``."""
        return self.run(["python", *arguments], timeout=timeout)

    def _program(self, word: str) -> list[str]:
        python = windows_path(self.python_folder / "python.exe")
        if word.lower() in {"python", "python.exe", "python3"}:
            return [python]
        if word.lower() in {"pip", "pip.exe", "pip3"}:
            return isolated((python, "-m", "pip"))
        path = Path(word)
        return [windows_path(path)] if "/" in word and path.is_file() else [word]

    def _variables(self, given: Mapping[str, str]) -> dict[str, str]:
        own = {**python_variables(self.environment, self.python_folder)}
        if first := given.get("WINEPATH"):
            own["WINEPATH"] = f"{first};{own['WINEPATH']}"
        return {**certificate_variables({**os.environ, **given}), **given, **own}


def up(
    version: str = DEFAULT_VERSION,
    *,
    environment: str | Path = "default",
    root: Path | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Lab:
    """Return the lab, created on first use and started if not running. Safe in parallel.

    ``root`` is its folder (default: ``lab`` in mlcbuild's cache). Raises ``UsageError`` for an
    unknown Python version or on a system other than Linux, ``InputError`` for missing programs
    (with their packages) or an unreachable index, ``FailedError`` where Wine or the compiler fails.
    """
    download = python_download(version)
    if isinstance(environment, str):
        check_name(environment)
    programs = find_programs()
    root = _root(root)
    python = lay_out_python(root, version, notice)
    prefix = make_prefix(root, programs, notice)
    prefix.start()
    lab = Lab(
        root=root,
        prefix=prefix,
        python_folder=python,
        version=download.version,
        environment=python,
    )
    return lab.use(environment)


def down(*, root: Path | None = None, purge: bool = False) -> None:
    """Terminate everything that runs in the lab, whoever started it; ``purge`` deletes its folder.

    Raises like ``up`` for a missing Wine, ``InputError`` where the folder cannot be deleted.
    """
    root = _root(root)
    for prefix in existing_prefixes(root, find_programs()):
        with hold(prefix.folder):  # not while another process starts it
            prefix.stop()
    if purge and root.is_dir():
        remove(root)


def _root(root: Path | None) -> Path:
    return (root or default_cache() / "lab").absolute()
