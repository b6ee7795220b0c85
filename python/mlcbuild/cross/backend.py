"""Call a project's build backend in an isolated environment for another Python."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.extras import install_extra
from mlcbuild.platforms import WINDOWS

if TYPE_CHECKING:
    from build.env import DefaultIsolatedEnv

    from mlcbuild.cross.project import CrossProject
    from mlcbuild.cross.windows_python import WindowsPython

__all__ = ["Backend", "environment_for", "install", "told"]

_HOOK: Final = Path(__file__).parent / "child" / "hook.py"
#: Variables for this machine's compilers; the toolchain file sets the target's.
_OF_THIS_MACHINE: Final = ("CC", "CXX", "CPP", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS")


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """The backend of ``project`` in the environment ``env``.

    ``folder`` is for its request files.
    """

    project: CrossProject
    env: DefaultIsolatedEnv
    folder: Path
    jobs: str
    #: Runs a command with this environment in this folder; returns its exit code.
    run: Callable[[list[str], Mapping[str, str], Path], int]

    def requires(self, python: WindowsPython, settings: Mapping[str, str]) -> list[str]:
        """Return the build requirements beyond ``build-system.requires``."""
        return list(self._call("get_requires_for_build_wheel", (), python, settings))

    def wheel(self, into: Path, python: WindowsPython, settings: Mapping[str, str]) -> Path:
        """Build the wheel into ``into``. Raises ``FailedError``; the output shows why."""
        name = self._call("build_wheel", (os.fspath(into),), python, settings)
        return into / str(name)

    def _call(
        self,
        hook: str,
        arguments: tuple[str, ...],
        python: WindowsPython,
        settings: Mapping[str, str],
    ) -> Any:  # noqa: ANN401 - what the hook answers
        answer = self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        request = {
            "hook": hook,
            "arguments": arguments,
            "settings": dict(settings),
            "backend": self.project.backend,
            "backend_path": self.project.backend_path,
            "target": told(python),
            "folder": os.fspath(self.folder),
            "answer": os.fspath(answer),
        }
        path = self.folder / "request.json"
        path.write_text(json.dumps(request), encoding="utf-8")
        command = [self.env.python_executable, os.fspath(_HOOK), os.fspath(path)]
        if self.run(command, self._environment(), self.project.folder) != 0 or not answer.is_file():
            raise FailedError(
                f"{self.project.folder.name} does not build for Windows Python "
                f"{python.target.version}",
                remedy="see the first error above",
            )
        return json.loads(answer.read_text(encoding="utf-8"))

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in _OF_THIS_MACHINE}
        kept.pop("PYTHONHOME", None)
        scripts = os.fspath(Path(self.env.python_executable).parent)
        jobs = self.jobs or str(os.cpu_count() or 1)
        return {
            **kept,
            "PATH": os.pathsep.join((scripts, kept.get("PATH", ""))),
            "CMAKE_BUILD_PARALLEL_LEVEL": kept.get("CMAKE_BUILD_PARALLEL_LEVEL", jobs),
        }


def told(python: WindowsPython) -> dict[str, Any]:
    """Return the hook's request with the target's facts."""
    target = python.target
    platform = WINDOWS[target.platform]
    return {
        "minor": target.minor,
        "micro": target.micro,
        "abi": target.abi,
        "platform": target.platform,
        "host_platform": platform.sysconfig,
        "processor": platform.processor,
        "folder": os.fspath(python.folder),
        "include": os.fspath(python.include),
        "variables": {
            "ABIFLAGS": "t" if target.free_threaded else "",
            "EXT_SUFFIX": f".{target.soabi}.pyd",
            "INCLUDEPY": os.fspath(python.include),
            "Py_DEBUG": 0,
            "Py_GIL_DISABLED": int(target.free_threaded),
            "SOABI": target.soabi,
        },
    }


@contextmanager
def environment_for(project: CrossProject) -> Iterator[DefaultIsolatedEnv]:
    """Yield an environment with ``build-system.requires`` installed.

    Raises ``FailedError`` where pypa's build is not installed, ``InputError`` where a requirement
    cannot be installed.
    """
    try:
        from build.env import DefaultIsolatedEnv  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise FailedError(
            "mlcbuild cross needs pypa's build to create environments",
            remedy=install_extra("cross"),
        ) from error
    with DefaultIsolatedEnv() as env:
        install(env, project.requires)
        yield env


def install(env: DefaultIsolatedEnv, requirements: list[str]) -> None:
    """Install into the environment. Raises ``InputError`` with pip's last line."""
    try:
        env.install(requirements)
    except subprocess.CalledProcessError as error:
        said = (
            ((error.output or b"") + (error.stderr or b""))
            .decode(errors="replace")
            .strip()
            .splitlines()
        )
        why = next((line for line in said if line.startswith("ERROR:")), said[-1] if said else "")
        raise InputError(
            f"the project's build requirements cannot be installed: {why}",
            remedy="check its build-system.requires, and the index (pip config list)",
        ) from error
