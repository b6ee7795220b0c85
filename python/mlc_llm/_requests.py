# ruff: noqa: ANN401 - what came from outside, and upstream's objects, have no types
"""What a request may hold: unusable input is refused in words, and OpenAI's newer forms are read.

Upstream checks some of it. The rest reached the engine: its thread ended for a token that the model
does not have, and a failed assertion is a status 500 without a reason.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

__all__ = ["in_words", "joined", "known_tokens", "older_form", "served", "unusable"]

#: A field -> what it must be, in words, and as a function.
_NUMBERS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "temperature": ("0 or more", lambda value: value >= 0),
    "top_p": ("more than 0 and at most 1", lambda value: 0 < value <= 1),
    "n": ("1 or more", lambda value: value >= 1),
    "max_tokens": ("0 or more", lambda value: value >= 0),
}


def older_form(values: Any) -> Any:
    """Return a request's table as the protocol of mlc_llm has it, from OpenAI's newer form.

    A ``developer`` is what was ``system``, and a response format named ``json_schema`` is
    ``json_object`` with that schema.
    """
    if not isinstance(values, dict):
        return values
    if values.get("role") == "developer":
        return {**values, "role": "system"}
    form = values.get("json_schema")
    if values.get("type") == "json_schema" and isinstance(form, dict) and "schema" in form:
        return {"type": "json_object", "schema": json.dumps(form["schema"])}
    return values


def unusable(request: Any) -> str:
    """Say what in a request cannot be answered; "" where nothing is known to be."""
    for name, (words, holds) in _NUMBERS.items():
        value = getattr(request, name, None)
        if value is not None and not holds(value):  # NaN compares as false
            return f'"{name}" is {value} and must be {words}.'
    if getattr(getattr(request, "debug_config", None), "special_request", None):
        return ""  # the server asks its engine for /metrics: with a message without content
    messages = getattr(request, "messages", None)
    if messages is not None:
        if not messages:
            return '"messages" is empty: there is nothing to answer.'
        for place, message in enumerate(messages):
            if message.role != "assistant" and message.content is None:
                return f"Message {place} ({message.role}) has no content."
    return ""


def known_tokens(prompt: object, bias: Mapping[int, float] | None, size: int) -> str:
    """Say which token the model does not have; ``size`` is that of its vocabulary."""
    lists = prompt if isinstance(prompt, list) else []
    tokens = [part for each in lists for part in (each if isinstance(each, list) else [each])]
    for where, found in (("the prompt", tokens), ('"logit_bias"', bias or ())):
        for token in found:
            if isinstance(token, int) and not 0 <= token < size:
                return f"{where} has token {token}: the model's are 0 to {size - 1}."
    return ""


@contextmanager
def in_words(error: type[Exception]) -> Iterator[None]:
    """Raise ``error`` with the reason where a prompt cannot be made of the messages."""
    try:
        yield
    except ImportError as failed:
        package = {"PIL": "pillow"}.get(str(failed.name), str(failed.name))
        raise error(f"The server cannot read images: {package} is not installed there.") from None
    except (AssertionError, KeyError, OSError, TypeError, ValueError) as failed:
        if isinstance(failed, error):
            raise
        raise error(
            f"The messages make no prompt: {str(failed) or type(failed).__name__}"
        ) from failed


def served(asked: str | None, names: Iterable[str]) -> bool:
    """Say whether a model's name means one of these: itself, or the last part of its path."""
    if asked is None:
        return True
    whole = [name.rstrip("/\\") for name in names]
    return asked.rstrip("/\\") in {*whole, *(re.split(r"[/\\]", name)[-1] for name in whole)}


def joined(earlier: Any, later: Any) -> Any:
    """Return the log-probabilities of a choice so far (None: none) and those of its new tokens.

    Both are tables of lists, one entry a token; ``text_offset`` is always None.
    """
    if earlier is None:
        return later
    for name in ("token_logprobs", "tokens", "top_logprobs"):
        getattr(earlier, name).extend(getattr(later, name))
    return earlier
