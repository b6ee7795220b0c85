"""Our own DLLs in the prefix, which replace missing or slow DLLs of Wine."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.programs import run

if TYPE_CHECKING:
    from mlcbuild.lab.programs import Programs

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
