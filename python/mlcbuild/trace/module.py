"""Trace an import: which native image it asked for last, with which folders added by then."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.trace.judge import host_name
from mlcbuild.trace.result import Trace
from mlcbuild.trace.run import image_trace

if TYPE_CHECKING:
    from mlcbuild.trace.probe import Probe, Run
    from mlcbuild.trace.result import Options

__all__ = ["module_trace"]

#: An import tries few libraries; each costs several children.
_MOST_SUSPECTS: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """An image that the import asked for, and what was there before."""

    path: str
    folders: tuple[str, ...]
    before: tuple[str, ...]


def module_trace(name: str, probe: Probe, options: Options) -> Trace:
    """Trace ``import name``. Raises as ``trace`` does."""
    run = probe.import_module(name)
    asked = _suspects(run)
    if run.of("imported") and run.exit is None:
        return Trace(
            target=name,
            host=host_name(probe.facts),
            python=_python(probe.facts),
            loads=True,
            observed=0,
            loaded=_loaded(run),
            log=probe.import_module(name, debug=True).log if options.loader_log else (),
            notes=tuple(
                f"{each.path} was asked for and did not load: mlcbuild trace {each.path}"
                for each in asked
                if Path(each.path).is_file()
            ),
        )
    for each in asked[:_MOST_SUSPECTS]:
        found = _traced(name, each, probe, options)
        if found is not None:
            return found
    return _python_error(name, probe, run)


def _traced(name: str, asked: _Asked, probe: Probe, options: Options) -> Trace | None:
    """Trace one image that the import asked for; None where it loads all the same."""
    path = _resolved(asked, probe)
    if path is None:
        whole = len(PureWindowsPath(asked.path).parts) > 1
        searched = f"was not found in {', '.join(asked.folders) or 'any folder'}"
        return Trace(
            target=name,
            host=host_name(probe.facts),
            python=_python(probe.facts),
            loads=False,
            stage="not-found",
            culprit=asked.path,
            winerror=126,
            cause="missing-dll",
            reason=f"{asked.path} {'is not there' if whole else searched}",
            fix="mlcbuild doctor --only runtime-dlls",
        )
    found = image_trace(path, probe, options, folders=asked.folders)
    if found.loads and asked.before:
        found = image_trace(path, probe, options, folders=asked.folders, before=asked.before)
        if not found.loads:
            note = "it loads in a fresh process: what was loaded before it makes it fail"
            found = replace(found, notes=(*found.notes, note))
    if found.loads:
        return None
    return replace(found, target=name, notes=(*found.notes, f"import {name} asked for {path}"))


def _suspects(run: Run) -> list[_Asked]:
    """Return the images that did not load, the last one first."""
    folders: list[str] = []
    before: list[str] = []
    failed: list[_Asked] = []
    for event in run.events:
        if event["event"] == "folder":
            folders.append(event["path"])
        elif event["event"] == "settled" and event["loaded"]:
            before.append(event["path"])
        elif event["event"] == "settled":
            failed.append(_Asked(path=event["path"], folders=tuple(folders), before=tuple(before)))
    if run.dying:
        failed.append(_Asked(path=run.dying, folders=tuple(folders), before=tuple(before)))
    return failed[::-1]


def _resolved(asked: _Asked, probe: Probe) -> str | None:
    """Return the file that a name stands for, as Python's search finds it; None for none."""
    if Path(asked.path).is_file():
        return asked.path
    name = PureWindowsPath(asked.path).name
    names = (name, f"{name}.dll")
    system, python = (probe.host.here(probe.facts[each]) for each in ("system", "folder"))
    for folder in (python, *asked.folders, system):
        for each in names:
            if Path(folder, each).is_file():
                return str(Path(folder, each))
    return None


def _python_error(name: str, probe: Probe, run: Run) -> Trace:
    """Return the answer for an import that fails in Python, or in no image that can be named."""
    raised = run.of("raised")
    said = f"{raised[0]['type']}: {raised[0]['text']}" if raised else "the process ended"
    return Trace(
        target=name,
        host=host_name(probe.facts),
        python=_python(probe.facts),
        loads=False,
        stage="python",
        cause="import-failed",
        reason=said,
        fix=_fix(said),
        winerror=raised[0]["error"] if raised else None,
        exit=run.exit,
        loaded=_loaded(run),
    )


def _fix(said: str) -> str:
    missing = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", said)
    if missing:
        return f"python -m pip install {missing[1].partition('.')[0]}"
    return "mlcbuild explain - with the whole traceback"


def _loaded(run: Run) -> tuple[str, ...]:
    return tuple(each["path"] for each in run.of("settled") if each["loaded"])


def _python(facts: dict[str, Any]) -> str:
    return f"{facts['python']} ({facts['bits']}-bit)"
