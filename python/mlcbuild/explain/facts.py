"""What a log says about its machine, and the commands spelt out for it.

The facts: Visual Studio, CUDA, the shell in use.
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from typing import Final

from mlcbuild.doctor.shell import Shell, set_in, spelt_for, unset_in
from mlcbuild.msvc import DRIVEN

_STUDIO: Final = re.compile(
    r"[a-z]:[\\/]{1,2}Program Files(?: \(x86\))?[\\/]{1,2}Microsoft Visual Studio"
    rf"[\\/]{{1,2}}(?:{'|'.join(each.folder for each in DRIVEN.values())})[\\/]{{1,2}}"
    r"(?:BuildTools|Community|Professional|Enterprise)\b",
    re.IGNORECASE,
)
#: Where the Build Tools of 2022, which the catalogue installs, go.
_BUILD_TOOLS: Final = r"C:\Program Files (x86)\Microsoft Visual Studio\2022\BuildTools"
_CUDA: Final = re.compile(r"\bCUDA[\\/]{1,2}v(\d{1,2}\.\d)\b", re.IGNORECASE)
_POWERSHELL: Final = re.compile(
    r"^PS [a-z]:\\|is not recognized as (?:the|a) name of a cmdlet|CommandNotFoundException"
    r"|FullyQualifiedErrorId|At line:\d+ char:\d+",
    re.IGNORECASE | re.MULTILINE,
)
_CMD: Final = re.compile(
    r"^[a-z]:\\[^\n>\"|]{0,200}>(?!\")|operable program or batch file", re.IGNORECASE | re.MULTILINE
)


#: The shells of Windows, of which one types a command.
BOTH: Final[tuple[Shell, ...]] = ("powershell", "cmd")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Words for the placeholders of commands, looked for where a command has one.

    ``text`` is the log. Of what it does not tell, this machine is asked where ``here``; then come
    the defaults.
    """

    text: str = ""
    here: bool = True

    @functools.cached_property
    def studio(self) -> str:
        """Return the folder of Visual Studio."""
        return _studio_in(self.text) or (_studio_here() if self.here else None) or _BUILD_TOOLS

    @property
    def edition(self) -> str:
        """Return which edition it is."""
        return self.studio.rsplit("\\", 1)[-1]

    @property
    def vcvars(self) -> str:
        """Return the batch file that makes a prompt a developer prompt for x64."""
        return rf"{self.studio}\VC\Auxiliary\Build\vcvars64.bat"

    @functools.cached_property
    def cuda(self) -> str:
        """Return CUDA's version, or a word that stands for it."""
        found = _CUDA.search(self.text)
        return found[1] if found else "VERSION"

    @functools.cached_property
    def shells(self) -> tuple[Shell, ...]:
        """Return the shell; both where it is not known."""
        return _shell_in(self.text) or (_shells_here() if self.here else BOTH)


#: For a page that no machine reads: the defaults.
NO_FACTS: Final = Facts(here=False)


def _studio_in(text: str) -> str | None:
    found = _STUDIO.search(text)
    if found is None:
        return None
    return re.sub(r"[\\/]+", r"\\", found[0])


@functools.cache  # one machine, however many logs: each time it starts vswhere
def _studio_here() -> str | None:
    if os.name != "nt":
        return None
    from mlcbuild.doctor.real import RealSystem  # noqa: PLC0415 - looks at this machine
    from mlcbuild.doctor.toolchains import usable  # noqa: PLC0415
    from mlcbuild.errors import MlcbuildError  # noqa: PLC0415

    try:
        studios = usable(RealSystem())[0]
    except MlcbuildError:
        return None
    return str(studios[0].path) if studios else None


def _shell_in(text: str) -> tuple[Shell, ...]:
    if _POWERSHELL.search(text):
        return ("powershell",)
    return ("cmd",) if _CMD.search(text) else ()


def _shells_here() -> tuple[Shell, ...]:
    if os.name != "nt":
        return BOTH  # the text is of another machine
    from mlcbuild.doctor.real import RealSystem  # noqa: PLC0415 - looks at this machine
    from mlcbuild.doctor.shell import shells_of  # noqa: PLC0415

    return shells_of(RealSystem())


#: ``{set NAME=VALUE}`` and ``{unset NAME}``: variables, which each shell sets in its own way.
_VARIABLE: Final = re.compile(r"\{(set|unset) (\w+)=?([^}]*)\}")
_PLAIN: Final = re.compile(r"[\w.:/\\~+-]+")
#: What a shell would read inside quotation marks: such a name is not put into a command.
_READ_BY_A_SHELL: Final = re.compile(r"[$`%!\"\x00-\x1f]")


def spelt_out(command: str, without_path: str, subject: str, facts: Facts) -> str:
    """Return a command with its placeholders filled, one line a shell where it is not known.

    ``{path}`` and ``{name}`` are the file or module that the text names; where it names none,
    ``without_path`` is returned, or words that stand for the file.
    """
    found = _VARIABLE.fullmatch(command)
    if found:
        return _variable(found, facts.shells)
    for name in ("vcvars", "studio", "edition", "cuda"):
        if f"{{{name}}}" in command:
            command = command.replace(f"{{{name}}}", getattr(facts, name))
    is_file = "." in subject and not _READ_BY_A_SHELL.search(subject)
    is_module = subject.isidentifier() and not subject.startswith("_")
    if is_module and command == "mlcbuild check {path}":
        command = "mlcbuild trace {path}"  # a module has no file to name, but can be loaded
    fits = is_file or (command.startswith("mlcbuild trace ") and is_module)
    if not fits and without_path:
        return without_path
    path = subject if fits else "PATH"
    name = re.split(r"[\\/]", subject)[-1] if is_file else "NAME.dll"
    return command.replace("{path}", _quoted(path)).replace("{name}", _quoted(name))


def _variable(found: re.Match[str], shells: tuple[Shell, ...]) -> str:
    def spell(shell: Shell) -> str:
        if found[1] == "set":
            return set_in(shell, **{found[2]: found[3]})
        return unset_in(shell, found[2])

    return spelt_for(shells, spell)


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else f'"{word}"'
