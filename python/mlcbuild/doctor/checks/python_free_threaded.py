"""``python-free-threaded``: a Python with the GIL, which the wheels are built for."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, warn
from mlcbuild.doctor.installers import install_python
from mlcbuild.doctor.versions import dotted

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    if not python.free_threaded:
        return ok("Python with the GIL")
    return warn(
        f"Python {dotted(python.version)} is free-threaded: it cannot install "
        "packages of the stable ABI (abi3)",
        evidence=(f"{python.executable}: {python.build.splitlines()[0] if python.build else ''}",),
        fix=install_python(system, f"{python.version[0]}.{python.version[1]}"),
    )


CHECK = Check(
    title="Python is not free-threaded",
    why="A free-threaded Python (3.13t) takes only wheels made for it; tvm-ffi's are abi3.",
    source="PEP 703; PyPA, platform compatibility tags",
    run=_run,
)
