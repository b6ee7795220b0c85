"""Import for real in a child process, where a crash does no harm: the last word of libinfo.

What the child's import says is what an import here would say. An initialiser that ends the process,
or never comes back, leaves nothing to explain: then every library is loaded by itself, leaf first.
"""

from __future__ import annotations

import os
import signal
import sys

from mlc_llm._locator.child import run_python
from mlc_llm._locator.predict import predict
from mlc_llm._locator.ran import what_fails
from mlc_llm._locator.records import parse
from mlc_llm._locator.search import Search
from mlc_llm._locator.steps import steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mlc_llm._locator import Host
    from mlc_llm._locator.judge import Verdict

__all__ = ["try_import"]

_PATIENCE = 60
_FIELDS = ("cause", "culprit", "reason", "fix")
_MARK = "mlc_llm trial: "
#: Says how the import ended, on this search path and not on that of -c.
_IMPORT = f"""\
import sys
sys.path[:] = sys.argv[1].split("\\n")
try:
    import mlc_llm
    said = {{}}
except Exception as error:
    said = {{n: str(getattr(error, n, "") or "") for n in {_FIELDS!r}}}
    said["reason"] = said["reason"] or f"{{type(error).__name__}}: {{error}}"
import json
print({_MARK!r} + json.dumps(said))
sys.stdout.flush()
import os
os._exit(0)
"""


def try_import(library: str, host: Host, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return ``good``, and where it is not: ``cause``, ``culprit``, ``reason``, ``fix``.

    Raises ``OSError`` where no child can run.
    """
    paths = [os.path.abspath(entry) if entry else os.getcwd() for entry in sys.path]
    done = run_python(["-c", _IMPORT, "\n".join(paths)], _PATIENCE)
    _, found, said = done.output.rpartition(_MARK)
    if found:
        facts = parse(said.partition("\n")[0])
        return {"good": not facts, **facts} if isinstance(facts, dict) else {"good": False}
    ended = f"does not end within {_PATIENCE} s" if done.hung else _ended(done.code)
    facts = {"cause": "init-failed", "culprit": library, "fix": ""}
    facts["reason"] = f"the process that imports it {ended}"
    verdict = _guilty(library, host, environment) if host.system == "windows" else None
    if verdict is not None:
        facts = {name: getattr(verdict, name) for name in _FIELDS}
    return {"good": False, **facts}


def _guilty(library: str, host: Host, environment: Mapping[str, str]) -> Verdict | None:
    """Load what the import loads, leaf first, in another child; judge what fails."""
    found = predict(library, host, environment)
    if found.fault is not None:
        return found.fault
    search = Search(host, found.search.added)
    paths = [step.path for step in steps(library, host, environment) if not step.optional]
    return what_fails(paths, search)


def _ended(code: int) -> str:
    """Say how a process ended: a negative code is the signal that killed it."""
    if code >= 0:
        return f"ended with exit code {code if code < 1 << 31 else hex(code)}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
