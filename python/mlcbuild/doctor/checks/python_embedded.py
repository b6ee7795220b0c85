"""``python-embedded``: this Python is not the embeddable package, which cannot build."""

from __future__ import annotations

import re

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok
from mlcbuild.doctor.installers import install_python

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    names = system.names(python.base_prefix) or ()
    marker = next((n for n in names if re.fullmatch(r"python\d+\._pth", n, re.IGNORECASE)), None)
    if marker is None:
        return ok("Python is complete")
    return fail(
        "this is Python's embeddable package: it has no headers, no import library and no venv, "
        "and its ._pth file hides pip's build environment",
        evidence=(system.join(python.base_prefix, marker),),
        fix=install_python(system, f"{python.version[0]}.{python.version[1]}"),
    )


CHECK = Check(
    title="Python is complete",
    why="Portable applications (ComfyUI and others) ship the embeddable package. Builds stop in it "
    'with "Python.h: No such file", "cannot open python312.lib" or a back end that cannot be '
    "imported: a ._pth file makes Python ignore PYTHONPATH and the environment.",
    source="Python documentation, The embeddable package; Gourieff/ComfyUI-ReActor#198",
    run=_run,
    platforms=("win32",),
)
