"""Odd answers of servers: a failure in words, or a true success, never a crash.

``scripts/fuzz.py`` does the same in thousands, and over a real connection.
"""

from __future__ import annotations

import contextlib
import gzip
import random

import pytest
from answerjudge import Wire, judge
from hostileanswers import GOOD, STREAM, WHOLE, answer, answers, wire_answers
from mlcbuild.bench.answers import judge_completion
from mlcbuild.jsontext import parse


@pytest.mark.parametrize("data", GOOD)
def test_a_sound_answer_is_a_success_however_it_is_cut(data: bytes) -> None:
    assert judge(data) == judge(data, 1) == GOOD[data]


def test_odd_answers_are_judged_as_strict_readers_judge_them() -> None:
    outcomes = {judge(data) for data in answers(random.Random(7), 150)}
    assert "failures" in outcomes
    assert len(outcomes) > 1


def test_answers_that_break_off_on_the_wire_are_no_successes() -> None:
    with contextlib.closing(Wire()) as wire:
        for data in wire_answers(random.Random(7), 25):
            wire.judge(data)
        good = answer(WHOLE, "application/json")
        assert wire.judge(good) == "plain, whole"


@pytest.mark.parametrize("left", [1, 8, 30])
def test_gzip_that_ends_too_early_is_a_failure(left: int) -> None:
    assert judge(answer(gzip.compress(STREAM)[:-left], encoding="gzip")) == "failures"


@pytest.mark.parametrize(
    "rest", [b"garbage", gzip.compress(b"more", mtime=0)[:-1]], ids=["no gzip", "cut"]
)
def test_what_follows_gzip_has_to_be_gzip(rest: bytes) -> None:
    assert judge(answer(gzip.compress(STREAM) + rest, encoding="gzip")) == "failures"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_lacks_are_not_json(number: str) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        parse(f'{{"a": {number}}}')
    body = WHOLE.replace(b"3", number.encode())
    assert judge(answer(body, "application/json")) == "failures"


def test_models_whose_names_are_no_texts_are_no_models() -> None:
    assert judge(answer(b'{"data": [{"id": []}, {"id": "m"}]}')) == "plain"


def test_a_bad_answer_without_a_printable_character_still_says_something() -> None:
    assert judge_completion(500, b"\0\0").excerpt == "(nothing printable)"
    assert judge_completion(500, b"").excerpt == "(empty body)"
    assert judge(answer(b"data: \n\ndata: \0\n\n")) == "plain"
