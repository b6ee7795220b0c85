"""Read an import's own error: the image that it names, else Python's message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.trace.judge import host_name
from mlcbuild.trace.result import Trace
from mlcbuild.trace.words import fault_words

if TYPE_CHECKING:
    from mlcbuild.trace.probe import Probe, Run
    from mlcbuild.trace.result import Stage

#: NTSTATUS of severity error: an exit code from here on is no program's own.
_LEAST_STATUS: Final = 0xC0000000
#: What an error says by itself -> the stage at which Windows' loader meets it, and its number.
_STAGES: Final[dict[str, Stage]] = {
    "absent": "not-found",
    "missing-dll": "not-found",
    "debug-crt": "not-found",
    "missing-export": "export",
    "not-a-pe": "image",
    "wrong-machine": "image",
    "locked": "access",
    "unreadable": "access",
    "mutex-abi": "init",
    "init-failed": "init",
}
_CODES: Final[dict[Stage, int]] = {"not-found": 126, "image": 193, "export": 127, "init": 1114}


def explained(name: str, probe: Probe, run: Run) -> Trace | None:
    """Return the image that the error itself names, as mlc_llm's own errors do."""
    facts = run.of("raised")[0]["explained"] if run.of("raised") else {}
    if not facts or facts["cause"] == "init-failed":
        return None  # trace knows more of what an initialiser did
    stage = _STAGES.get(facts["cause"], "python")
    return Trace(
        target=name,
        host=host_name(probe.facts),
        python=python_name(probe.facts),
        loads=False,
        stage=stage,
        culprit=probe.host.here(facts["culprit"]),
        importer=probe.host.here(facts["path"]) if facts["path"] != facts["culprit"] else "",
        cause=facts["cause"],
        reason=facts["reason"],
        fix=facts["fix"],
        winerror=run.of("raised")[0]["error"] or _CODES.get(stage),
        predicted=() if run.of("raised")[0]["error"] else ("winerror",),
        loaded=loaded(run),
    )


def python_error(name: str, probe: Probe, run: Run) -> Trace:
    """Return the answer for an import that fails in Python, or in no image that can be named."""
    raised = run.of("raised")
    said = f"{raised[0]['type']}: {raised[0]['text']}" if raised else "the process ended"
    watched = probe.import_module(name, debug=True) if run.exit is not None else None
    fault = watched.fault if watched is not None else None
    if fault is not None:
        said = f"the process ended by {fault_words(fault)}"
    return Trace(
        target=name,
        host=host_name(probe.facts),
        python=python_name(probe.facts),
        loads=False,
        stage="python",
        cause="import-failed",
        reason=said,
        fix=_fix(said, raised[0]["module"], raised[0]["owner"]) if raised else _ended(run),
        fault=fault,
        winerror=raised[0]["error"] if raised else None,
        exit=run.exit,
        loaded=loaded(run),
    )


def _fix(said: str, module: str, owner: str) -> str:
    missing = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", said)
    if owner and module and (missing is None or "." in module):
        return f"python -m pip install --force-reinstall --no-deps {owner}"
    if missing:
        return f"python -m pip install {missing[1].partition('.')[0]}"
    return "mlcbuild explain - with the whole traceback"


def _ended(run: Run) -> str:
    code = run.exit.code if run.exit is not None else 0
    return f"mlcbuild explain 0x{code:08X}" if code >= _LEAST_STATUS else "mlcbuild explain 1114"


def loaded(run: Run) -> tuple[str, ...]:
    """Return the images that the import requested and got."""
    return tuple(each["path"] for each in run.of("settled") if each["loaded"])


def python_name(facts: dict[str, Any]) -> str:
    """Return the Python that did it, as a person names it."""
    return f"{facts['python']} ({facts['bits']}-bit)"
