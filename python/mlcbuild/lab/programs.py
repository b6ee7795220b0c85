"""The programs of this machine that the lab needs: Wine, its server and a MinGW compiler."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from mlcbuild import mingw
from mlcbuild.errors import InputError, UsageError
from mlcbuild.platforms import LINUX_TRIPLE
from mlcbuild.programs import ask, find_program

#: Where Debian and derivatives keep Wine's programs, outside PATH.
_FOLDERS: Final = "/usr/lib/wine:/usr/lib64/wine:/opt/wine-stable/bin"
#: Program -> (names in order of preference, Debian's package).
_NEEDED: Final = {
    "wine": (("wine64", "wine"), "wine64"),
    "server": (("wineserver64", "wineserver"), "wine64"),
    "gcc": (mingw.compilers("gcc"), "g++-mingw-w64-x86-64-posix"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Programs:
    """Paths of the programs; ``version`` is Wine's output ("wine-8.0")."""

    wine: str
    server: str
    gcc: str
    version: str

    @property
    def modules(self) -> tuple[str, ...]:
        """Wine's folders of 64-bit Windows modules."""
        beside = str(Path(self.wine).parents[1] / "lib64" / "wine")
        homes = (
            *(f"/usr/lib/{LINUX_TRIPLE}/wine", "/usr/lib64/wine", "/usr/lib/wine"),
            beside,
        )
        folders = (f"{home}/x86_64-windows" for home in homes)
        return tuple(folder for folder in folders if Path(folder).is_dir())


def _find(names: tuple[str, ...]) -> str | None:
    """Return the first one found; Wine's folders come before PATH, where wine is a script."""
    for name in names:
        for env in ({"PATH": _FOLDERS}, None):
            if found := find_program(name, env):
                return found
    return None


@cache
def find_programs() -> Programs:
    """Find the programs.

    Raises ``UsageError`` on systems other than Linux, and ``InputError`` with the packages to
    install.
    """
    if not sys.platform.startswith("linux"):
        raise UsageError(
            "the lab runs Windows programs on Linux only",
            remedy="on Windows run them directly",
        )
    found = {key: _find(names) for key, (names, _) in _NEEDED.items()}
    missing = sorted({_NEEDED[key][1] for key, path in found.items() if path is None})
    if missing:
        raise InputError(
            "the lab needs Wine and MinGW-w64",
            remedy=f"apt-get install --no-install-recommends {' '.join(missing)}",
        )
    wine = str(found["wine"])
    said = ask([wine, "--version"])
    return Programs(
        wine=wine,
        server=str(found["server"]),
        gcc=str(found["gcc"]),
        version=said.stdout.decode().split()[0] if said and said.stdout.strip() else "wine",
    )
