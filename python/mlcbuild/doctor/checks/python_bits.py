"""``python-bits``: a 64-bit Python for this processor."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok
from mlcbuild.doctor.installers import install_python

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    evidence = (f"{python.executable}: {python.platform}, the machine is {system.machine}",)
    if python.bits != 64:  # noqa: PLR2004
        return fail(
            "Python is 32-bit: the native packages have no 32-bit wheels, and loading a 64-bit DLL "
            "fails with WinError 193",
            evidence=evidence,
            fix=install_python(system),
        )
    return ok(f"64-bit Python for {python.platform}", evidence=evidence)


CHECK = Check(
    title="Python is 64-bit",
    why="TVM, tvm-ffi and MLC-LLM only have wheels for 64-bit Python. The default download of "
    "python.org was 32-bit for years. On ARM64 use the x64 Python: apache-tvm 0.26.0 "
    "has a wheel for win_amd64 but not for win_arm64.",
    source="the wheels of apache-tvm 0.26.0; mlc-ai/mlc-llm PR#1133; abetlen/llama-cpp-python#53",
    run=_run,
)
