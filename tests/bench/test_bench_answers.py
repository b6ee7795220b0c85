from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlcbuild.bench.answers import StreamReader, excerpt_of, judge_completion, judge_plain
from mlcbuild.bench.body import EventReader
from standin import chat_chunks

GOOD: dict[str, Any] = {
    "choices": [{"message": {"role": "assistant", "content": "hi"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}


def whole(table: object) -> bytes:
    return json.dumps(table).encode()


def test_a_completion_with_text_and_usage_is_a_success() -> None:
    answer = judge_completion(200, whole(GOOD))
    assert (answer.failure, answer.prompt_tokens, answer.completion_tokens) == (None, 3, 2)


def test_a_text_completion_and_a_tool_call_are_successes_too() -> None:
    assert judge_completion(200, whole({"choices": [{"text": "hi"}]})).failure is None
    call = {"choices": [{"message": {"content": None, "tool_calls": [{"id": "1"}]}}]}
    assert judge_completion(200, whole(call)).failure is None


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (404, b"Not Found", "http-404"),
        (500, b"", "http-500"),
        (302, b"moved", "http-302"),
        (200, b"<html>", "not-json"),
        (200, b"", "not-json"),
        (200, b"[" * 100_000, "not-json"),
        (200, b"[]", "not-a-completion"),
        (200, b"{}", "not-a-completion"),
        (200, b'{"choices": []}', "not-a-completion"),
        (200, b'{"choices": [3]}', "not-a-completion"),
        (200, b'{"choices": [{"message": null}]}', "not-a-completion"),
        (200, b'{"error": {"message": "out of memory"}}', "error-in-body"),
        (200, b'{"choices": [{"message": {"content": ""}}]}', "empty-answer"),
    ],
)
def test_what_is_no_completion_is_a_failure_of_its_kind(
    status: int, body: bytes, failure: str
) -> None:
    answer = judge_completion(status, body)
    assert answer.failure == failure
    assert answer.excerpt


@pytest.mark.parametrize("usage", [None, 3, {}, {"prompt_tokens": True, "completion_tokens": -1}])
def test_a_strange_usage_counts_no_tokens(usage: object) -> None:
    answer = judge_completion(200, whole({**GOOD, "usage": usage}))
    assert (answer.failure, answer.prompt_tokens, answer.completion_tokens) == (None, None, None)


def test_a_plain_answer_is_judged_by_status_type_and_text() -> None:
    assert judge_plain(204, "", b"", None).failure is None
    assert judge_plain(200, "application/json; charset=utf-8", b"{}", None).failure is None
    assert judge_plain(200, "application/problem+json", b"{", None).failure == "not-json"
    assert judge_plain(200, "text/html", b"{", None).failure is None
    assert judge_plain(200, "text/html", b"all is well", "well").failure is None
    assert judge_plain(200, "text/html", b"login", "well").failure == "unexpected-body"
    assert judge_plain(503, "text/html", b"well", "well").failure == "http-503"


def read(pieces: list[bytes]) -> StreamReader:
    reader = StreamReader()
    for at, piece in enumerate(pieces):
        reader.feed(piece, float(at))
    return reader


USAGE = {"prompt_tokens": 4, "completion_tokens": 3}


def test_a_stream_is_timed_at_its_words_only() -> None:
    # Event 0 is the role, 1 to 3 the words, then the end, usage and [DONE].
    reader = read(chat_chunks(["a", "b", "c"], USAGE))
    answer = reader.finish()
    assert (answer.failure, answer.prompt_tokens, answer.completion_tokens) == (None, 4, 3)
    assert (reader.first_s, reader.gaps_s) == (1.0, [1.0, 1.0])


@given(st.lists(st.integers(0, 1200), max_size=30))
def test_where_the_network_cuts_a_stream_does_not_matter(cuts: list[int]) -> None:
    stream = b": a comment\r\n\r\n" + b"".join(chat_chunks(["ä", "b", "c"], USAGE))
    edges = [0, *sorted({min(cut, len(stream)) for cut in cuts}), len(stream)]
    reader = read([stream[a:b] for a, b in itertools.pairwise(edges)])
    answer = reader.finish()
    assert (answer.failure, answer.prompt_tokens, answer.completion_tokens) == (None, 4, 3)
    assert len(reader.gaps_s) <= 2


@pytest.mark.parametrize(
    ("pieces", "failure"),
    [
        ([], "not-a-stream"),
        ([b'{"choices": [{"message": {"content": "whole"}}]}'], "not-a-stream"),
        (chat_chunks(["a", "b"], None)[:-1], "truncated"),
        ([b"data: [DONE]\n\n"], "not-a-completion"),
        ([b"data: {}\n\n", b"data: [DONE]\n\n"], "not-a-completion"),
        ([b"data: <html>\n\n"], "not-json"),
        ([*chat_chunks(["a"], None)[:2], b'data: {"error": "died"}\n\n'], "error-in-stream"),
        (chat_chunks([], None), "empty-answer"),
    ],
)
def test_a_bad_stream_is_a_failure_of_its_kind(pieces: list[bytes], failure: str) -> None:
    answer = read(pieces).finish()
    assert answer.failure == failure
    assert answer.excerpt


def test_an_event_may_have_several_lines_and_other_fields() -> None:
    events = EventReader()
    assert events.feed(b"event: x\r\ndata: a\r\ndata:b\r\n\r\nid: 3\n\ndata") == ["a\nb"]
    assert events.feed(b": rest\n\n") == ["rest"]


def test_an_excerpt_is_one_short_line_that_a_terminal_survives() -> None:
    assert excerpt_of(b"a\n\x1b[31m\xff b\r\n") == "a [31m\N{REPLACEMENT CHARACTER} b"
    assert len(excerpt_of("x" * 5000)) == 300
