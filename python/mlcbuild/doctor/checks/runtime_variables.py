"""``runtime-variables``: no variable changes how the libraries are loaded."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, warn
from mlcbuild.doctor.shell import unset

__all__ = ["CHECK"]

_MEANING: Final = {
    "SKIP_LOADING_MLCLLM_SO": "mlc_llm does not load its library: every call fails",
    "TVM_USE_RUNTIME_LIB": "TVM does not load its compiler: models cannot be compiled",
    "KMP_DUPLICATE_LIB_OK": "two OpenMP runtimes may run in one process: results can be wrong",
}


def _run(system: System) -> Outcome:
    for name, meaning in _MEANING.items():
        value = system.variable(name)
        if value and value.lower() not in ("0", "false", "no", "off"):
            line = f"{name}={value}"
            return warn(f"{line}: {meaning}", evidence=(line,), fix=unset(system, name))
    return ok("no variable changes how libraries load")


CHECK = Check(
    title="No variable changes how libraries load",
    why="Such variables are set once to work around a problem and forgotten; they cause the next "
    "problem.",
    source="mlc_llm/base.py, tvm/base.py; Intel, KMP_DUPLICATE_LIB_OK",
    run=_run,
)
