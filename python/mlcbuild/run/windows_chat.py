"""``verify --chat --wine``: the model compiled on Linux for both systems, the answers compared.

The Windows wheel cannot compile, so this machine's own wheel makes the tiny model, compiles it for
Linux and for Windows, and gives the answer that Windows' CPython must repeat in the lab: on the
CPU, and on the device where one is asked for.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlcbuild.errors import FailedError, UsageError
from mlcbuild.lab.display import display
from mlcbuild.model.make import Options as ModelOptions
from mlcbuild.model.make import make
from mlcbuild.model.request import make_request
from mlcbuild.run import chat, steps, wine
from mlcbuild.run.subject import read_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mlcbuild.run.place import HostPlace
    from mlcbuild.run.verify import Options, Outcome
    from mlcbuild.run.wine import WinePlace

__all__ = ["beside", "plan", "step_windows_chat", "step_windows_compile"]


def beside(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide ``options.also``: (what the lab installs, what this machine does).

    A wheel for Linux goes to the side that compiles, anything else to Windows; the set's own
    plug-in comes to Windows by its name. Raises ``UsageError`` where nothing could compile for
    the device.
    """
    linux = [text.endswith(".whl") and "linux" in text.rpartition("-")[2] for text in options.also]
    here = tuple(text for text, is_linux in zip(options.also, linux, strict=True) if is_linux)
    there = tuple(text for text, is_linux in zip(options.also, linux, strict=True) if not is_linux)
    if options.device == "cpu":
        return there, here
    plugin = f"tvm_{options.device}"
    if not any(plugin in text for text in here):
        raise UsageError(
            f"the side that compiles needs tvm-{options.device}",
            remedy=f"pip wheel ./plugins/{options.device} --no-deps -w dist, then "
            f"--also dist/{plugin}-*.whl",
        )
    if not any(plugin in text.replace("-", "_") for text in there):
        there = (*there, f"tvm-{options.device}")
    return there, here


def plan(
    options: Options, linux_wheel: Path, there: WinePlace, host: HostPlace, outcome: Outcome
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the steps: (name, action). ``host`` is a place on Linux with a folder of its own."""
    limits, device = options.limits, options.device
    model = host.folder / "tiny llama"

    def prepare() -> str:
        host.folder.mkdir()
        steps.step_environment(host, None, limits)
        also = beside(options)[1]
        return steps.step_install(host, read_subject(linux_wheel), (), limits, also=also)

    def converse() -> str:
        detail, outcome.facts["linux"] = chat.step_chat(host, "cpu", limits)
        return detail

    yield "linux", prepare
    yield "model", lambda: chat.step_model(host, limits)
    yield "gen_config", lambda: chat.step_config(host, limits)
    yield "compile", lambda: chat.step_compile(host, "cpu", limits)
    yield "linux chat", converse
    yield "tokenizer", lambda: wine.judged(there, lambda: _tokenizer(there, model, limits))
    for where in dict.fromkeys(("cpu", device)):
        yield "compile", lambda where=where: step_windows_compile(host, model, where)  # type: ignore[misc]
        with _seeing(there, where) as place:

            def repeat(where: str = where, place: WinePlace = place) -> str:
                detail, facts = step_windows_chat(place, model, where, options.repeat, limits)
                name = "Windows" if where == "cpu" else f"Windows on {where}"
                chat.same_answer(name, outcome.facts["linux"]["text"], facts["text"])
                outcome.facts["chat"] = facts
                return detail

            if where != "cpu":
                found = lambda place=place: chat.step_device(place, device, limits)  # noqa: E731
                yield "device", lambda found=found, place=place: wine.judged(place, found)  # type: ignore[misc]
            yield "chat", lambda repeat=repeat, place=place: wine.judged(place, repeat)  # type: ignore[misc]


@contextmanager
def _seeing(place: WinePlace, device: str) -> Iterator[WinePlace]:
    """Give the place a display, where the device needs one."""
    if device == "cpu":
        yield place
        return
    with display() as name:
        yield replace(place, display=name)


def _library(model: Path, device: str) -> Path:
    return model / f"lib-{device}.dll"


def step_windows_compile(host: HostPlace, model: Path, device: str = "cpu") -> str:
    """Compile the model for Windows, as ``mlcbuild model`` does it."""
    made = make(
        ModelOptions(
            model=model / "model",
            output=_library(model, device),
            request=make_request(target="win_amd64", device=device),
            python=host.python,
            log=host.log,
            environment=host.environment,
        ),
        lambda _: None,
    )
    return f"{made.size} bytes for {device}; needs {', '.join(made.needs)}"


def _tokenizer(there: WinePlace, model: Path, limits: steps.Limits) -> str:
    facts = steps.probe(there, "tokenizer", there.lab.path(model / "model"), limit_s=limits.quick_s)
    return f"{facts['text']!a} comes back from {facts['tokens']} tokens"


def step_windows_chat(
    there: WinePlace, model: Path, device: str, repeat: int, limits: steps.Limits
) -> tuple[str, dict[str, Any]]:
    """Chat ``repeat`` times, each in a process that must end by itself; all answers are equal."""
    path = there.lab.path
    arguments = (path(model / "model"), path(_library(model, device)), device)
    answers = [
        steps.probe(there, "chat", *arguments, limit_s=limits.quick_s) for _ in range(repeat)
    ]
    texts = {text for facts in answers for text in facts["texts"]}
    if len(texts) != 1:
        raise FailedError(f"greedy answers differ: {sorted(texts)!a}")
    text, usage = texts.pop(), answers[0]["usage"]
    if not text or usage["completion_tokens"] != chat.TOKENS:
        raise FailedError(f"{chat.TOKENS} tokens were asked for, the answer has {usage}")
    ended = f"; the process ended by itself {repeat} of {repeat} times" if repeat > 1 else ""
    said = f"{usage['prompt_tokens']} prompt + {usage['completion_tokens']} completion tokens"
    return f"{device}, as on Linux: {text!a}; {said}{ended}", {"text": text, "usage": usage}
