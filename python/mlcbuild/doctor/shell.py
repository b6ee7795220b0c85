"""Commands to copy, spelt for the shell and the system of the examined machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.doctor.model import Repair

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = [
    "Shell",
    "both",
    "command",
    "install",
    "pip",
    "pip_repair",
    "prepend_path",
    "remove_folder",
    "rename",
    "set_variable",
    "shell_of",
    "unset",
]

Shell = Literal["cmd", "powershell", "sh"]

_PLAIN: Final = re.compile(r"[\w@%+=:,./\\-]+")
#: The package managers of Linux, in the order in which they are looked for.
_MANAGERS: Final = {
    "apt-get": "apt-get install -y",
    "dnf": "dnf install -y",
    "pacman": "pacman -S --noconfirm",
    "zypper": "zypper install -y",
}


def shell_of(system: System) -> Shell:
    """Tell the shell that mlcbuild was started from.

    cmd.exe alone sets PROMPT for its children; Git's and MSYS's bash set MSYSTEM.
    """
    if not system.windows or system.variable("MSYSTEM"):
        return "sh"
    return "cmd" if system.variable("PROMPT") else "powershell"


def quote(system: System, word: str) -> str:
    """Quote one word where it needs it."""
    if word and _PLAIN.fullmatch(word):
        return word
    shell = shell_of(system)
    if shell == "cmd":
        return f'"{word}"'
    if shell == "powershell":
        return "'" + word.replace("'", "''") + "'"
    return "'" + word.replace("'", "'\\''") + "'"


def command(system: System, *words: str) -> str:
    """Return a command line; PowerShell needs ``&`` before a quoted program."""
    line = " ".join(quote(system, word) for word in words)
    return f"& {line}" if shell_of(system) == "powershell" and line.startswith("'") else line


def pip(system: System, *arguments: str) -> str:
    """Return a pip command for the examined Python."""
    return command(system, python(system), "-m", "pip", *arguments)


def pip_repair(system: System, *packages: str) -> Repair | None:
    """Return the repair that installs packages, where a virtual environment takes them."""
    own = system.python
    if own.prefix == own.base_prefix:
        return None
    words = ("-m", "pip", "install", *packages)
    return Repair(
        says=f"install {', '.join(packages)} into the active environment ({own.prefix})",
        undo=pip(system, "uninstall", "-y", *(re.split(r"[<>=!~]", p)[0] for p in packages)),
        command=(own.executable, *words),
    )


def python(system: System) -> str:
    """Return ``python`` where that is the examined one on PATH, else its path."""
    executable = system.python.executable
    for name in ("python", "python3"):
        first = system.find(name)
        if first is not None and _same(system, first, executable):
            return name
    return executable or "python"


def _same(system: System, one: str, other: str) -> bool:
    normal = system.path.normcase
    return bool(normal(system.path.normpath(one)) == normal(system.path.normpath(other)))


def both(system: System, *commands: str) -> str:
    """Return commands to run one after the other, each if the one before went well."""
    # Windows' own PowerShell (5.1) does not know &&.
    return ("; " if shell_of(system) == "powershell" else " && ").join(commands)


def unset(system: System, name: str) -> str:
    """Return the command that removes an environment variable in this shell."""
    return {
        "cmd": f"set {name}=",
        "powershell": f"Remove-Item Env:{name}",
        "sh": f"unset {name}",
    }[shell_of(system)]


def set_variable(system: System, name: str, value: str) -> str:
    """Return the command that sets an environment variable in this shell."""
    shell = shell_of(system)
    if shell == "cmd":
        return f'set "{name}={value}"'
    if shell == "powershell":
        return f"$env:{name} = '{value.replace(chr(39), chr(39) * 2)}'"
    return f"export {name}={quote(system, value)}"


def prepend_path(system: System, folder: str) -> str:
    """Return the command that puts a folder first on PATH, in this shell."""
    shell = shell_of(system)
    if shell == "cmd":
        return f'set "PATH={folder};%PATH%"'
    if shell == "powershell":
        return f"$env:PATH = {_single(folder)} + ';' + $env:PATH"
    if system.windows:
        return f'export PATH="$(cygpath {_single(folder)}):$PATH"'
    return f'export PATH="{folder}:$PATH"'


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def rename(system: System, old: str, new: str) -> str:
    """Return the command that renames a file in its folder."""
    shell = shell_of(system)
    if shell == "cmd":
        return f'ren "{old}" "{system.path.basename(new)}"'
    if shell == "powershell":
        return f"Rename-Item {quote(system, old)} {quote(system, system.path.basename(new))}"
    return f"mv {quote(system, old)} {quote(system, new)}"


def remove_folder(system: System, path: str) -> str:
    """Return the command that removes a folder: for the user to run, never run by us."""
    shell = shell_of(system)
    if shell == "cmd":
        return f'rmdir /s /q "{path}"'
    if shell == "powershell":
        return f"Remove-Item -Recurse -Force {quote(system, path)}"
    return f"rm -r {quote(system, path)}"


def install(
    system: System,
    *,
    windows: str = "",
    macos: str = "",
    apt: str = "",
    dnf: str = "",
    pacman: str = "",
    zypper: str = "",
) -> str:
    """Return the command that installs a program.

    ``windows`` is an id for winget, ``macos`` a whole command, the others are package names.
    """
    if system.windows:
        return f"winget install --exact --id {windows}"
    if system.platform == "darwin":
        return macos
    names = {"apt-get": apt, "dnf": dnf, "pacman": pacman, "zypper": zypper}
    for manager, words in _MANAGERS.items():
        if names[manager] and system.find(manager):
            sudo = "sudo " if system.find("sudo") else ""
            return f"{sudo}{words} {names[manager]}"
    return f"install {apt} with your distribution's package manager"
