"""Test the toolchain with a build: a library of one function, built like the real wheel.

``python -m mlcbuild.doctor.trial`` builds in a temporary folder, through pip, scikit-build-core,
the chosen toolchain, ``cmake/policy.cmake`` and the gate; reads the library back out of the wheel;
loads it into Python and calls it. It prints one line of JSON, the fields of ``Trial``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from mlcbuild.programs import find_program, run

_NAME: Final = "mlcbuild_trial"
_ANSWER: Final = 42
#: Seconds, including a first vcvarsall.bat and a slow index.
_LIMIT_S: Final = 540
_LOG_LINES: Final = 12

#: The most telling errors first: our own, the compiler's or linker's, CMake's, pip's.
_ERRORS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"^mlcbuild[\w ]*: error",
        r": (fatal )?error( [A-Z]+\d+)?: ",
        r"^(collect2|ld|cc1plus|c\+\+|g\+\+|clang)[\w.+-]*: ",
        r"^CMake Error",
        r"(?i)^error: (?!subprocess|metadata-gen)",
    )
)

_PYPROJECT: Final = """\
[build-system]
requires = [
  "scikit-build-core>=1.1.2",
  "packaging>=24.2",
  "pyelftools>=0.31",
]
build-backend = "trial_backend"
backend-path = ["."]

[project]
name = "mlcbuild-trial"
version = "1.0"

[tool.scikit-build]
wheel.py-api = "py3"
build-dir = "build"

[tool.mlcbuild.build]
stamp-dir = "mlcbuild_trial"
"""
_CMAKE: Final = """\
cmake_minimum_required(VERSION 3.26)
project(mlcbuild_trial LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
add_library(mlcbuild_trial SHARED trial.cc)
# MinGW-w64: the name that MSVC gives a DLL, and GCC's runtime inside.
if(MINGW)
  set_target_properties(mlcbuild_trial PROPERTIES PREFIX "")
  target_link_options(mlcbuild_trial PRIVATE -static)
endif()
install(TARGETS mlcbuild_trial
  RUNTIME DESTINATION mlcbuild_trial LIBRARY DESTINATION mlcbuild_trial
  ARCHIVE DESTINATION mlcbuild_trial EXCLUDE_FROM_ALL)
"""
#: A string and a lock, so that the C++ library is needed, as in the real wheel.
_SOURCE: Final = """\
#include <mutex>
#include <string>
#ifdef _WIN32
#define TRIAL_EXPORT extern "C" __declspec(dllexport)
#else
#define TRIAL_EXPORT extern "C" __attribute__((visibility("default")))
#endif
static std::mutex lock;
TRIAL_EXPORT int mlcbuild_trial_answer() {
  std::lock_guard<std::mutex> guard(lock);
  return static_cast<int>(std::string(42, 'x').size());
}
"""
_BACKEND: Final = """\
import sys
sys.path.append({root!r})
from mlcbuild.skbuild import *
"""
_LOAD: Final = """\
import ctypes, sys
print(ctypes.CDLL(sys.argv[1]).mlcbuild_trial_answer())
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """The result of the trial. ``step`` is the failed step, empty on success."""

    step: str = ""
    message: str = ""
    #: The first error of the failed step, then its last lines.
    log: list[str] = field(default_factory=list)
    #: From library and stamp: configuration, generator, compiler, crt, machine.
    facts: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def run_trial(folder: Path) -> Trial:
    """Build, read and load the library in an empty folder."""
    began = time.monotonic()
    _lay_out(folder)
    done = _build(folder)
    wheels = sorted((folder / "out").glob("*.whl"))
    if done.returncode != 0 or not wheels:
        log = _error_lines(done.stdout)
        message = log[0] if log else f"pip exited with code {done.returncode}"
        return Trial(step="build", message=message, log=log)
    import zipfile

    with zipfile.ZipFile(wheels[0]) as wheel:
        wheel.extractall(folder / "installed")
    try:
        library, facts = _read(folder / "installed" / _NAME)
    except (OSError, ValueError, KeyError, StopIteration) as error:
        message = f"{type(error).__name__}: {error}"
        return Trial(step="read back", message=message, log=_error_lines(done.stdout))
    loaded = _run([sys.executable, "-c", _LOAD, os.fspath(library)], folder, limit_s=60)
    if loaded.stdout.strip() != str(_ANSWER):
        log = loaded.stdout.splitlines()[-_LOG_LINES:]
        message = log[-1] if log else f"Python exited with code {loaded.returncode}"
        return Trial(step="load", message=message, log=log, facts=facts)
    return Trial(facts=facts, seconds=round(time.monotonic() - began, 1))


def _lay_out(folder: Path) -> None:
    root = os.fspath(Path(__file__).resolve().parents[2])
    for name, text in (
        ("pyproject.toml", _PYPROJECT),
        ("CMakeLists.txt", _CMAKE),
        ("trial.cc", _SOURCE),
        ("trial_backend.py", _BACKEND.format(root=root)),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / _NAME).mkdir()
    (folder / _NAME / "__init__.py").touch()


def _build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "-w", "out", "-v"]
    if not _importable("pip") and (uv := _uv()):
        command = [uv, "build", "--wheel", "--python", sys.executable, "-o", "out", "-v", "."]
    if _has_backend():
        command.append("--no-build-isolation")
    return _run(command, folder, limit_s=_LIMIT_S)


