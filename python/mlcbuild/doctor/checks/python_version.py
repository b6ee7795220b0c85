"""``python-version``: the pinned packages have wheels for this version."""

from __future__ import annotations

from functools import partial

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.installers import install_python
from mlcbuild.doctor.versions import dotted
from mlcbuild.pythonversions import NEWEST, OLDEST

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    text = dotted(python.version)
    evidence = (f"{python.executable} {text}",)
    fix = partial(install_python, system)
    if python.implementation != "cpython":
        return fail(
            f"{python.implementation} is not CPython: the native packages have no wheels for it",
            evidence=evidence,
            fix=fix(),
        )
    if python.version[:2] < OLDEST:
        return fail(
            f"Python {text} is older than {dotted(OLDEST)}, the oldest that MLC-LLM runs on",
            evidence=evidence,
            fix=fix(),
        )
    if python.version[:2] > NEWEST:
        return warn(
            f"Python {text} is newer than {dotted(NEWEST)}: dependencies may have no wheels yet",
            evidence=evidence,
            fix=fix(),
        )
    return ok(f"Python {text}", evidence=evidence)


CHECK = Check(
    title="Python's version is supported",
    why=f"Native packages come as wheels for CPython {dotted(OLDEST)} to {dotted(NEWEST)}. For "
    "others pip compiles each of them, which rarely works on Windows.",
    source="pyproject.toml, requires-python",
    run=_run,
)
