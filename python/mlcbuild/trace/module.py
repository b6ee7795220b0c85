"""Trace an import: the native image it requested last, and the folders added by then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Final

from mlcbuild.trace.blame import base_name
from mlcbuild.trace.image import image_trace
from mlcbuild.trace.import_error import explained, loaded, python_error, python_name
from mlcbuild.trace.judge import host_name
from mlcbuild.trace.result import Trace

if TYPE_CHECKING:
    from mlcbuild.trace.probe import Probe, Run
    from mlcbuild.trace.result import Options

#: An import tries few libraries; each costs several children.
_MOST_SUSPECTS: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """An image that the import requested, and what was loaded before."""

    path: str
    folders: tuple[str, ...]
    before: tuple[str, ...]


def module_trace(name: str, probe: Probe, options: Options) -> Trace:
    """Trace ``import name``. Raises as ``trace`` does."""
    run = probe.import_module(name)
    asked = _suspects(run)
    if run.of("imported") and run.exit is None:
        if found := _lacking(name, probe, run, options):
            return found
        return Trace(
            target=name,
            host=host_name(probe.facts),
            python=python_name(probe.facts),
            loads=True,
            observed=0,
            loaded=loaded(run),
            log=probe.import_module(name, debug=True).log if options.loader_log else (),
            notes=tuple(
                f"{each.path} was requested and did not load: mlcbuild trace {each.path}"
                for each in asked
                if Path(each.path).is_file()
            ),
        )
    if found := explained(name, probe, run):
        return found
    for each in _named_first(asked, run)[:_MOST_SUSPECTS]:
        found = _traced(name, each, probe, options)
        if found is not None:
            return found
    return (
        explained(name, probe, run)
        or _lacking(name, probe, run, options)
        or python_error(name, probe, run)
    )


def _named_first(asked: list[_Asked], run: Run) -> list[_Asked]:
    """Put the images that the error names before others, whose failure the import ignored."""
    said = " ".join(f"{each['text']} {each['last']}" for each in run.of("raised")).casefold()
    return sorted(asked, key=lambda each: base_name(each.path).casefold() not in said)


def _lacking(name: str, probe: Probe, run: Run, options: Options) -> Trace | None:
    """Return the image that Wine loads although nothing exports what it imports; None elsewhere."""
    if not probe.facts["wine"]:
        return None
    for each in _loads(run)[::-1][:_MOST_SUSPECTS]:
        if Path(each.path).is_file() and each.path.casefold().endswith((".dll", ".pyd")):
            found = image_trace(each.path, probe, options, folders=each.folders)
            if not found.loads and found.stage == "export":
                return replace(
                    found, target=name, notes=(*found.notes, f"import {name} asked for {each.path}")
                )
    return None


def _traced(name: str, asked: _Asked, probe: Probe, options: Options) -> Trace | None:
    """Trace one image that the import requested; None if it loads nevertheless."""
    path = _resolved(asked, probe)
    if path is None:
        whole = len(PureWindowsPath(asked.path).parts) > 1
        searched = f"was not found in {', '.join(asked.folders) or 'any folder'}"
        return Trace(
            target=name,
            host=host_name(probe.facts),
            python=python_name(probe.facts),
            loads=False,
            stage="not-found",
            culprit=asked.path,
            winerror=126,
            cause="missing-dll",
            reason=f"{asked.path} {'does not exist' if whole else searched}",
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


def _loads(run: Run, *, loaded: bool = True) -> list[_Asked]:
    """Return the images that loaded, or those that did not, in their order."""
    folders: list[str] = []
    before: list[str] = []
    found: list[_Asked] = []
    for event in run.events:
        if event["event"] == "folder":
            folders.append(event["path"])
        elif event["event"] == "settled":
            if event["loaded"] == loaded:
                place = _Asked(path=event["path"], folders=tuple(folders), before=tuple(before))
                found.append(place)
            if event["loaded"]:
                before.append(event["path"])
    if run.dying and not loaded:
        found.append(_Asked(path=run.dying, folders=tuple(folders), before=tuple(before)))
    return found


def _suspects(run: Run) -> list[_Asked]:
    """Return the images that did not load, the last one first."""
    return _loads(run, loaded=False)[::-1]


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
