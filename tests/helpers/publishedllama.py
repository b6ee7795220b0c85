"""A tiny random Llama as a hub has it: one file of weights or shards, with or without a head."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from mlcbuild.verify.probes.tiny_llama import configuration, tokenizer

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["END", "Llama", "llama_weights", "safetensors", "write_published"]

HIDDEN, HEADS = 32, 2
#: The token that ends an answer by MLC's template without words.
END = 2


@dataclass(frozen=True, kw_only=True)
class Llama:
    """A tiny Llama: ``source`` as published, ``model`` in MLC's format, with its library."""

    source: Path
    model: Path

    @property
    def library(self) -> Path:
        return self.model / "lib.so"


def llama_weights(vocabulary: int, *, seed: int, ends: float = 1.0) -> dict[str, Any]:
    """Return float32 weights by their published names; ``ends`` scales the logits of the end."""
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocabulary, HIDDEN)}
    for name in ("q", "k", "v", "o"):
        shapes[f"model.layers.0.self_attn.{name}_proj.weight"] = (HIDDEN, HIDDEN)
    for name in ("gate", "up", "down"):
        shapes[f"model.layers.0.mlp.{name}_proj.weight"] = (HIDDEN, HIDDEN)
    for name in ("layers.0.input_layernorm", "layers.0.post_attention_layernorm", "norm"):
        shapes[f"model.{name}.weight"] = (HIDDEN,)
    shapes["lm_head.weight"] = (vocabulary, HIDDEN)
    weights = {name: random.normal(0, 0.4, shape).astype("<f4") for name, shape in shapes.items()}
    weights["lm_head.weight"][END] *= ends
    return weights


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    """Return a file of the format; a tensor is (type, shape, bytes)."""
    header, body = {}, b""
    for name, (kind, shape, data) in tensors.items():
        place = [len(body), len(body) + len(data)]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": place}
        body += data
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return struct.pack("<Q", len(text)) + text + body


def write_published(
    folder: Path,
    weights: dict[str, Any],
    *,
    context: int = 128,
    tied: bool = False,
    shards: int = 1,
    greedy: bool = False,
) -> Path:
    """Write the model; with several shards each tensor lies in the next of them in turn."""
    vocabulary = len(weights["model.embed_tokens.weight"])
    folder.mkdir(parents=True)
    sizes = {"vocab_size": vocabulary, "max_position_embeddings": context}
    config = configuration(HIDDEN, 1, HEADS) | sizes | {"tie_word_embeddings": tied}
    for name, table in (
        ("config.json", config),
        ("tokenizer.json", tokenizer(vocabulary)),
        ("tokenizer_config.json", {"bos_token": "<s>", "eos_token": "</s>"}),
        ("generation_config.json", {"temperature": 0.0 if greedy else 1.0}),
    ):
        (folder / name).write_text(json.dumps(table), encoding="utf-8")
    kept = {name: each for name, each in weights.items() if not (tied and name == "lm_head.weight")}
    files = [f"model-{number:05}-of-{shards:05}.safetensors" for number in range(1, shards + 1)]
    if shards == 1:
        files = ["model.safetensors"]
    places = {name: files[index % shards] for index, name in enumerate(kept)}
    for file in files:
        inside = {name: kept[name] for name, place in places.items() if place == file}
        tensors = {n: ("F32", list(each.shape), each.tobytes()) for n, each in inside.items()}
        (folder / file).write_bytes(safetensors(tensors))
    if shards > 1:
        total = sum(each.nbytes for each in kept.values())
        index = {"metadata": {"total_size": total}, "weight_map": places}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder
