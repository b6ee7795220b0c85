"""``pip``: is there for this Python, and may install into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.model import Check, Outcome, Repair, fail, ok, warn
from mlcbuild.doctor.shell import command, install, python

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    own = system.python
    in_venv = own.prefix != own.base_prefix
    places = [p for p in own.site_packages if system.is_folder(system.join(p, "pip"))]
    if not places:
        return _absent(system, in_venv=in_venv)
    marker = system.join(_library(system), "EXTERNALLY-MANAGED")
    if not in_venv and system.is_file(marker):
        return warn(
            "this Python belongs to the system: pip refuses to install into it",
            evidence=(marker,),
            fix=command(system, python(system), "-m", "venv", ".venv"),
        )
    if not in_venv and not system.windows and not system.writable(places[0]):
        return warn(
            "this Python's packages belong to another user: pip installs for this user instead",
            evidence=(places[0],),
            fix=command(system, python(system), "-m", "venv", ".venv"),
        )
    return ok("pip is there", evidence=[system.join(place, "pip") for place in places])


def _absent(system: System, *, in_venv: bool) -> Outcome:
    bundled = system.join(_library(system), "ensurepip", "__init__.py")
    if not system.is_file(bundled):
        fix = install(
            system, windows="Python.Python.3.12", macos="brew install python", apt="python3-venv"
        )
        return fail("this Python has no pip and cannot make one", evidence=(bundled,), fix=fix)
    words = (python(system), "-m", "ensurepip", "--upgrade")
    return fail(
        "this Python has no pip",
        evidence=(system.python.executable,),
        fix=command(system, *words),
        repair=Repair(
            says="bring pip into the active environment (python -m ensurepip)",
            undo="python -m pip uninstall pip",
            command=(system.python.executable, *words[1:]),
        )
        if in_venv
        else None,
    )


def _library(system: System) -> str:
    """Return the folder of the standard library."""
    own = system.python
    if system.windows:
        return system.join(own.base_prefix, "Lib")
    return system.join(own.base_prefix, "lib", f"python{own.version[0]}.{own.version[1]}")


CHECK = Check(
    id="pip",
    title="pip can install into this Python",
    category="python",
    why="An environment that was made by uv or with --without-pip has no pip, and `python -m pip` "
    "of another Python installs elsewhere. Distributions' own Pythons refuse pip (PEP 668).",
    source="PEP 668; Python documentation, ensurepip",
    run=_run,
)
