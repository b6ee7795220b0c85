"""``verify --chat --wine``: the model compiled on Linux for both systems, the answers compared.

The Windows wheel cannot compile, so this machine's own wheel makes the tiny model, compiles it for
Linux and for Windows, and gives the answer that Windows' CPython must repeat in the lab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlcbuild.errors import FailedError
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

__all__ = ["plan", "step_windows_chat", "step_windows_compile"]


def plan(
    options: Options, linux_wheel: Path, there: WinePlace, host: HostPlace, outcome: Outcome
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the steps: (name, action). ``host`` is a place on Linux with a folder of its own."""
    limits = options.limits
    model = host.folder / "tiny llama"

    def prepare() -> str:
        host.folder.mkdir()
        steps.step_environment(host, None, limits)
        return steps.step_install(host, read_subject(linux_wheel), (), limits)

    def converse() -> str:
        detail, outcome.facts["linux"] = chat.step_chat(host, "cpu", limits)
        return detail

    def repeat() -> str:
        detail, facts = step_windows_chat(there, model, options.repeat, limits)
        chat.same_answer("Windows", outcome.facts["linux"]["text"], facts["text"])
        outcome.facts["chat"] = facts
        return detail

    yield "linux", prepare
    yield "model", lambda: chat.step_model(host, limits)
    yield "gen_config", lambda: chat.step_config(host, limits)
    yield "compile", lambda: chat.step_compile(host, "cpu", limits)
    yield "linux chat", converse
    yield "compile", lambda: step_windows_compile(host, model)
    yield "tokenizer", lambda: wine.judged(there, lambda: _tokenizer(there, model, limits))
    yield "chat", lambda: wine.judged(there, repeat)


def step_windows_compile(host: HostPlace, model: Path) -> str:
    """Compile the model for Windows, as ``mlcbuild model`` does it."""
    made = make(
        ModelOptions(
            model=model / "model",
            output=model / "lib.dll",
            request=make_request(target="win_amd64", device="cpu"),
            python=host.python,
            log=host.log,
            environment=host.environment,
        ),
        lambda _: None,
    )
    return f"{made.size} bytes; needs {', '.join(made.needs)}"


def _tokenizer(there: WinePlace, model: Path, limits: steps.Limits) -> str:
    facts = steps.probe(there, "tokenizer", there.lab.path(model / "model"), limit_s=limits.quick_s)
    return f"{facts['text']!a} comes back from {facts['tokens']} tokens"


def step_windows_chat(
    there: WinePlace, model: Path, repeat: int, limits: steps.Limits
) -> tuple[str, dict[str, Any]]:
    """Chat ``repeat`` times, each in a process that must end by itself; all answers are equal."""
    path = there.lab.path
    arguments = (path(model / "model"), path(model / "lib.dll"), "cpu")
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
    return f"as on Linux: {text!a}; {said}{ended}", {"text": text, "usage": usage}
