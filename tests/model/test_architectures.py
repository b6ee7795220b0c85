"""One type of each family compiles for the processor and answers: needs a built wheel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from wheelvenv import Wheel

pytestmark = [pytest.mark.slow, pytest.mark.needs_wheel, pytest.mark.needs_index]

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
#: Of each family the one that LLVM takes least time for.
DENSE, EXPERTS, RECURRENT, ENCODER, WINDOW = "olmo", "qwen2_moe", "qwen3_5", "bert", "gemma3_text"
LATENT = "deepseek_v2"


@pytest.fixture(scope="module")
def told(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what became of each type, by its name."""
    folder = tmp_path_factory.mktemp("architectures")
    words = ["--interpreter", wheel.python, "--work", folder, "--device", "cpu", "--chat", "cpu"]
    words += ["--quantization", "q0f32", "--jobs", "2"]
    words += ["--type", f"{EXPERTS},{DENSE},{WINDOW},{RECURRENT},{ENCODER},{LATENT}"]
    subprocess.run([sys.executable, BENCHMARKS / "architectures.py", *words], check=True)
    lines = (folder / "results.jsonl").read_text("utf-8").splitlines()
    return {each["type"]: each for each in map(json.loads, lines)}


def shown(tokens: list[str]) -> list[str]:
    """Leave out what the engine does not tell by itself: single bytes of longer letters."""
    return [token for token in tokens if token.isascii() and token]


@pytest.mark.parametrize("name", [DENSE, EXPERTS, RECURRENT, ENCODER, WINDOW])
def test_a_type_of_each_family_compiles(told: dict[str, Any], name: str) -> None:
    assert told[name]["ok"], told[name]["cause"]


@pytest.mark.parametrize("name", [DENSE, EXPERTS, RECURRENT])
def test_a_decoder_answers(told: dict[str, Any], name: str) -> None:
    assert told[name]["answer"], told[name]["silent"]
    assert len(shown(told[name]["answer"]["tokens"])) > 1


def test_a_dense_models_answer_is_that_of_numpy(
    told: dict[str, Any], wheel: Wheel, tmp_path: Path
) -> None:
    words = [wheel.python, BENCHMARKS / "architecture_reference.py", DENSE, tmp_path]
    done = subprocess.run(words, capture_output=True, check=True, encoding="utf-8")
    wanted = json.loads(done.stdout.partition("ANSWER ")[2])
    assert shown(told[DENSE]["answer"]["tokens"]) == shown(wanted)


def test_an_encoders_vectors_have_the_length_of_one(told: dict[str, Any]) -> None:
    numbers = told[ENCODER]["answer"]["numbers"]
    assert sum(number * number for number in numbers) == pytest.approx(2, rel=1e-3)


def test_latent_attention_is_refused_in_words(told: dict[str, Any]) -> None:
    assert not told[LATENT]["ok"]
    assert "TVM has no kernels of it for the processor" in told[LATENT]["cause"]
