"""``verify --chat --lab``: compiled and run by Windows CPython in the lab.

Where the installed set cannot compile for the device (a chat-only one, a plug-in without its code
generator), this machine's own wheel does, and makes the tiny model. Where that wheel is given, the
answers on Windows must be those on Linux.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlcbuild.devices import GENERATORS
from mlcbuild.errors import FailedError, InputError
from mlcbuild.lab.display import display
from mlcbuild.lab.downloads import ZIGLANG, fetch
from mlcbuild.model.environment import PROBE
from mlcbuild.model.make import Options as ModelOptions
from mlcbuild.model.make import make
from mlcbuild.model.request import make_request
from mlcbuild.platforms import AMD64
from mlcbuild.verify import chat, steps, wine
from mlcbuild.verify.subject import read_subject

if TYPE_CHECKING:
    from mlcbuild.verify.place import HostPlace
    from mlcbuild.verify.result import Options, Outcome
    from mlcbuild.verify.wine import WinePlace


def beside(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide ``options.also``: (what the lab installs, what this machine does).

    A wheel for Linux goes to this machine, anything else to Windows; a device's plug-in comes to
    Windows by its name.
    """
    linux = [text.endswith(".whl") and "linux" in text.rpartition("-")[2] for text in options.also]
    here = tuple(text for text, is_linux in zip(options.also, linux, strict=True) if is_linux)
    there = tuple(text for text, is_linux in zip(options.also, linux, strict=True) if not is_linux)
    plugin = f"tvm_{options.device}"
    if options.device != "cpu" and not any(plugin in text.replace("-", "_") for text in there):
        there = (*there, f"tvm-{options.device}")
    return there, here


