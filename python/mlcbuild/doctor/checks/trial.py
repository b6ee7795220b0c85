"""``trial``: builds a library of one function like the real wheel, reads it back and loads it."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

from mlcbuild.doctor.check import Outcome, System, check, fail, ok
from mlcbuild.doctor.shell import command, python
from mlcbuild.doctor.trial import Trial
from mlcbuild.platforms import MACHINES


def trial_command(system: System) -> tuple[str, ...]:
    """Return the command of the trial, which imports this same mlcbuild."""
    root = os.fspath(Path(__file__).resolve().parents[3])
    code = (
        f"import sys; sys.path.insert(1, {root!r}); "
        "from mlcbuild.doctor.trial import main; sys.exit(main())"
    )
    return (system.python.executable, "-c", code)


@check(
    title="A trial build works",
    why="Only a build proves a toolchain. The trial runs all steps of the real wheel: "
    "generator, compiler, release policy, install, gate, stamp; then the library's "
    "configuration, C runtime and machine are read, and it is loaded.",
    source="docs/superbuild.md",
    waits=True,
    needs="trial",
    limit_s=600,
)
def trial(system: System) -> Outcome:
    done = system.run(*trial_command(system), limit_s=570)
    again = partial(command, system, python(system), "-m", "mlcbuild", "doctor", "--trial", "-v")
    try:
        trial = Trial(**json.loads(done.out.strip().splitlines()[-1]))
    except (ValueError, IndexError, TypeError):
        trial = Trial()
    if not trial.step and not trial.facts:
        last = (done.err.strip().splitlines() or [done.problem or f"exit code {done.code}"])[-1]
        return fail(f"the trial build could not be run: {last}", fix=again())
    if trial.step:
        words = f"the trial build failed at {trial.step}: {trial.message}"
        return fail(words, evidence=trial.log, fix=_explain(system, trial.message))
    facts = trial.facts
    evidence = [f"{name}: {value}" for name, value in facts.items()]
    wrong = _wrong(system, facts)
    if wrong:
        return fail(
            f"the trial build differs from the request: {wrong}",
            evidence=evidence,
            fix=again(),
        )
    return ok(
        f"built, read back and loaded in {trial.seconds:.0f} s: {facts['configuration']}, "
        f"{facts['compiler']}, {facts['machine']}",
        evidence=evidence,
    )


def _explain(system: System, message: str) -> str:
    line = " ".join(message.replace('"', "'").split())[:200]
    return command(system, python(system), "-m", "mlcbuild", "explain", line)


def _wrong(system: System, facts: dict[str, str]) -> str:
    if facts["configuration"] != "Release":
        return f"configuration {facts['configuration']}"
    if facts["crt"] in ("debug", "static"):
        return f"{facts['crt']} C runtime"
    wanted = MACHINES.get(system.python.platform.removeprefix("linux-"))
    if wanted is not None and facts["machine"] != wanted:
        return f"a library for {facts['machine']}, Python is for {wanted}"
    return ""
