"""The requests to send, prepared before the clock starts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcbuild.bench.records import Target

DEFAULT_PROMPT: Final = "Tell me about the libraries that a program loads when it starts."


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """The content of every request. ``body`` replaces the JSON of a completion."""

    prompts: Sequence[str] = (DEFAULT_PROMPT,)
    max_tokens: int = 64
    temperature: float = 0.0
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    expect: str | None = None


def bodies(target: Target, question: Question) -> list[bytes]:
    """Return the bodies that requests use in turn, one per prompt; a plain GET has none."""
    if question.body is not None:
        return [question.body]
    if target.api == "plain":
        return [b""]
    return [json.dumps(_completion(target, question, text)).encode() for text in question.prompts]


def _completion(target: Target, question: Question, prompt: str) -> dict[str, Any]:
    table: dict[str, Any] = {
        "model": target.model,
        "max_tokens": question.max_tokens,
        "temperature": question.temperature,
    }
    if target.api == "chat":
        table["messages"] = [{"role": "user", "content": prompt}]
    else:
        table["prompt"] = prompt
    if target.stream:
        table |= {"stream": True, "stream_options": {"include_usage": True}}
    return table
