"""Python packages: the command that installs them into the examined Python, by pip or by uv.

uv makes environments without pip and installs into them itself (``uv pip``, which has other options
than pip; tried with uv 0.13). Source: uv's documentation, Compatibility with pip.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Repair
from mlcbuild.doctor.shell import command, python, same_path, steps

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System


def has_pip(system: System) -> str:
    """Return the folder of the examined Python's pip, or ``""``."""
    places = (system.join(place, "pip") for place in system.python.site_packages)
    return next((place for place in places if system.is_folder(place)), "")


def uses_uv(system: System) -> bool:
    """Return whether uv installs into the examined Python.

    No pip, and uv created it or is installed.

    ``pyvenv.cfg`` of an environment created by uv has a line ``uv = 0.9.1``.
    """
    if has_pip(system):
        return False
    text = system.text(system.join(system.python.prefix, "pyvenv.cfg")) or ""
    return bool(find_uv(system)) or re.search(r"^uv\s*=", text, re.MULTILINE) is not None


def find_uv(system: System) -> str:
    """Return uv's path: on PATH, the one that runs mlcbuild (UV), or its default location."""
    end = ".exe" if system.windows else ""
    usual = system.join(system.home, ".local", "bin", f"uv{end}")
    places = (system.find("uv") or "", system.variable("UV"), usual)
    return next((path for path in places if path and system.is_file(path)), "")


def _words(system: System, arguments: Sequence[str]) -> tuple[str, ...]:
    if not uses_uv(system):
        return (python(system), "-m", "pip", *arguments)
    verb, *rest = arguments
    rest = [word for word in rest if word not in ("-y", "--ignore-installed")]
    rest = ["--reinstall" if word == "--force-reinstall" else word for word in rest]
    active = system.variable("VIRTUAL_ENV")
    own = bool(active) and same_path(system, active, system.python.prefix)
    program = "uv" if system.find("uv") else find_uv(system) or "uv"
    place = () if own else ("--python", system.python.executable)
    return (program, "pip", verb, *place, *rest)


def pip(system: System, *arguments: str) -> str:
    """Return a pip command (``install``, ``uninstall``) for the examined Python."""
    return command(system, *_words(system, arguments))


def pip_steps(system: System, *commands: Sequence[str]) -> str:
    """Return pip commands to run one after the other."""
    return steps(system, *(_words(system, arguments) for arguments in commands))


def pip_repair(system: System, *packages: str) -> Repair | None:
    """Return the repair that installs packages; None outside a virtual environment."""
    own = system.python
    if own.prefix == own.base_prefix:
        return None
    words = _words(system, ("install", *packages))
    program = own.executable if words[1:2] == ("-m",) else find_uv(system)
    if not program:
        return None
    return Repair(
        says=f"install {', '.join(packages)} into the active environment ({own.prefix})",
        undo=pip(system, "uninstall", "-y", *(re.split(r"[<>=!~]", p)[0] for p in packages)),
        command=(program, *words[1:]),
    )
