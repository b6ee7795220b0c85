"""Make the environment that a script runs in, starting from a bare Python 3.11+.

Not run by itself: the scripts beside it import it. Only the standard library is used here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, os.fspath(ROOT / "python"))

from mlcbuild import programs  # noqa: E402 - after the path is set; needs nothing installed
from mlcbuild.commandline import Parser  # noqa: E402, F401 - for the scripts beside this
from mlcbuild.programs import find_program  # noqa: E402
from mlcbuild.pythonversions import OLDEST  # noqa: E402

#: What starts here starts Python hundreds of times: without bytecode each compiles what it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

ENVIRONMENTS = ROOT / ".venv"
#: Python compiles what is imported, when it is: most files never are.
PIP = ("--quiet", "--disable-pip-version-check", "--no-compile")
#: Program -> Debian package, of the lab (mlcbuild/lab/programs.py).
LAB = {"x86_64-w64-mingw32-g++-posix": "g++-mingw-w64-x86-64-posix", "wine": "wine"}


def pinned(component: str) -> str:
    """Return the release of the package index that 3rdparty/sources.toml pins."""
    try:
        import tomllib  # noqa: PLC0415
    except ModuleNotFoundError:  # a Python that is too old, as environment() says
        return ""
    lock = tomllib.loads((ROOT / "3rdparty" / "sources.toml").read_text(encoding="utf-8"))
    return str(lock[component]["release"])


class StepError(Exception):
    """A step failed; its own output says why. Carries the exit code to pass on."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def say(text: str) -> None:
    """Print a heading that stands out from the tools' own output."""
    print(f"\n== {text}", flush=True)


def _placed(variables: dict[str, str]) -> dict[str, Any]:
    """Return where a command runs, and with which variables."""
    return {"cwd": ROOT, "env": {**os.environ, **variables}}


def run(*command: str | os.PathLike[str], ok: tuple[int, ...] = (0,), **env: str) -> int:
    """Run a command in the project's folder, showing its output; return its exit code."""
    began = time.monotonic()
    words = [os.fspath(word) for word in command]
    code: int = programs.run(words, **_placed(env)).returncode
    took = time.monotonic() - began
    print(f"   ({took:.1f} s) {' '.join(words[:6])}{' ...' if words[6:] else ''}", flush=True)
    if code not in ok:
        raise StepError(f"{Path(words[0]).name} {' '.join(words[1:4])} failed (exit {code})", code)
    return code


def start(*command: str | os.PathLike[str], **env: str) -> subprocess.Popen[bytes]:
    """Start a command in the project's folder beside what follows; what it prints is dropped."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = [os.fspath(word) for word in command]
    return programs.start(words, **_placed(env), **silent)


def output(*command: str | os.PathLike[str], **env: str) -> str:
    """Return what a command in the project's folder prints."""
    piped = {"stdout": subprocess.PIPE, "encoding": "utf-8"}
    done = programs.run(command, check=True, **_placed(env), **piped)
    return str(done.stdout).strip()


def environment(name: str, *requirements: str) -> Path:
    """Return the Python of a virtual environment with mlcbuild and ``requirements`` in it.

    It is kept below ``.venv`` and made anew when the requirements change.
    """
    if sys.version_info < OLDEST:
        raise StepError(
            f"Python {sys.version.split()[0]} is too old: "
            f"run this with Python {OLDEST[0]}.{OLDEST[1]} or newer",
            2,
        )
    folder = ENVIRONMENTS / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    declared = (ROOT / "python" / "pyproject.toml").read_bytes()
    text = repr((requirements, sys.version, os.fspath(ROOT))).encode() + declared
    wanted = hashlib.sha256(text).hexdigest()
    marker = folder / "requirements.sha256"
    if python.exists() and marker.exists() and marker.read_text(encoding="utf-8") == wanted:
        return python
    say(f"making the environment {folder.relative_to(ROOT)}")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError as error:
        raise StepError(
            "this Python cannot make environments: install its venv module "
            "(Debian: apt-get install python3-venv)"
        ) from error
    from mlcbuild.sources.pipconfig import load_settings  # noqa: PLC0415 - not for an old Python

    # uv takes a sixth of pip's time; where to look, pip's settings say.
    run(python, "-m", "pip", "install", *PIP, "uv>=0.5")
    index = load_settings()
    options = ("--quiet", "--python", python, *index.for_uv())
    run(python, "-m", "uv", "pip", "install", *options, *requirements, **index.uv_environment())
    marker.write_text(wanted, encoding="utf-8")
    return python


def install_packages(packages: set[str]) -> None:
    """Install Debian packages where apt and its rights are at hand, else say the command."""
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *sorted(packages)]
    if not find_program("apt-get") or os.name == "nt" or os.geteuid() != 0:
        raise StepError(f"programs are missing: sudo {' '.join(command)}", 3)
    say(f"installing {', '.join(sorted(packages))}")
    programs.run(["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL)
    run(*command, DEBIAN_FRONTEND="noninteractive")


def have_lab_programs() -> None:
    """Have what `mlcbuild lab` needs: Wine and a MinGW compiler."""
    absent = {package for tool, package in LAB.items() if not find_program(tool)}
    if sys.platform.startswith("linux") and absent:
        install_packages(absent | ({"wine64"} if "wine" in absent else set()))


def on_path(python: Path) -> str:
    """Return a PATH with the environment's programs first."""
    return os.pathsep.join((os.fspath(python.parent), os.environ.get("PATH", "")))


def main_of(work: Callable[[], None]) -> int:
    """Run a script's ``work()``: a failed step is one line and its exit code."""
    try:
        work()
    except StepError as error:
        print(f"\nfailed: {error}", file=sys.stderr)
        return error.code if error.code > 0 else 1
    except KeyboardInterrupt:
        print("\ninterrupted; the next run continues", file=sys.stderr)
        return 130
    return 0
