"""``python-bits``: a 64-bit Python for this processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.model import Check, Outcome, fail, ok, warn
from mlcbuild.doctor.shell import install

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    evidence = (f"{python.executable}: {python.platform}, the machine is {system.machine}",)
    fix = install(
        system,
        windows="Python.Python.3.12 --architecture x64",
        macos="brew install python@3.12",
        apt="python3",
    )
    if python.bits != 64:  # noqa: PLR2004
        return fail(
            "Python is 32-bit: none of the native packages has such a wheel, and a 64-bit DLL "
            "answers WinError 193",
            evidence=evidence,
            fix=fix,
        )
    if system.windows and system.machine == "ARM64" and python.platform == "win-amd64":
        return warn(
            "Python for x64 runs emulated on this ARM64 machine: what it builds is for x64",
            evidence=evidence,
            fix=install(system, windows="Python.Python.3.12 --architecture arm64"),
        )
    return ok(f"64-bit Python for {python.platform}", evidence=evidence)


CHECK = Check(
    id="python-bits",
    title="Python is 64-bit and for this processor",
    category="python",
    why="TVM, tvm-ffi and MLC-LLM have wheels for 64-bit Python alone. The default download of "
    "python.org was 32-bit for years.",
    source="mlc-ai/mlc-llm PR#1133; abetlen/llama-cpp-python#53",
    run=_run,
)