def _uv() -> str:
    """Return the path of uv, which creates environments without pip, or ``""``."""
    return find_program("uv") or os.environ.get("UV", "")


def _importable(*names: str) -> bool:
    import importlib.util

    return all(importlib.util.find_spec(name) is not None for name in names)


def _has_backend() -> bool:
    """Return whether this environment can build without an index.

    Without build isolation pip installs no CMake: a missing or old one needs isolation.
    """
    if not _importable("scikit_build_core", "packaging", "elftools"):
        return False
    from mlcbuild.builder.preflight import CMAKE
    from mlcbuild.toolchain.probe import ask_cmake

    cmake = ask_cmake()
    return cmake is not None and cmake.version[:2] >= CMAKE


def _run(command: list[str], folder: Path, *, limit_s: float) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        # The backend applies the policy; an installed mlcbuild must not apply it again.
        "SKBUILD_NO_ENTRYPOINT_CONFIG": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "VSLANG": "1033",
    }
    try:
        return run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=limit_s,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(
            command, 1, f"error: did not finish in {limit_s:.0f} s\n"
        )


def _error_lines(text: str) -> list[str]:
    """Return the most telling error line, then the last lines."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((line for kind in _ERRORS for line in lines if kind.search(line)), "")
    if first.endswith("(message):"):  # CMake puts the message on the next line
        first = " ".join(lines[lines.index(first) : lines.index(first) + 2])
    tail = [line for line in lines[-_LOG_LINES:] if line != first]
    return [first, *tail] if first else tail


def _read(package: Path) -> tuple[Path, dict[str, str]]:
    """Read stamp and library; machine and C runtime are read from the image."""
    stamp: dict[str, Any] = json.loads((package / "_build.json").read_bytes())
    name = next(path for path in stamp["files"] if _NAME in path["path"])["path"]
    library = package / name.rpartition("/")[2]
    facts = {
        "configuration": str(stamp["configuration"]),
        "generator": str(stamp["generator"]),
        "compiler": "{id} {version}".format(**stamp["compiler"]),
        "crt": str(stamp["crt"]),
        "machine": str(stamp["target"]["machine"]),
    }
    if library.suffix == ".dll":
        from mlcbuild.pe.reader import read_image

        image = read_image(library.read_bytes(), path=library.name)
        facts |= {"crt": image.crt, "machine": image.machine}
    return library, facts


def main() -> int:
    """Run the trial and print it."""
    import tempfile

    with tempfile.TemporaryDirectory(
        prefix="mlcbuild-trial-", ignore_cleanup_errors=True
    ) as folder:
        trial = run_trial(Path(folder))
    sys.stdout.write(json.dumps(asdict(trial)) + "\n")
    return int(bool(trial.step))


if __name__ == "__main__":
    sys.exit(main())
