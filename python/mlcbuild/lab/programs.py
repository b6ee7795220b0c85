"""The programs of this machine that the lab needs: Wine, its server and a MinGW compiler."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from mlcbuild import mingw
from mlcbuild.errors import FailedError, InputError, UsageError
from mlcbuild.platforms import LINUX_TRIPLE
from mlcbuild.programs import ask, find_program, run

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


DATA: Final = Path(__file__).parent / "data"
#: Without it Wine loads its own copy, whatever is in System32.
OVERRIDES: Final = "dbghelp=n"


def install_stand_ins(programs: Programs, system32: Path) -> None:
    """Compile the DLLs into ``system32``, which has Wine's or links to them.

    Raises ``FailedError`` where the compiler fails, ``OSError`` where Wine's cannot be read.
    """
    compile_source(
        programs, "bcryptprimitives", system32 / "bcryptprimitives.dll", "-shared", "-ladvapi32"
    )
    _install_dbghelp(programs, system32 / "dbghelp.dll")


def _install_dbghelp(programs: Programs, dll: Path) -> None:
    """Export every function of Wine's: an image that imports a missing name would not load."""
    from mlcbuild.pe.reader import PeFile  # noqa: PLC0415 - once a prefix

    names = set(PeFile(dll.read_bytes(), path=dll.name).exports().names())
    own = {"SymCleanup", "SymSetOptions"}
    with tempfile.TemporaryDirectory(prefix="mlcbuild-lab-") as scratch:
        definition = Path(scratch, "dbghelp.def")
        lines = [f"{name} = find_nothing" for name in sorted(names - own)]
        definition.write_text("\n".join(["EXPORTS", *lines, ""]), encoding="ascii")
        dll.unlink()  # unlink: Wine's own file must stay
        compile_source(programs, "dbghelp", dll, "-shared", str(definition))


def compile_source(programs: Programs, name: str, target: Path, *options: str) -> None:
    """Compile one of our C sources for Windows.

    Raises ``FailedError`` with the compiler's last line.
    """
    command = [programs.gcc, "-O2", "-s", "-o", str(target), str(DATA / f"{name}.c"), *options]
    done = run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        with suppress(OSError):
            shutil.rmtree(target, ignore_errors=True)
        raise FailedError(f"{programs.gcc} cannot compile {name}.c: {said[-1] if said else ''}")
