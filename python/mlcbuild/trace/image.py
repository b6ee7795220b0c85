"""Trace one image: one child loads it, another its leaves first where that fails or is doubted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlcbuild.check.settings import Settings
from mlcbuild.msvc import MSVCP
from mlcbuild.trace.judge import Seen, judge
from mlcbuild.trace.plan import Step, make_plan
from mlcbuild.trace.words import blame

if TYPE_CHECKING:
    from mlcbuild.trace.hosts import Host
    from mlcbuild.trace.probe import Probe
    from mlcbuild.trace.result import Options, Trace


def image_trace(
    path: str,
    probe: Probe,
    options: Options,
    *,
    folders: Sequence[str] = (),
    before: Sequence[str] = (),
) -> Trace:
    """Trace one image. ``folders`` were added and ``before`` loaded when it was requested."""
    added = tuple(dict.fromkeys((*map(_absolute, options.add_dirs), *folders)))
    direct = probe.load([Step(path=path)], folders=added, before=before)
    settings = _settings(probe.facts, probe.host, added)
    plan = make_plan(path, settings)
    doubtful = plan.prediction is not None and plan.prediction.verdict == "fails"
    failed = direct.exit is not None or not direct.of("loaded")
    # Wine binds imports that nothing exports: there each symbol is asked for.
    asked = failed or doubtful or bool(probe.facts["wine"])
    walked = probe.load(plan.steps, folders=added, before=before) if asked else None
    seen = Seen(target=path, direct=direct, walked=walked, plan=plan, facts=probe.facts)
    found = blame(walked) if walked is not None else None
    hangs = found is not None and found.exit is not None and found.exit.timed_out
    if found is not None and found.stage == "init" and not hangs:
        # What it raised can be seen by a debugger alone; the loader swallows it.
        steps = plan.steps[: [step.path for step in plan.steps].index(found.image) + 1]
        watched = probe.load(steps, folders=added, before=before, debug=True)
        seen = replace(seen, watched=watched, own=make_plan(found.image, settings))
    if options.loader_log:
        logged = probe.load([Step(path=path)], folders=added, before=before, debug=True)
        seen = replace(seen, log=logged.log)
    answer = judge(seen)
    elsewhere = _elsewhere(path, answer.missing) if answer.stage == "not-found" else ""
    if elsewhere:
        note = f"{elsewhere} has it: import that package first, or add its folder (--add-dir)"
        answer = replace(answer, notes=(*answer.notes, note))
    return answer


def _elsewhere(path: str, missing: Sequence[str]) -> str:
    """Return where in the same site-packages a DLL is that was not found; empty for nowhere.

    Looks at most three folders deep: wheels put their libraries no deeper.
    """
    sites = [parent for parent in Path(path).parents if parent.name.lower() == "site-packages"]
    names = {name.casefold() for name in missing}
    for site in sites[:1]:
        for pattern in ("*", "*/*", "*/*/*"):
            for found in site.glob(f"{pattern}/*.dll"):
                if found.name.casefold() in names:
                    return str(found)
    return ""


def _settings(facts: dict[str, Any], host: Host, added: Sequence[str]) -> Settings:
    """Return the machine that the children reported, for the model."""
    system = host.here(facts["system"])
    return Settings(
        python_dir=host.here(facts["folder"]),
        system_dir=None if facts["wine"] else system,  # under Wine: what Windows has
        msvcp140=_version(Path(system, MSVCP)),
        conda=facts["conda"],
        add_dirs=tuple(folder for folder in added if Path(folder).is_dir()),
    )


def _version(path: Path) -> str:
    """Return the file version of a runtime DLL; ``none`` where there is no such file."""
    from mlcbuild.loader.images import read_record  # noqa: PLC0415 - reads PE

    try:
        image = read_record(path.read_bytes(), str(path)).image
    except OSError:
        return "none"
    version = image.file_version if image is not None else None
    return ".".join(map(str, version)) if version else "none"


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute())
