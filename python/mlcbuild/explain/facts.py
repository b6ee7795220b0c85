"""What a log tells of its machine, for the commands: Visual Studio, CUDA, the shell."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.doctor.shells import Shell

__all__ = ["BOTH", "NO_FACTS", "Facts", "facts_of"]

_STUDIO: Final = re.compile(
    r"[a-z]:[\\/]{1,2}Program Files(?: \(x86\))?[\\/]{1,2}Microsoft Visual Studio"
    r"[\\/]{1,2}(?:2019|2022|18)[\\/]{1,2}(?:BuildTools|Community|Professional|Enterprise)\b",
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Words for the placeholders of commands; ``shells`` has both where it is not known."""

    #: The folder of Visual Studio, and which edition it is.
    studio: str
    edition: str
    cuda: str
    shells: tuple[Shell, ...]

    @property
    def vcvars(self) -> str:
        """Return the batch file that makes a prompt a developer prompt for x64."""
        return rf"{self.studio}\VC\Auxiliary\Build\vcvars64.bat"


#: For a page that no machine reads: the defaults.
NO_FACTS: Final = Facts(studio=_BUILD_TOOLS, edition="BuildTools", cuda="VERSION", shells=BOTH)


def facts_of(text: str) -> Facts:
    """Return what a text tells; of Visual Studio else what is installed here, else the default."""
    studio = _studio_in(text) or _studio_here() or _BUILD_TOOLS
    cuda = _CUDA.search(text)
    return Facts(
        studio=studio,
        edition=studio.rsplit("\\", 1)[-1],
        cuda=cuda[1] if cuda else "VERSION",
        shells=_shell_in(text) or _shells_here(),
    )


def _studio_in(text: str) -> str | None:
    found = _STUDIO.search(text)
    if found is None:
        return None
    return re.sub(r"[\\/]+", r"\\", found[0])


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
    from mlcbuild.doctor.shells import shells_of  # noqa: PLC0415

    return shells_of(RealSystem())
