"""Say what ``import mlc_llm`` will meet, from the files and from what is loaded already."""

from __future__ import annotations

import os

from mlc_llm._locator.faults import first_fault
from mlc_llm._locator.fixes import spelled, unset
from mlc_llm._locator.judge import Verdict, judge
from mlc_llm._locator.mutex import judge_mutex
from mlc_llm._locator.search import Search
from mlc_llm._locator.steps import steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlc_llm._locator import Host

__all__ = ["Prediction", "predict"]


class Prediction:
    """``fault``: what stops the import at the load of ``path``; None: nothing that files show.

    ``search`` is the process at that point; ``passed`` are the faults that TVM passes over.
    """

    __slots__ = ("fault", "passed", "path", "search")

    def __init__(self, search: Search) -> None:
        self.search = search
        self.fault: Verdict | None = None
        self.path = ""
        self.passed: list[Verdict] = []

    def runtime(self) -> str:
        """Return the msvcp140.dll that the libraries get, "" where none of them needs one."""
        return self.search.loaded.get("msvcp140.dll", "")


def predict(library: str, host: Host, environment: Mapping[str, str]) -> Prediction:
    """Go through the loads of the import, up to the first that cannot work."""
    found = Prediction(Search.here(host))
    for step in steps(library, host, environment):
        for folder in step.folders:
            found.search.add(folder)
        path = step.path
        if os.path.basename(path) == path:
            path = found.search.find(path, "") or ""
        if not path:
            continue
        fault = judge_load(path, found.search)
        if fault is None:
            found.search.load(path)
        elif step.optional:
            found.passed.append(fault)
        else:
            found.fault, found.path = _of_the_variable(fault, path, environment), path
            break
    return found


def judge_load(path: str, search: Search) -> Verdict | None:
    """Return what is wrong with one load: the file itself, what it needs, the mutex rule."""
    if search.loaded.get(os.path.basename(path).lower()) == path:
        return None
    own = judge(path, search.host)
    if not own.good and own.cause != "debug-crt":
        cause = "missing-dll" if own.cause == "absent" else own.cause
        name = os.path.basename(path)
        reason = f"{name} is {'not there' if own.cause == 'absent' else own.reason}"
        return Verdict(cause, reason, spelled(own.fix, path), path)
    if fault := first_fault(path, search):
        return fault
    return judge_mutex(search.walk(path), search) if search.host.system == "windows" else None


def _of_the_variable(fault: Verdict, path: str, environment: Mapping[str, str]) -> Verdict:
    """Advise to unset TVM_LIBRARY_PATH where the runtime that it names is at fault."""
    named = environment.get("TVM_LIBRARY_PATH")
    if named and os.path.normcase(os.path.dirname(path)) == os.path.normcase(
        os.path.abspath(named)
    ):
        fault.fix = unset("TVM_LIBRARY_PATH")
        fault.reason = f"{fault.reason} (TVM_LIBRARY_PATH names it)"
    return fault
