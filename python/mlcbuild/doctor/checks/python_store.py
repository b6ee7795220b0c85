"""``python-store``: Python is not the Microsoft Store's."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, warn
from mlcbuild.doctor.installers import install_python

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    if "\\windowsapps\\" not in f"{python.base_prefix}\\{python.executable}".lower():
        return ok("Python is not a Store app")
    return warn(
        "this Python is the Microsoft Store's: Windows redirects its files below AppData, "
        "and other programs do not find them there",
        evidence=(python.executable, f"installed in {python.base_prefix}"),
        fix=install_python(system, f"{python.version[0]}.{python.version[1]}"),
    )


CHECK = Check(
    title="Python is not a Store app",
    why="The Store's Python is a packaged app: caches below AppData go to a private copy that "
    "CMake and Cargo do not see, they may not read its folder, and its paths are long.",
    source="Python documentation, Using Python on Windows, Known issues",
    run=_run,
    platforms=("win32",),
)
