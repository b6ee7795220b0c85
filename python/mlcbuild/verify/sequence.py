"""Verify one wheel: run the steps in order with their times; stop at the first failure."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from typing import Final

from mlcbuild.errors import FailedError, InputError, MlcbuildError, UsageError
from mlcbuild.progress import ticking
from mlcbuild.verify import steps
from mlcbuild.verify.place import HostPlace, Place
from mlcbuild.verify.place import place as make_place
from mlcbuild.verify.result import Options, Outcome, Step
from mlcbuild.verify.subject import Subject, read_subject

#: The linker of models on Windows: the wheel's extra ``compile``.
_LINKER: Final = "ziglang>=0.13"


def verify(options: Options, report: Callable[[Step], None]) -> Outcome:
    """Run the steps; ``report`` gets each as it ends. Never raises for a bad wheel.

    Raises ``InputError`` for a file that is not a wheel, before any step.
    """
    subject = read_subject(options.wheel)
    if options.chat and options.device == "cuda":
        options = _with_cuda(options)
    if options.chat and sys.platform == "win32" and not options.no_index:
        options = replace(options, also=(*options.also, _LINKER))
    if options.wine and (options.wheel.parent / "wheelhouse.json").is_file():
        links = (*options.find_links, options.wheel.parent)  # the set is complete
        options = replace(options, find_links=links, no_index=True)
    outcome = Outcome(wheel=str(options.wheel))
    try:
        with make_place(keep=options.keep) as place:
            outcome.log = str(place.log)
            outcome.folder = str(place.folder) if options.keep else None
            plan = _plan_in_lab if options.wine else _plan
            # Closed: what a step needs from then on (a display) ends with the last one.
            with closing(plan(subject, options, place, outcome)) as planned:
                for name, action in planned:
                    _run(name, action, place, outcome, report)
            if not options.keep:
                outcome.log = None
    except MlcbuildError as error:
        outcome.error = error
        if options.wine:
            from mlcbuild.verify.wine import lacking  # noqa: PLC0415 - see _plan_in_lab

            outcome.lacks = lacking(error)
    return outcome


def _with_cuda(options: Options) -> Options:
    """Return the options with what CUDA needs. Raises ``UsageError`` and ``InputError``."""
    from mlcbuild.verify import cuda_chat  # noqa: PLC0415 - rarely

    if options.wine:
        raise UsageError("Wine has no CUDA", remedy="leave --lab or --device cuda out")
    cuda_chat.require_driver()
    return replace(options, also=(*options.also, cuda_chat.RUNTIME))


def _run(
    name: str,
    action: Callable[[], str],
    place: Place,
    outcome: Outcome,
    report: Callable[[Step], None],
) -> None:
    began = time.monotonic()
    try:
        with ticking(name):
            detail, error = action(), None
    except MlcbuildError as caught:
        detail, error = str(caught), caught
    step = Step(name=name, seconds=time.monotonic() - began, ok=error is None, detail=detail)
    outcome.steps.append(step)
    report(step)
    if error is not None:
        kind = InputError if isinstance(error, InputError) else FailedError
        raise kind(f"{name}: {error} (log: {place.log})") from error


def _plan(
    subject: Subject, options: Options, place: HostPlace, outcome: Outcome
) -> Generator[tuple[str, Callable[[], str]]]:
    """Yield the steps in order: (name, action)."""
    limits, device = options.limits, options.device
    names = options.imports or subject.imports
    if subject.natives or subject.stamps:
        from mlcbuild.verify.subject import step_stamp  # noqa: PLC0415 - few wheels have a stamp

        yield "stamp", lambda: step_stamp(subject)
    yield "environment", lambda: steps.step_environment(place, options.python, limits)
    yield "install", lambda: _install(place, subject, options)
    if names:
        yield "import", lambda: steps.step_import(place, subject, names, limits)
    yield "tensor", lambda: steps.step_tensor(place, limits)
    for code in options.code:
        yield "run", lambda code=code: steps.step_run(place, code, limits)  # type: ignore[misc]
    if not options.chat:
        return
    from mlcbuild.verify import chat  # noqa: PLC0415 - HTTP, only for a chat

    sizes: tuple[int, ...] = ()
    exact: list[str] = []
    if device == "cuda":
        from mlcbuild.verify import cuda_chat  # noqa: PLC0415 - rarely

        def see() -> str:
            detail, found = cuda_chat.step_device(place, limits)
            exact.append(found)
            return detail

        sizes = cuda_chat.SIZES
        yield "device", see
    elif device != "cpu":
        yield "device", lambda: chat.step_device(place, device, limits)
    yield "model", lambda: chat.step_model(place, limits, sizes)
    yield "gen_config", lambda: chat.step_config(place, limits)
    # On the CPU first: the device's greedy answer must equal it.
    for where in dict.fromkeys(("cpu", device)):

        def compiled(where: str = where) -> str:
            named = "".join(exact)
            return chat.step_compile(place, where, limits, exact=named, reference=where != device)

        yield "compile", compiled

        def converse(where: str = where) -> str:
            detail, facts = chat.step_chat(place, where, limits)
            chat.same_answer(where, outcome.facts.get("chat", facts)["text"], facts["text"])
            outcome.facts["chat"] = facts
            return detail

        yield "chat", converse
    expected = outcome.facts["chat"]["text"]
    yield "serve", lambda: chat.step_serve(place, device, expected, limits)


def _install(place: Place, subject: Subject, options: Options) -> str:
    return steps.step_install(
        place,
        subject,
        options.find_links,
        options.limits,
        no_index=options.no_index,
        also=options.also,
    )


def _plan_in_lab(
    subject: Subject, options: Options, place: HostPlace, outcome: Outcome
) -> Generator[tuple[str, Callable[[], str]]]:
    """Yield the steps for a Windows wheel under Wine: the same, each evaluated for Windows."""
    from mlcbuild.verify import wine  # noqa: PLC0415 - the lab and the loader's data, rarely used

    limits, installed = options.limits, options
    names = options.imports or subject.imports
    if options.chat:
        from mlcbuild.verify.windows_chat import beside  # noqa: PLC0415 - zip and HTTP, for a chat

        installed = replace(options, also=beside(options)[0])
    made: list[wine.WinePlace] = []

    def environment() -> str:
        version = wine.python_of(subject, options.python)
        made.append(wine.place_in_lab(place, version))
        lab = made[0].lab
        return f"Windows Python {lab.version}, {lab.prefix.programs.version}"

    if subject.natives or subject.stamps:
        from mlcbuild.verify.subject import step_stamp  # noqa: PLC0415 - few wheels have a stamp

        yield "stamp", lambda: step_stamp(subject)
    yield "environment", environment
    there = made[0]
    yield "install", lambda: _install(there, subject, installed)
    if names:
        imported = lambda: steps.step_import(there, subject, names, limits)  # noqa: E731
        yield "import", lambda: wine.judged(there, imported)
    yield "tensor", lambda: wine.judged(there, lambda: steps.step_tensor(there, limits))
    for code in options.code:
        ran = lambda code=code: steps.step_run(there, code, limits)  # noqa: E731
        yield "run", lambda ran=ran: wine.judged(there, ran)  # type: ignore[misc]
    if options.chat:
        from mlcbuild.verify import windows_chat  # noqa: PLC0415 - as above
        from mlcbuild.verify.place import HostPlace  # noqa: PLC0415

        folder = place.folder / "linux"
        host = HostPlace(folder=folder, log=place.log, environment=place.environment)
        yield from windows_chat.plan(options, there, host, outcome)
