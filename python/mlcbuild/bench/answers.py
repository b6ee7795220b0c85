"""Judge responses: 2xx is not enough for success, the body must be what was requested.

The shapes are OpenAI's: ``chat.completion``, ``text_completion`` and their streamed chunks, which
end with ``data: [DONE]``. ``usage`` of a stream comes in its last chunk where
``stream_options.include_usage`` asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mlcbuild.bench.body import EventReader
from mlcbuild.jsontext import parse

#: Characters of a body that a report shows.
EXCERPT: Final = 300
_SUCCESS: Final = range(200, 300)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A judged response: ``failure`` is None for a success, else its kind.

    ``excerpt`` shows why.
    """

    failure: str | None = None
    excerpt: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def excerpt_of(body: bytes | str) -> str:
    """Return the beginning of a body as one line of text."""
    start = body[: EXCERPT * 4]
    text = start.decode("utf-8", "replace") if isinstance(start, bytes) else start
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= EXCERPT else text[: EXCERPT - 3] + "..."


def _shown(body: bytes | str) -> str:
    """Return the excerpt of a bad answer, never an empty one."""
    return excerpt_of(body) or ("(nothing printable)" if body else "(empty body)")


def judge_status(status: int, body: bytes) -> Answer | None:
    """Return the failure of a status, None for 2xx. A redirect is not a success either."""
    if status in _SUCCESS:
        return None
    return Answer(failure=f"http-{status}", excerpt=_shown(body))


def judge_plain(status: int, content_type: str, body: bytes, expect: str | None) -> Answer:
    """Judge the response of any HTTP application: a JSON content type requires valid JSON."""
    if bad := judge_status(status, body):
        return bad
    if is_json(content_type) and _parsed(body) is _NOT_JSON:
        return Answer(failure="not-json", excerpt=_shown(body))
    if expect is not None and expect not in body.decode("utf-8", "replace"):
        return Answer(failure="unexpected-body", excerpt=_shown(body))
    return Answer()


def is_json(content_type: str) -> bool:
    """Whether a content type is JSON (RFC 6839)."""
    kind = content_type.partition(";")[0].strip().casefold()
    return kind == "application/json" or kind.endswith("+json")


def judge_completion(status: int, body: bytes) -> Answer:
    """Judge a whole completion, of a chat or of text."""
    if bad := judge_status(status, body):
        return bad
    table = _parsed(body)
    failure = _fault_of(table)
    if failure is not None or not isinstance(table, dict):
        return Answer(failure=failure, excerpt=_shown(body))
    prompt, completion = _usage(table)
    return Answer(prompt_tokens=prompt, completion_tokens=completion)


def _fault_of(table: object) -> str | None:
    """Return the kind of failure of a whole completion, None for a good one."""
    if table is _NOT_JSON:
        return "not-json"
    if not isinstance(table, dict):
        return "not-a-completion"
    if table.get("error"):
        return "error-in-body"
    said = [_text(choice, "message") for choice in _choices(table) or ()]
    if not said or None in said:
        return "not-a-completion"
    return None if any(said) or _usage(table)[1] else "empty-answer"


class StreamReader:
    """Reads a streamed completion as it comes; ``at`` are times of one clock, in seconds."""

    def __init__(self) -> None:
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.gaps_s: list[float] = []
        self._events = EventReader()
        self._start = b""
        self._chunks = 0
        self._done = False
        self._bad: Answer | None = None
        self._tokens: tuple[int | None, int | None] = (None, None)

    def feed(self, piece: bytes, at: float) -> None:
        """Take a piece of the body and its arrival time."""
        if len(self._start) < EXCERPT:
            self._start += piece[:EXCERPT]
        spoke = False
        try:
            for data in self._events.feed(piece):
                spoke |= self._event(data)
        except ValueError as error:
            self._bad = Answer(failure="too-large", excerpt=str(error))
        if spoke:
            if self.last_s is None:
                self.first_s = at
            else:
                self.gaps_s.append(at - self.last_s)
            self.last_s = at

    def _event(self, data: str) -> bool:
        """Return True for an event with text in it."""
        if self._done or self._bad is not None:
            return False
        if data.strip() == "[DONE]":
            self._done = True
            return False
        table = _parsed(data)
        if not isinstance(table, dict):
            self._bad = Answer(failure="not-json", excerpt=_shown(data))
            return False
        if table.get("error"):
            self._bad = Answer(failure="error-in-stream", excerpt=_shown(data))
            return False
        choices = _choices(table)
        if choices is None:
            self._bad = Answer(failure="not-a-completion", excerpt=_shown(data))
            return False
        self._chunks += bool(choices)
        usage = _usage(table)
        if usage != (None, None):
            self._tokens = usage
        return any(_text(choice, "delta") for choice in choices)

    @property
    def failed(self) -> bool:
        """Whether it can no longer become a success."""
        return self._bad is not None

    def finish(self) -> Answer:
        """Judge the stream after its last byte."""
        if self._bad is not None:
            return self._bad
        start = _shown(self._start)
        if not self._done:
            return Answer(failure="truncated" if self._chunks else "not-a-stream", excerpt=start)
        prompt, completion = self._tokens
        if not self._chunks:
            return Answer(failure="not-a-completion", excerpt=start)
        if self.first_s is None and not completion:
            return Answer(failure="empty-answer", excerpt=start)
        return Answer(prompt_tokens=prompt, completion_tokens=completion)


_NOT_JSON: Final = object()
#: Upper limit of plausible token counts.
_MANY: Final = 1 << 40


def _parsed(body: bytes | str) -> object:
    try:
        value: object = parse(body)
    except ValueError:
        return _NOT_JSON
    return value


def _choices(table: dict[str, Any]) -> list[dict[str, Any]] | None:
    choices = table.get("choices")
    if not isinstance(choices, list) or not all(isinstance(item, dict) for item in choices):
        return None
    return choices


def _text(choice: dict[str, Any], part: str) -> str | None:
    """Return a choice's content: text, a tool call or a chat part; None without content."""
    if isinstance(text := choice.get("text"), str):
        return text
    said = choice.get(part)
    if not isinstance(said, dict):
        return None
    for name in ("content", "reasoning_content"):
        if isinstance(text := said.get(name), str) and text:
            return text
    return "(tool)" if said.get("tool_calls") else ""


def _usage(table: dict[str, Any]) -> tuple[int | None, int | None]:
    usage = table.get("usage")
    if not isinstance(usage, dict):
        return None, None
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (
        count
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < _MANY
        else None
        for count in counts
    )
    return prompt, completion
