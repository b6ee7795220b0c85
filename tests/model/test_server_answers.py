"""What the server answers OpenAI's own client, good requests and unusable ones: needs a wheel."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from publishedllama import Llama
    from wheelvenv import Wheel

pytestmark = [pytest.mark.slow, pytest.mark.needs_wheel, pytest.mark.needs_index]

HERE = Path(__file__).parent
#: A request -> words of the reason that comes with status 400.
REFUSED = {
    "temperature": '"temperature" is -1.0 and must be 0 or more.',
    "top_p": '"top_p" is 2.0 and must be more than 0 and at most 1.',
    "n": '"n" is 0 and must be 1 or more.',
    "max_tokens": '"max_tokens" is -5 and must be 0 or more.',
    "logit_bias": "token 100000: the model's are 0 to 319.",
    "no messages": '"messages" is empty',
    "no content": "Message 0 (user) has no content.",
    "another model": '"gpt-4" is not served.',
    "image": "pillow is not installed there.",
    "role tool": "",
    "streamed": '"temperature" is -1.0',
    "prompt": "the prompt has token 999999",
}


@pytest.fixture(scope="module")
def answers(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what the server of a tiny model answered; upstream's echo engine runs it."""
    folder = tmp_path_factory.mktemp("server") / "tiny"
    writes = [wheel.python, HERE.parents[1] / "benchmarks" / "architecture_models.py"]
    subprocess.run([*writes, "llama", "q0f32", folder], check=True, capture_output=True)
    return {**asked(wheel, folder), "model": str(folder)}


def asked(wheel: Wheel, *words: Path) -> dict[str, Any]:
    wheel.install("openai")
    asks = [wheel.python, HERE / "server_child.py", *words]
    done = subprocess.run(asks, capture_output=True, check=False, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_an_unusable_request_gets_400_with_the_reason(answers: dict[str, Any], name: str) -> None:
    status, words = answers[name]
    assert status == 400
    assert REFUSED[name] in words


def test_a_model_that_is_not_served_is_not_found(answers: dict[str, Any]) -> None:
    status, words = answers["no such model"]
    assert status == 404
    assert "is not served" in words


def test_what_openais_client_asks_for_is_answered(answers: dict[str, Any]) -> None:
    assert answers["health"] == [200, "ok"]
    assert answers["retrieve"] == answers["model"]
    assert answers["list"] == [answers["model"]]
    assert answers["chat"] == answers["its name alone"]
    assert "be kind"[:4] in answers["developer"]
    assert answers["json_schema"] == answers["chat"]


@pytest.fixture(scope="module")
def counts(wheel: Wheel, llama: Llama) -> dict[str, Any]:
    """Return what a server of a compiled model counted; it runs four sequences at once."""
    return asked(wheel, llama.model, llama.library)


@pytest.mark.parametrize("kind", ["chat", "completions"])
@pytest.mark.parametrize("n", [1, 3, 9])
def test_every_token_of_every_choice_is_counted_and_has_its_probability(
    counts: dict[str, Any], kind: str, n: int
) -> None:
    assert counts[f"{kind} {n}"] == [6 * n, 6 * n, 0, [6] * n]


ENGINE = """\
import os, sys
from mlc_llm import MLCEngine
engine = MLCEngine(sys.argv[1], model_lib=sys.argv[2])
words = {"prompt": "hi", "max_tokens": 6, "logit_bias": {2: -100}, "logprobs": 1, "n": 2}
for choice in engine.completions.create(**words).choices:
    print("ENTRIES", len(choice.logprobs.tokens))
engine.terminate()
"""


def test_the_engines_completions_have_the_probability_of_every_token(
    wheel: Wheel, llama: Llama
) -> None:
    done = wheel.run(ENGINE, llama.model, llama.library)
    assert done.stdout.count("ENTRIES 6") == 2, done.stdout + done.stderr


FAILS = """\
import sys
from mlc_llm import MLCEngine
engine = MLCEngine(sys.argv[1], model_lib=sys.argv[2])
raise ValueError("the program's own")
"""


def test_a_program_that_fails_with_an_engine_ends_with_its_error(
    wheel: Wheel, llama: Llama
) -> None:
    done = wheel.run(FAILS, llama.model, llama.library, timeout=120)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ValueError: the program's own"
