"""Run a trace: one child for the target itself, one leaf first where that fails or is doubted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import InputError, UsageError
from mlcbuild.msvc import MSVCP
from mlcbuild.trace.blame import blame
from mlcbuild.trace.judge import Seen, judge
from mlcbuild.trace.plan import Machine, Step, make_plan
from mlcbuild.trace.probe import Probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlcbuild.trace.hosts import Host
    from mlcbuild.trace.result import Options, Trace

__all__ = ["existing", "image_trace", "is_file_name", "machine_of", "trace"]

_ENDINGS: Final = (".dll", ".pyd")


def trace(target: str, host: Host, options: Options) -> Trace:
    """Trace a file or, by its import name, a Python module.

    Raises ``UsageError`` for a program, ``InputError`` for a file that does not exist or a name
    that is none, ``FailedError`` where no child can be run.
    """
    probe = Probe(host=host, limit_s=options.limit_s)
    if target.casefold().endswith(".exe"):
        raise UsageError(
            f"{target}: trace loads DLLs and modules, not programs",
            remedy=f"mlcbuild check {target} predicts its start",
        )
    if is_file_name(target):
        path = Path(target)
        if not path.is_file():
            raise InputError(f"{target}: no such file", remedy="name a .dll, a .pyd or a module")
        return image_trace(str(path.absolute()), probe, options)
    if not all(part.isidentifier() for part in target.split(".")):
        raise InputError(f"{target}: neither a file nor an import name")
    from mlcbuild.trace.module import module_trace  # noqa: PLC0415 - half of the traces need it

    return module_trace(target, probe, options)


def is_file_name(target: str) -> bool:
    """Return whether a target is meant as a file."""
    return (
        target.casefold().endswith(_ENDINGS)
        or any(mark in target for mark in "/\\")
        or Path(target).is_file()
    )


def image_trace(
    path: str,
    probe: Probe,
    options: Options,
    *,
    folders: Sequence[str] = (),
    before: Sequence[str] = (),
) -> Trace:
    """Trace one image. ``folders`` were added and ``before`` loaded when it was asked for."""
    added = tuple(dict.fromkeys((*map(_absolute, options.add_dirs), *folders)))
    direct = probe.load([Step(path=path)], folders=added, before=before)
    plan = make_plan(path, machine_of(probe.facts, probe.host), existing(added))
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
        own = make_plan(found.image, machine_of(probe.facts, probe.host), existing(added))
        seen = replace(seen, watched=watched, own=own)
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
    """Return where in the same site-packages a DLL lies that was not found; empty for nowhere.

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


def machine_of(facts: dict[str, Any], host: Host) -> Machine:
    """Return the machine that the children told of, for the model."""
    system = host.here(facts["system"])
    return Machine(
        python_dir=host.here(facts["folder"]),
        system_dir=None if facts["wine"] else system,
        msvcp140=_version(Path(system, MSVCP)),
        conda=facts["conda"],
    )


def _version(path: Path) -> str:
    """Return the file version of a runtime DLL; ``none`` where there is no such file."""
    from mlcbuild.loader.reading import read_record  # noqa: PLC0415 - reads PE

    try:
        image = read_record(path.read_bytes(), str(path)).image
    except OSError:
        return "none"
    version = image.version.file_version if image is not None and image.version else None
    return ".".join(map(str, version)) if version else "none"


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute())


def existing(folders: Sequence[str]) -> tuple[str, ...]:
    """Return the folders that are there: code may add others."""
    return tuple(folder for folder in folders if Path(folder).is_dir())
