r"""The shell a command is for: the one mlcbuild was started from, or each possible one.

cmd.exe sets PROMPT for its children, PowerShell adds its user folder to PSModulePath, and the bash
of Git and MSYS2 sets MSYSTEM; but each also passes on what it inherited: a PowerShell started from
cmd has PROMPT too. Where the variables allow two shells, the chain of parent processes decides;
where it is unknown, the command is given for both.

Sources: Microsoft, about_PSModulePath; Microsoft, cmd and prompt; MSYS2, environments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlcbuild.doctor.system import System

__all__ = ["Shell", "shells_of", "spelt", "spelt_for"]

Shell = Literal["powershell", "cmd", "sh"]

_PROGRAMS: Final[dict[str, Shell]] = {
    "cmd.exe": "cmd",
    "powershell.exe": "powershell",
    "powershell_ise.exe": "powershell",
    "pwsh.exe": "powershell",
    "bash.exe": "sh",
    "sh.exe": "sh",
    "zsh.exe": "sh",
    "dash.exe": "sh",
    "fish.exe": "sh",
}
_NAMES: Final[dict[Shell, str]] = {"powershell": "PowerShell", "cmd": "cmd", "sh": "bash"}
#: The folder of a user's modules, or PowerShell 7's own: only a PowerShell sets them. The folders
#: of Windows PowerShell below Program Files and System32 are in every process.
_MODULES: Final = re.compile(
    r"(?<!program files)(?<!program files \(x86\))\\(windows)?powershell\\modules\\?$"
    r"|\\powershell\\7[^\\]*\\modules\\?$",
    re.IGNORECASE,
)


def shells_of(system: System) -> tuple[Shell, ...]:
    """Return the shell that mlcbuild was started from, or both candidates."""
    if not system.windows:
        return ("sh",)
    signs: dict[Shell, bool] = {
        "powershell": any(map(_MODULES.search, system.variable("PSModulePath").split(";"))),
        "cmd": bool(system.variable("PROMPT")),
        "sh": bool(system.variable("MSYSTEM")),
    }
    possible = tuple(shell for shell, seen in signs.items() if seen)
    if len(possible) > 1:
        known = (_PROGRAMS.get(program.lower()) for program in system.callers())
        nearest = next((shell for shell in known if shell), None)
        possible = (nearest,) if nearest else ("sh",) if signs["sh"] else possible
    return possible or ("powershell", "cmd")  # an editor, a service


def spelt(system: System, spell: Callable[[Shell], str]) -> str:
    """Return a command for the current shell; one line per shell where it is not known."""
    return spelt_for(shells_of(system), spell)


def spelt_for(shells: Iterable[Shell], spell: Callable[[Shell], str]) -> str:
    """Return a command for these shells: once if the same in all, else one line each."""
    commands = {shell: spell(shell) for shell in shells}
    if len(set(commands.values())) == 1:
        return next(iter(commands.values()))
    return "\n".join(f"in {_NAMES[shell]}: {text}" for shell, text in commands.items())
