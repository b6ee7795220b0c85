r"""Commands to copy, spelt for the shell that mlcbuild was started from, or for each possible one.

cmd.exe sets PROMPT for its children, PowerShell adds its user folder to PSModulePath, and the bash
of Git and MSYS2 sets MSYSTEM; but each also passes on what it inherited: a PowerShell started from
cmd has PROMPT too. Where the variables allow two shells, the chain of parent processes decides;
where it is unknown, the command is given for both.

Sources: Microsoft, about_PSModulePath; Microsoft, cmd and prompt; MSYS2, environments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

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


#: Words that need no quotes. PowerShell reads a comma as a list and @ as splatting, and splits
#: words that begin with a dash at their first dot or colon.
_PLAIN: Final[dict[Shell, re.Pattern[str]]] = {
    "cmd": re.compile(r"[\w@%+=:,./\\-]+"),
    "powershell": re.compile(r"(?!-\w*[=:.])[\w%+=:./\\-]+"),
    "sh": re.compile(r"[\w@%+=:,./-]+"),
}


def quote(shell: Shell, word: str) -> str:
    """Quote one word where it needs it."""
    if word and _PLAIN[shell].fullmatch(word):
        return word
    if shell == "cmd":
        return f'"{word}"'
    if shell == "powershell":
        return "'" + word.replace("'", "''") + "'"
    return "'" + word.replace("'", "'\\''") + "'"


def line(system: System, shell: Shell, words: Sequence[str]) -> str:
    """Return one command line; PowerShell needs ``&`` before a quoted program."""
    text = " ".join(quote(shell, word) for word in words)
    if shell == "powershell" and text.startswith("'"):
        return f"& {text}"
    if shell == "sh" and system.windows and any(re.match(r"/\w", word) for word in words[1:]):
        # Git's and MSYS2's bash would convert it to a path.
        return f"MSYS_NO_PATHCONV=1 {text}"
    return text


def command(system: System, *words: str) -> str:
    """Return a command of these words."""
    return spelt(system, lambda shell: line(system, shell, words))


def steps(system: System, *commands: Sequence[str]) -> str:
    """Return commands that run one after the other, each only if the previous one succeeded."""
    # Windows PowerShell 5.1 has no &&.
    return spelt(
        system,
        lambda shell: ("; " if shell == "powershell" else " && ").join(
            line(system, shell, words) for words in commands
        ),
    )


def python(system: System) -> str:
    """Return ``python`` where PATH finds the examined one, else its path."""
    executable = system.python.executable
    for name in ("python", "python3"):
        first = system.find(name)
        if first is not None and same_path(system, first, executable):
            return name
    return executable or "python"


def same_path(system: System, one: str, other: str) -> bool:
    """Return whether two paths are equal, as the examined system compares them."""
    normal = system.path.normcase
    return bool(normal(system.path.normpath(one)) == normal(system.path.normpath(other)))


def unset(system: System, *names: str) -> str:
    """Return the command that removes environment variables in this shell."""
    return spelt(system, lambda shell: unset_in(shell, *names))


def unset_in(shell: Shell, *names: str) -> str:
    """Return the command that removes environment variables in one shell."""
    # cmd would take a blank before & as part of the value.
    cmd = 'set "{}="' if names[1:] else "set {}="
    forms = {"cmd": cmd, "powershell": "Remove-Item Env:{}", "sh": "unset {}"}
    return _each(shell, [forms[shell].format(name) for name in names])


def set_variables(system: System, **values: str) -> str:
    """Return the command that sets environment variables in this shell."""
    return spelt(system, lambda shell: set_in(shell, **values))


def set_in(shell: Shell, **values: str) -> str:
    """Return the command that sets environment variables in one shell."""
    if shell == "cmd":
        return _each(shell, [f'set "{name}={value}"' for name, value in values.items()])
    if shell == "powershell":
        return _each(shell, [f"$env:{n} = {_single(value)}" for n, value in values.items()])
    return _each(shell, [f"export {n}={quote(shell, value)}" for n, value in values.items()])


def _each(shell: Shell, commands: list[str]) -> str:
    """Join independent commands."""
    return (" & " if shell == "cmd" else "; ").join(commands)


def as_administrator(system: System, program: str, arguments: str) -> str:
    """Return the command that runs with administrator rights, after Windows' consent prompt."""
    start = f"Start-Process {program} -Verb RunAs -ArgumentList '{arguments}'"
    forms: dict[Shell, str] = {
        "powershell": start,
        "cmd": f'powershell -NoProfile -Command "{start}"',
        "sh": f'powershell -NoProfile -Command "{start}"',
    }
    return spelt(system, lambda shell: forms[shell])


def prepend_path(system: System, folder: str) -> str:
    """Return the command that puts a folder first on PATH, in this shell."""

    def spell(shell: Shell) -> str:
        if shell == "cmd":
            return f'set "PATH={folder};%PATH%"'
        if shell == "powershell":
            return f"$env:PATH = {_single(folder)} + ';' + $env:PATH"
        if system.windows:
            return f'export PATH="$(cygpath {_single(folder)}):$PATH"'
        return f'export PATH="{folder}:$PATH"'

    return spelt(system, spell)


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def rename(system: System, old: str, new: str) -> str:
    """Return the command that renames a file in its folder."""
    name = system.path.basename(new)
    forms = {
        "cmd": f'ren "{old}" "{name}"',
        "powershell": line(system, "powershell", ("Rename-Item", old, name)),
        "sh": line(system, "sh", ("mv", old, new)),
    }
    return spelt(system, lambda shell: forms[shell])


def remove_folder(system: System, path: str) -> str:
    """Return the command that removes a folder; only printed, never run by mlcbuild."""
    forms = {
        "cmd": f'rmdir /s /q "{path}"',
        "powershell": line(system, "powershell", ("Remove-Item", "-Recurse", "-Force", path)),
        "sh": line(system, "sh", ("rm", "-r", path)),
    }
    return spelt(system, lambda shell: forms[shell])
