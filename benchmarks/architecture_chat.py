"""What a compiled tiny model answers: ``python architecture_chat.py TYPE FOLDER LIBRARY DEVICE``.

Prints {"tokens", "numbers"} as one line of JSON: the greedy answers to two
prompts and the logarithms of their probabilities; of an embedding model, its vectors alone.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from typing import Any

from architecture_models import TEXTS
from mlc_llm import MLCEngine
from mlc_llm.serve.config import EngineConfig
from mlc_llm.serve.embedding_engine import AsyncEmbeddingEngine

EMBEDDINGS = ("bert", "bert-bge", "qwen3-embedding")
_STATES = ("rwkv5", "rwkv6")
_TOKENS = 16


def embed(folder: str, library: str, device: str) -> dict[str, Any]:
    """Return the vectors of the texts."""
    engine = AsyncEmbeddingEngine(folder, library, device)
    vectors, _ = engine.embed(list(TEXTS))
    engine.terminate()
    return {"tokens": [], "numbers": [number for vector in vectors for number in vector]}


def answer(name: str, folder: str, library: str, device: str) -> dict[str, Any]:
    """Return the greedy continuations of the texts; the token of the end is not taken."""
    limits: dict[str, Any] = {
        "max_num_sequence": 4,
        "max_total_sequence_length": 512,
        "prefill_chunk_size": 64,
        "prefix_cache_mode": "disable",
    }
    if name in _STATES:
        limits["max_history_size"] = 1
    engine = MLCEngine(
        folder, device=device, model_lib=library, mode="local", engine_config=EngineConfig(**limits)
    )
    tokens, numbers = [], []
    for text in TEXTS:
        made = engine.chat.completions.create(
            messages=[{"role": "user", "content": text}],
            temperature=0.0,
            max_tokens=_TOKENS,
            logprobs=True,
            logit_bias={1: -100.0},
        )
        told = made.choices[0].logprobs.content
        tokens += [each.token for each in told]
        numbers += [each.logprob for each in told]
    engine.terminate()
    return {"tokens": tokens, "numbers": numbers}


def tell(name: str, folder: str, library: str, device: str) -> None:
    """Answer, and leave at once: what is left of an engine must not hold the process."""
    ask = embed if name in EMBEDDINGS else partial(answer, name)
    print("ANSWER " + json.dumps(ask(folder, library, device)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    tell(*sys.argv[1:])
