"""All other dependencies for a system: resolved by uv, downloaded by pip.

pip evaluates markers for the machine it runs on, so that on Linux it omits what only Windows needs
(``colorama; sys_platform == "win32"``). uv resolves for a named platform; pip then downloads
exactly the resolved files, by hash.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.extras import install_extra
from mlcbuild.platforms import AMD64, WINDOWS_AMD64
from mlcbuild.programs import run

if TYPE_CHECKING:
    from mlcbuild.sources.pipconfig import IndexSettings

#: The C library of our Linux wheel (its tag), and the oldest in wheel tags.
_GLIBC: Final = 35
_OLDEST: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """One system: ``name`` as in the manifest, ``uv`` its platform, ``pip`` the options."""

    name: str
    title: str
    uv: str
    pip: tuple[str, ...]


def _platforms(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in ("--platform", name))


WINDOWS: Final = System(name=AMD64, title="Windows", uv=WINDOWS_AMD64.triple, pip=_platforms(AMD64))
#: pip matches platforms exactly: list all that this C library supports.
LINUX: Final = System(
    name="linux_x86_64",
    title="Linux",
    uv=f"x86_64-manylinux_2_{_GLIBC}",
    pip=_platforms(
        *(f"manylinux_2_{minor}_x86_64" for minor in range(_GLIBC, _OLDEST - 1, -1)),
        "manylinux2014_x86_64",
        "manylinux2010_x86_64",
        "manylinux1_x86_64",
    ),
)

#: Keyed by the names of ``mlcbuild wheel --target``.
SYSTEMS: Final = {"host": LINUX, AMD64: WINDOWS}


def require_uv() -> None:
    """Check at the start that uv is installed. Raises ``InputError``."""
    if importlib.util.find_spec("uv") is None:
        raise InputError(
            "uv is not installed with mlcbuild: it resolves the dependencies",
            remedy=f"pip install uv, or mlcbuild with its extra: {install_extra('wheelhouse')}",
        )


def resolve_command(
    *,
    python: str,
    links: Path,
    index: IndexSettings,
    system: System,
    constraints: Sequence[Path] = (),
    offline: bool = False,
) -> list[str]:
    """Return uv's command line; it reads requirements from stdin and prints pins with hashes."""
    command = ["pip", "compile", "-", "--quiet", "--no-header", "--no-annotate"]
    command += ["--generate-hashes", "--no-build", "--no-config", "--index-strategy"]
    command += ["unsafe-best-match", "--python-platform", system.uv]
    command += ["--python-version", python, "--find-links", os.fspath(links)]
    # Our own wheels have a local version label, on a pre-release of upstream's.
    command += ["--prerelease", "if-necessary-or-explicit"]
    command += index.for_uv()
    command += [word for path in constraints for word in ("--constraint", os.fspath(path))]
    command += ["--offline"] if offline else []
    return command


def resolve(
    requirements: Sequence[str],
    *,
    python: str,
    links: Path,
    system: System,
    constraints: Sequence[Path] = (),
    offline: bool = False,
) -> str:
    """Return the pins, with hashes, of ``requirements`` for CPython ``python`` on a system.

    Raises ``FailedError`` where the requirements conflict.
    """
    from mlcbuild.sources.pipconfig import load_settings  # noqa: PLC0415 - asks pip

    index = load_settings()
    command = resolve_command(
        python=python,
        links=links,
        index=index,
        system=system,
        constraints=constraints,
        offline=offline,
    )
    try:
        done = run(
            [sys.executable, "-m", "uv", *command],
            input="".join(f"{requirement}\n" for requirement in requirements).encode(),
            capture_output=True,
            env={**os.environ, **index.uv_environment()},
        )
    except OSError as error:
        raise FailedError(f"uv does not run ({error})", remedy="pip install uv") from error
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode != 0:
        words = " ".join(re.sub(r"[^\x20-\x7e]", " ", said).split())
        raise FailedError(
            f"the dependencies for {system.title} and Python {python} do not resolve: {words}",
            remedy="try another --python, or change the --constraint",
        )
    return str(done.stdout.decode())


def fetch(pins: str, folder: Path, *, python: str, links: Path, system: System) -> None:
    """Download every wheel of ``pins`` into ``folder``.

    Raises ``InputError`` where one cannot be downloaded.
    """
    listed = folder / f"requirements-py{python}.txt"
    listed.write_text(pins, encoding="utf-8", newline="\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--requirement", os.fspath(listed)]
    command += [*system.pip, "--python-version", python, "--implementation", "cp"]
    command += [
        "--only-binary=:all:",
        "--find-links",
        os.fspath(links),
        "--dest",
        os.fspath(folder),
    ]
    done = run(command, capture_output=True)
    if done.returncode != 0:
        errors = [
            line.removeprefix("ERROR: ")
            for line in done.stderr.decode(errors="replace").splitlines()
            if line.startswith("ERROR: ")
        ]
        said = (errors or ["pip failed"])[-1]
        raise InputError(
            f"could not download the dependencies for {system.title}: {said}",
            remedy="check the network, PIP_INDEX_URL and the proxy",
        )
