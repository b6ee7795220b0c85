"""``python-msys2``: this Python is not MSYS2's or Cygwin's, which cannot install Windows wheels."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.installers import PROGRAMS, install_python

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    if system.windows and not python.platform.startswith("mingw"):
        return ok("Python is built with MSVC")
    if not system.windows:
        return fail(
            f"this Python is Cygwin's ({python.platform}): it cannot install wheels for Windows, "
            "and what it builds needs cygwin1.dll",
            evidence=(python.executable,),
            fix=f"winget install --exact --id {PROGRAMS['python'].winget}",
        )
    return warn(
        f"this Python is MSYS2's ({python.platform}): pip finds no wheels of TVM, "
        "PyTorch or NumPy for it and tries to compile them",
        evidence=(python.executable, python.build.splitlines()[0] if python.build else ""),
        fix=install_python(system),
    )


CHECK = Check(
    title="Python is not MSYS2's",
    why="MSYS2 builds Python with MinGW (platform mingw_x86_64) or Cygwin's library. Wheels for "
    "win_amd64 cannot be installed into either, and a wheel built there lacks TVM's compiler.",
    source="MSYS2, Python; PyPA, platform compatibility tags",
    run=_run,
    platforms=("win32", "cygwin", "msys"),
)
