"""``temp-folder``: there is a temporary folder, and files can be made in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.model import Check, Outcome, fail, ok, warn
from mlcbuild.doctor.shell import set_variable, unset

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    name = next((n for n in ("TMPDIR", "TEMP", "TMP") if system.variable(n)), "")
    default = system.join(system.home, "AppData", "Local", "Temp") if system.windows else "/tmp"  # noqa: S108
    folder = system.variable(name) or default
    line = f"{name}={folder}" if name else folder
    mend = set_variable(system, name or "TEMP", default) if system.windows else ""
    mend = mend or (unset(system, name) if name else "mkdir -m 1777 /tmp")
    if not system.is_folder(folder):
        return fail(f"the temporary folder is not there: {line}", evidence=(line,), fix=mend)
    if not system.writable(folder):
        return fail(
            f"the temporary folder cannot be written to: {line}", evidence=(line,), fix=mend
        )
    if system.windows and not folder.isascii():
        return warn(
            "the temporary folder's path is not ASCII: nvcc and GNU tools fail there",
            evidence=(line,),
            fix=set_variable(system, name or "TEMP", r"C:\Windows\Temp"),
        )
    return ok("the temporary folder can be written to", evidence=(line,))


CHECK = Check(
    id="temp-folder",
    title="The temporary folder works",
    category="paths",
    why="pip, compilers and linkers write there; where they cannot, each says it in its own words.",
    source="Python documentation, tempfile.gettempdir",
    run=_run,
)