def plan(
    options: Options, there: WinePlace, host: HostPlace, outcome: Outcome
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the steps: (name, action). ``host`` is a place on Linux with a folder of its own."""
    limits, device, linux_wheel = options.limits, options.device, options.linux_wheel
    devices = tuple(dict.fromkeys(("cpu", device)))
    found: dict[str, Any] = {}

    def look() -> str:
        found.update(steps.ask(there, PROBE, GENERATORS, limits.quick_s).table)
        if error := found["error"]:
            raise FailedError(error)
        if not _compiles(found, device) and linux_wheel is None:
            raise InputError(
                f"the packages installed on Windows cannot compile for {device}",
                remedy="pass this machine's wheel of the same sources: --linux-wheel WHEEL",
            )
        return f"code for {', '.join(found['generators']) or 'nothing'} on Windows"

    yield "compiler", lambda: wine.judged(there, look)
    on_windows = _compiles(found, device)
    if on_windows and not (found["windows_linker"] or {}).get("program"):
        yield "linker", lambda: _bring_linker(there)
    if linux_wheel is not None:
        yield "linux", lambda: _prepare(host, there, options)
    maker = there if on_windows else host
    yield "model", lambda: chat.step_model(maker, limits)
    yield "gen_config", lambda: chat.step_config(maker, limits)
    if linux_wheel is not None:
        yield "compile", lambda: chat.step_compile(host, "cpu", limits)

        def converse() -> str:
            detail, outcome.facts["linux"] = chat.step_chat(host, "cpu", limits)
            return detail

        yield "linux chat", converse
    yield "tokenizer", lambda: wine.judged(there, lambda: _tokenizer(there, limits))
    for where in devices:

        def compiled(where: str = where) -> str:
            if not on_windows:
                return _compile_here(host, where)
            return wine.judged(there, lambda: chat.step_compile(there, where, limits))

        yield "compile", compiled
        with _seeing(there, where) as place:

            def repeat(where: str = where, place: WinePlace = place) -> str:
                detail, facts = _chat(place, where, options.repeat, limits)
                first = outcome.facts.get("linux", outcome.facts.get("chat", facts))
                name = "Windows" if where == "cpu" else f"Windows on {where}"
                chat.same_answer(name, first["text"], facts["text"])
                outcome.facts["chat"] = facts
                return detail

            def jitted(place: WinePlace = place) -> str:
                detail, facts = chat.step_jit(place, limits)
                texts = outcome.facts["chat"]["text"], facts["text"]
                chat.same_answer("the engine's own library", *texts)
                return detail

            def served(where: str = where, place: WinePlace = place) -> str:
                return chat.step_serve(place, where, outcome.facts["chat"]["text"], limits)

            if where != "cpu":
                seen = lambda place=place: chat.step_device(place, device, limits)  # noqa: E731
                yield "device", lambda seen=seen, place=place: wine.judged(place, seen)  # type: ignore[misc]
            yield "chat", lambda repeat=repeat, place=place: wine.judged(place, repeat)  # type: ignore[misc]
            if where == "cpu" and on_windows:
                yield "jit", lambda place=place: wine.judged(place, jitted)  # type: ignore[misc]
            if where == device:
                yield "serve", lambda served=served, place=place: wine.judged(place, served)  # type: ignore[misc]


def _compiles(found: dict[str, Any], device: str) -> bool:
    """Return whether the Windows side compiles for the device, and for the CPU."""
    return {"llvm", "llvm" if device == "cpu" else device} <= set(found["generators"])


def _bring_linker(there: WinePlace) -> str:
    """Extract the wheel of ziglang as pip would, next to the wheel that requires it."""
    archive = fetch(ZIGLANG, there.lab.root / "downloads", lambda _: None)
    with zipfile.ZipFile(archive) as wheel:
        wheel.extractall(there.lab.environment / "Lib" / "site-packages")
    return f"ziglang {ZIGLANG.version}, whose lld-link links models"


def _prepare(host: HostPlace, there: WinePlace, options: Options) -> str:
    """Install the Linux wheel; the model's folder is one for both systems."""
    host.folder.mkdir()
    chat.folder(there).mkdir(exist_ok=True)
    chat.folder(host).symlink_to(chat.folder(there))
    steps.step_environment(host, None, options.limits)
    if options.linux_wheel is None:
        raise AssertionError  # asked for where there is one
    subject = read_subject(options.linux_wheel)
    return steps.step_install(host, subject, (), options.limits, also=beside(options)[1])


@contextmanager
def _seeing(place: WinePlace, device: str) -> Iterator[WinePlace]:
    """Give the place a display, where the device needs one."""
    if device == "cpu":
        yield place
        return
    with display() as name:
        yield replace(place, display=name)


def _compile_here(host: HostPlace, device: str) -> str:
    """Compile the model for Windows on Linux, as ``mlcbuild model`` does it."""
    output = chat.library(host, device).with_suffix(".dll")
    made = make(
        ModelOptions(
            model=chat.folder(host) / "model",
            output=output,
            request=make_request(target=AMD64, device=device),
            python=host.python,
            log=host.log,
            environment=host.environment,
        ),
        lambda _: None,
    )
    return f"{made.size} bytes for {device}; needs {', '.join(made.needs)}"


def _tokenizer(there: WinePlace, limits: steps.Limits) -> str:
    model = there.remote(chat.folder(there) / "model")
    facts = steps.probe(there, "tokenizer", model, limit_s=limits.quick_s)
    return f"{facts['text']!a} comes back from {facts['tokens']} tokens"


def _chat(
    there: WinePlace, device: str, repeat: int, limits: steps.Limits
) -> tuple[str, dict[str, Any]]:
    """Chat ``repeat`` times, each in a process that must exit; all answers must be equal."""
    answers = [chat.step_chat(there, device, limits) for _ in range(repeat)]
    texts = {facts["text"] for _, facts in answers}
    if len(texts) != 1:
        raise FailedError(f"greedy answers differ: {sorted(texts)!a}")
    ended = f"; the process exited by itself {repeat} of {repeat} times" if repeat > 1 else ""
    detail, facts = answers[0]
    return f"{detail}{ended}", facts
