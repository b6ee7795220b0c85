"""Unusable requests are refused in words, and OpenAI's newer forms are read."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from mlc_llm._requests import in_words, joined, known_tokens, older_form, served, unusable


class RefusedError(ValueError):
    """What the server answers 400 for."""


def request(**fields: object) -> SimpleNamespace:
    message = SimpleNamespace(role="user", content="hi")
    return SimpleNamespace(**{"messages": [message], "n": 1, **fields})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -1.0),
        ("temperature", float("nan")),
        ("top_p", 2.0),
        ("top_p", 0.0),
        ("n", 0),
        ("max_tokens", -5),
    ],
)
def test_a_number_out_of_its_range_is_named(field: str, value: float) -> None:
    said = unusable(request(**{field: value}))
    assert said.startswith(f'"{field}" is {value} and must be')


def test_good_numbers_and_absent_ones_are_let_through() -> None:
    assert unusable(request(temperature=0.0, top_p=1.0, max_tokens=None)) == ""
    assert unusable(SimpleNamespace(prompt="text", n=2, max_tokens=0)) == ""


def test_no_message_and_a_message_of_nothing_are_refused() -> None:
    assert "empty" in unusable(request(messages=[]))
    silent = SimpleNamespace(role="user", content=None)
    assert unusable(request(messages=[silent])) == "Message 0 (user) has no content."


def test_what_the_server_asks_its_engine_for_is_let_through() -> None:
    silent = SimpleNamespace(role="user", content=None)
    metrics = SimpleNamespace(special_request="query_engine_metrics")
    assert unusable(request(messages=[silent], debug_config=metrics)) == ""


@pytest.mark.parametrize("prompt", [[5, 320], [[5], [320]]])
def test_a_token_that_the_model_does_not_have_is_named(prompt: list[object]) -> None:
    assert known_tokens(prompt, None, 320) == "the prompt has token 320: the model's are 0 to 319."
    assert known_tokens([5, 6], {7: 1.0}, 320) == ""
    assert '"logit_bias" has token -1' in known_tokens("text", {-1: 1.0}, 320)


def test_the_newer_forms_are_read() -> None:
    assert older_form({"role": "developer", "content": "x"}) == {"role": "system", "content": "x"}
    schema = {"type": "object"}
    newer = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    assert older_form(newer) == {"type": "json_object", "schema": json.dumps(schema)}


@pytest.mark.parametrize(
    "values", [{"role": "user"}, {"type": "json_object", "schema": "{}"}, "text", None]
)
def test_what_upstream_reads_is_left_as_it_is(values: object) -> None:
    assert older_form(values) == values


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (ModuleNotFoundError("No module named 'PIL'", name="PIL"), "pillow is not installed"),
        (KeyError("vision_config"), "vision_config"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_why_there_is_no_prompt_is_said(raised: Exception, words: str) -> None:
    with pytest.raises(RefusedError, match=words), in_words(RefusedError):
        raise raised


def test_a_refusal_keeps_its_own_words() -> None:
    with pytest.raises(RefusedError, match=r"^own$"), in_words(RefusedError):
        raise RefusedError("own")


@pytest.mark.parametrize("asked", [None, "dist/tiny-MLC", "tiny-MLC", "dist/tiny-MLC/"])
def test_a_model_goes_by_its_name_and_the_last_part_of_its_path(asked: str | None) -> None:
    assert served(asked, ["dist/tiny-MLC"])
    assert served(asked, ["dist/tiny-MLC/"])


@pytest.mark.parametrize("asked", ["", "gpt-4", "dist", "MLC"])
def test_another_name_is_not_served(asked: str) -> None:
    assert not served(asked, ["dist/tiny-MLC", "C:\\models\\other"])
    assert served("other", ["C:\\models\\other"])


def test_the_probabilities_of_a_choice_are_joined_in_order() -> None:
    def part(*tokens: str) -> SimpleNamespace:
        numbers = [-float(len(token)) for token in tokens]
        tops = [{token: 0.0} for token in tokens]
        return SimpleNamespace(token_logprobs=numbers, tokens=list(tokens), top_logprobs=tops)

    found = None
    for later in (part("a", "bb"), part("ccc")):
        found = joined(found, later)
    assert found == part("a", "bb", "ccc")
