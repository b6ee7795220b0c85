"""``python-alias``: ``python`` on PATH is a Python, not the alias that opens the Store."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, warn

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    first = system.find("python")
    if first is None or "\\windowsapps" not in first.lower():
        return ok(f"python is {first or 'not on PATH'}")
    entry = system.entry(first)
    if (entry is not None and entry.size) or "\\windowsapps" in system.python.base_prefix.lower():
        return ok(f"python is {first}")
    # The install manager's aliases have size 0 too, but start a Python.
    manager = system.join(system.path.dirname(first), "pymanager.exe")
    if system.is_file(manager):
        return ok("python is the alias of the Python install manager", evidence=(first, manager))
    if system.run(first, "--version").good:
        return ok(f"python is {first}", evidence=("the alias starts a Python",))
    return warn(
        "python on PATH is the alias that opens the Microsoft Store: turn it off under App "
        "execution aliases",
        evidence=(f"{first}: 0 bytes", f"this Python is {system.python.executable}"),
        fix="start ms-settings:advanced-apps",
    )


CHECK = Check(
    title="python on PATH is a Python",
    why="Windows has a python.exe of size 0 that opens the Store. Where it comes first, CMake and "
    "scripts that call python get exit code 9009 and no message. The install manager's "
    "alias has the same form and works.",
    source="Python documentation, Using Python on Windows, Python install manager; PEP 773",
    run=_run,
    waits=True,
    platforms=("win32",),
)
