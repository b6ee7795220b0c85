"""A model as hubs publish it, in shards and without a head, answers as the plain one does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from publishedllama import Llama, llama_weights, write_published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wheelvenv import Wheel

pytestmark = [pytest.mark.slow, pytest.mark.needs_wheel, pytest.mark.needs_index]

TOKENS = 16
ASK = f"""\
import json, sys
from mlc_llm import MLCEngine
engine = MLCEngine(sys.argv[1], model_lib=sys.argv[2])
words = {{"temperature": 0, "max_tokens": {TOKENS}, "logprobs": True, "logit_bias": {{2: -100}}}}
made = engine.chat.completions.create(messages=[{{"role": "user", "content": "hello"}}], **words)
print("ANSWER", json.dumps([each.bytes for each in made.choices[0].logprobs.content]))
engine.terminate()
"""


def answer(wheel: Wheel, model: Llama) -> list[list[int]]:
    done = wheel.run(ASK, model.model, model.library)
    assert "ANSWER" in done.stdout, done.stderr
    found: list[list[int]] = json.loads(done.stdout.partition("ANSWER")[2])
    return found


def test_shards_without_a_head_answer_as_one_file_with_it(
    wheel: Wheel, compiled: Callable[..., Llama], tmp_path: Path
) -> None:
    weights = llama_weights(320, seed=3)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    plain = write_published(tmp_path / "plain", weights)
    hub = write_published(tmp_path / "hub", weights, tied=True, shards=3)
    assert len(list(hub.glob("model-0000?-of-00003.safetensors"))) == 3
    options = ("q4f32_1", "--config-options", "--prefill-chunk-size 64")
    made = [compiled(each, tmp_path / f"{each.name}-MLC", *options) for each in (plain, hub)]
    config = json.loads((made[0].model / "mlc-chat-config.json").read_text("utf-8"))
    assert config["prefill_chunk_size"] == 64
    answers = [answer(wheel, each) for each in made]
    assert answers[0] == answers[1]
    assert len(answers[0]) == TOKENS
    assert len({tuple(token) for token in answers[0]}) > 1
