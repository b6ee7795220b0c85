"""``pip``: pip is available for this Python and may install into it."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, Repair, System, fail, ok, skip, warn
from mlcbuild.doctor.installers import install_python
from mlcbuild.doctor.packages import find_uv, has_pip, uses_uv
from mlcbuild.doctor.shell import command, python, steps, unset
from mlcbuild.doctor.tools import tool_environment

__all__ = ["CHECK"]

_ON: Final = ("1", "true", "yes", "on")


def _run(system: System) -> Outcome:
    own = system.python
    in_venv = own.prefix != own.base_prefix
    if tool := tool_environment(system):
        return skip(f"mlcbuild runs in an environment of {tool}, which takes no other packages")
    place = has_pip(system)
    if not place and uses_uv(system):
        return ok("no pip: uv installs into this environment", evidence=(find_uv(system) or "uv",))
    if not place and system.is_folder(system.join(own.prefix, "conda-meta")) and _pixi(system):
        return ok("no pip: pixi installs into this environment", evidence=(own.prefix,))
    if not place:
        return _absent(system, in_venv=in_venv)
    if astray := _astray(system, in_venv=in_venv):
        name, what = astray
        line = f"{name}={system.variable(name)}"
        required = name == "PIP_REQUIRE_VIRTUALENV"
        fix = _new_environment(system) if required else unset(system, name)
        return warn(f"{line} {what}", evidence=(line,), fix=fix)
    marker = system.join(_library(system), "EXTERNALLY-MANAGED")
    if not in_venv and system.is_file(marker):
        if find_uv(system) and "uv" in system.path.normcase(own.base_prefix):
            return ok("this Python is uv's: packages go into environments", evidence=(marker,))
        return warn(
            "this Python belongs to the system: pip refuses to install into it",
            evidence=(marker,),
            fix=_new_environment(system),
        )
    if not in_venv and not system.windows and not system.writable(system.path.dirname(place)):
        return warn(
            "this Python's packages belong to another user: pip uses the user folder instead",
            evidence=(system.path.dirname(place),),
            fix=_new_environment(system),
        )
    return ok("pip is available", evidence=(place,))


def _astray(system: System, *, in_venv: bool) -> tuple[str, str] | None:
    """Return a variable that misdirects pip, and its effect."""
    if in_venv and system.variable("PIP_USER").lower() in _ON:
        return "PIP_USER", "makes pip refuse every install into this environment"
    if not in_venv and system.variable("PIP_REQUIRE_VIRTUALENV").lower() in _ON:
        return "PIP_REQUIRE_VIRTUALENV", "makes pip refuse every install outside an environment"
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"):
        if system.variable(name):
            return name, "makes pip install into a folder this Python does not search"
    if ":all:" in system.variable("PIP_NO_BINARY"):
        return "PIP_NO_BINARY", "makes pip compile every package instead of using its wheel"
    return None


def _pixi(system: System) -> bool:
    return f"{system.path.sep}.pixi{system.path.sep}" in system.python.prefix


def _absent(system: System, *, in_venv: bool) -> Outcome:
    if system.is_folder(system.join(system.python.prefix, "conda-meta")):
        return fail(
            "this conda environment has no pip",
            evidence=(system.python.executable,),
            fix=command(system, "conda", "install", "-y", "-p", system.python.prefix, "pip"),
        )
    bundled = system.join(_library(system), "ensurepip", "__init__.py")
    if not system.is_file(bundled):
        return fail(
            "this Python has no pip and no ensurepip",
            evidence=(bundled,),
            fix=install_python(system),
        )
    words = (python(system), "-m", "ensurepip", "--upgrade")
    return fail(
        "this Python has no pip",
        evidence=(system.python.executable,),
        fix=command(system, *words),
        repair=Repair(
            says="install pip into the active environment (python -m ensurepip)",
            undo="python -m pip uninstall pip",
            command=(system.python.executable, *words[1:]),
        )
        if in_venv
        else None,
    )


def _new_environment(system: System) -> str:
    """Return the command that creates an environment; Debian has venv in a separate package."""
    make = (python(system), "-m", "venv", ".venv")
    bundled = system.join(_library(system), "ensurepip", "__init__.py")
    if system.is_file(bundled) or not system.find("apt-get"):
        return command(system, *make)
    sudo = ("sudo",) if system.find("sudo") else ()
    return steps(system, (*sudo, "apt-get", "install", "-y", "python3-venv"), make)


def _library(system: System) -> str:
    """Return the folder of the standard library."""
    own = system.python
    if system.windows:
        return system.join(own.base_prefix, "Lib")
    return system.join(own.base_prefix, "lib", f"python{own.version[0]}.{own.version[1]}")


CHECK = Check(
    title="pip can install into this Python",
    why="An environment created with --without-pip has no pip, and `python -m pip` of "
    "another Python installs elsewhere. Environments of uv and pixi have no pip by design. "
    "Distributions' own Pythons refuse pip (PEP 668).",
    source="PEP 668; Python documentation, ensurepip; pip, Configuration; uv, uv pip",
    run=_run,
)
