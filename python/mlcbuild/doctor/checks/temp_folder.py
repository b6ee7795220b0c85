"""``temp-folder``: the temporary folder exists and is writable."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.shell import line, same_path, set_variables, unset
from mlcbuild.doctor.shells import Shell, spelt

__all__ = ["CHECK"]

#: Python's order; Windows' GetTempPath reads TMP before TEMP.
_VARIABLES: Final = ("TMPDIR", "TEMP", "TMP")


def _run(system: System) -> Outcome:
    named = [(name, value) for name in _VARIABLES if (value := system.variable(name))]
    default = system.join(system.home, "AppData", "Local", "Temp") if system.windows else "/tmp"  # noqa: S108
    for name, folder in named or [("", default)]:
        outcome = _judge(system, name, folder, default)
        if outcome.status != "ok":
            return outcome
    return ok(
        "the temporary folder is writable",
        evidence=[f"{name}={folder}" for name, folder in named] or [default],
    )


def _judge(system: System, name: str, folder: str, default: str) -> Outcome:
    text = f"{name}={folder}" if name else folder
    if not system.is_folder(folder):
        make, words = fail, f"the temporary folder does not exist: {text}"
    elif not system.writable(folder):
        make, words = fail, f"the temporary folder is not writable: {text}"
    elif system.windows and not folder.isascii():
        make, words = (
            warn,
            "the temporary folder's path is not ASCII: nvcc and GNU tools fail there",
        )
    else:
        return ok(text)
    return make(words, evidence=(text,), fix=_fix(system, name, folder, default))


def _fix(system: System, name: str, folder: str, default: str) -> str:
    if not system.windows:
        return unset(system, name) if name else "sudo mkdir -m 1777 /tmp"
    if not system.is_folder(folder) and same_path(system, folder, default):
        return _make(system, folder)
    return _elsewhere(system, default)


def _elsewhere(system: System, default: str) -> str:
    r"""Return the command that switches to a working folder: an existing one, else a new one.

    Every user may create folders in the root of the system drive, and owns them; in C:\Windows\Temp
    users may create files but not list them (Windows' default permissions).
    """
    drive = system.variable("SystemDrive") or "C:"
    new = f"{drive}\\Temp"
    works = next(
        (
            place
            for place in (default, new, f"{drive}\\tmp")
            if place.isascii() and system.is_folder(place) and system.writable(place)
        ),
        "",
    )
    names = [n for n in _VARIABLES if system.variable(n) or n != "TMPDIR"]
    move = set_variables(system, **dict.fromkeys(names, works or new))
    if works:
        return move
    return _after(system, new, names)


def _after(system: System, new: str, names: list[str]) -> str:
    """Return the command that creates a folder and switches to it."""

    def spell(shell: Shell) -> str:
        if shell == "cmd":
            return " & ".join([f"md {new}", *(f'set "{name}={new}"' for name in names)])
        if shell == "powershell":
            return f"md -Force {new}; " + "; ".join(f"$env:{name} = '{new}'" for name in names)
        return f"mkdir -p '{new}'; " + "; ".join(f"export {name}='{new}'" for name in names)

    return spelt(system, spell)


def _make(system: System, folder: str) -> str:
    options: dict[Shell, tuple[str, ...]] = {"cmd": (), "powershell": (), "sh": ("-p",)}
    return spelt(system, lambda shell: line(system, shell, ("mkdir", *options[shell], folder)))


CHECK = Check(
    title="The temporary folder works",
    why="pip, compilers and linkers write there, and each reports a failure differently. "
    "Python reads TEMP before TMP, Windows programs such as cl.exe TMP before TEMP.",
    source="Python documentation, tempfile.gettempdir; Microsoft, GetTempPathW",
    run=_run,
)
