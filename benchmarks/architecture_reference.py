# ruff: noqa: ANN401 - arrays of numpy, which is not installed where mypy runs
"""A decoder in numpy: what a tiny llama, mistral, qwen2, mixtral or olmo answers.

    python architecture_reference.py TYPE FOLDER [HEAD_SIZE]

reads the model that architectures.py or architecture_models.py wrote there (q0f32) and prints the
tokens of its greedy answers. Every token is computed from the whole sequence: there is no cache
that could be wrong.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from architecture_models import TEXTS, configuration

_BEGIN, _END, _STOP = 1, 1, 2


def _normed(values: Any, weight: Any, config: dict[str, Any]) -> Any:
    if weight is None:  # olmo: neither weight nor bias
        centred = values - values.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    mean = (values**2).mean(-1, keepdims=True)
    return values / np.sqrt(mean + config["rms_norm_eps"]) * weight


def _frequencies(config: dict[str, Any], size: int) -> Any:
    found = config["rope_theta"] ** (-np.arange(0, size, 2) / size)
    scaling = config.get("rope_scaling")
    if not scaling:
        return found
    waves = scaling["original_max_position_embeddings"] * found / (2 * np.pi)
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    kept = np.clip((waves - low) / (high - low), 0, 1)
    return found * ((1 - kept) / scaling["factor"] + kept)


def _rotated(values: Any, angles: Any) -> Any:
    half = values.shape[-1] // 2
    turned = np.concatenate((-values[..., half:], values[..., :half]), -1)
    angles = np.concatenate((angles, angles), -1)[:, None]
    return values * np.cos(angles) + turned * np.sin(angles)


def _softmax(values: Any) -> Any:
    powers = np.exp(values - values.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _attention(values: Any, part: dict[str, Any], config: dict[str, Any]) -> Any:
    heads, pairs = config["num_attention_heads"], config["num_key_value_heads"]
    made = values @ part["self_attn.qkv_proj.weight"].T + part.get("self_attn.qkv_proj.bias", 0)
    size = made.shape[-1] // (heads + 2 * pairs)
    made = made.reshape(len(values), heads + 2 * pairs, size)
    angles = np.arange(len(values))[:, None] * _frequencies(config, size)
    query = _rotated(made[:, :heads], angles)
    key = _rotated(made[:, heads : heads + pairs], angles).repeat(heads // pairs, 1)
    value = made[:, heads + pairs :].repeat(heads // pairs, 1)
    scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(size)
    scores[:, np.triu(np.ones(scores.shape[1:], bool), 1)] = -np.inf
    mixed = np.einsum("hqk,khd->qhd", _softmax(scores), value).reshape(len(values), -1)
    return mixed @ part["self_attn.o_proj.weight"].T


def _gated(values: Any, both: Any, down: Any) -> Any:
    gate, up = np.split(values @ both.T, 2, -1)
    return gate / (1 + np.exp(-gate)) * up @ down.T


def _experts(values: Any, part: dict[str, Any], config: dict[str, Any]) -> Any:
    shares = _softmax(values @ part["moe.gate.weight"].T)
    made = np.zeros_like(values)
    for row, share in enumerate(shares):
        chosen = np.argsort(-share)[: config["num_experts_per_tok"]]
        for expert in chosen:
            both, down = part["moe.e1_e3.weight"][expert], part["moe.e2.weight"][expert]
            made[row] += share[expert] / share[chosen].sum() * _gated(values[row], both, down)
    return made


def _logits(tokens: list[int], weights: dict[str, Any], config: dict[str, Any]) -> Any:
    """Return the last token's logits."""
    table = weights["model.embed_tokens.weight"]
    values = table[tokens]
    for layer in range(config["num_hidden_layers"]):
        start = f"model.layers.{layer}."
        part = {k.removeprefix(start): v for k, v in weights.items() if k.startswith(start)}
        before, after = (
            part.get("input_layernorm.weight"),
            part.get("post_attention_layernorm.weight"),
        )
        values = values + _attention(_normed(values, before, config), part, config)
        inner = _normed(values, after, config)
        if "moe.gate.weight" in part:
            values = values + _experts(inner, part, config)
        else:
            both, down = part["mlp.gate_up_proj.weight"], part["mlp.down_proj.weight"]
            values = values + _gated(inner, both, down)
    last = _normed(values[-1], weights.get("model.norm.weight"), config)
    return weights.get("lm_head.weight", table) @ last


def answers(
    config: dict[str, Any], weights: dict[str, Any], letters: dict[str, int], count: int
) -> list[int]:
    """Return the greedy answers to the texts, one after the other, as architecture_chat asks."""
    weights = {
        name.replace("c_attn", "qkv_proj"): values.astype(np.float64)
        for name, values in weights.items()
    }
    made = []
    for text in TEXTS:
        tokens = [_BEGIN, *(letters[letter] for letter in text.replace(" ", "\u0120"))]
        for _ in range(count):
            logits = _logits(tokens, weights, config)
            logits[_END] -= 100
            tokens.append(int(logits.argmax()))
            made.append(tokens[-1])
            if tokens[-1] == _STOP:
                break
    return made


def read_weights(folder: Path) -> dict[str, Any]:
    """Return a model's weights from its files: float32, one after the other."""
    index = json.loads((folder / "tensor-cache.json").read_text("utf-8"))
    found = {}
    for shard in index["records"]:
        data = (folder / shard["dataPath"]).read_bytes()
        for each in shard["records"]:
            part = data[each["byteOffset"] :][: each["nbytes"]]
            found[each["name"]] = np.frombuffer(part, each["dtype"]).reshape(each["shape"])
    return found


def main() -> None:
    """Print the answers' tokens as JSON, by their names."""
    name, folder, head = sys.argv[1], Path(sys.argv[2]), int((*sys.argv[3:], 32)[0])
    weights = read_weights(folder)
    letters = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    names = {number: letter for letter, number in letters.items()}
    made = answers(configuration(name, head), weights, letters, 16)
    print("ANSWER " + json.dumps([names[token] for token in made]))


if __name__ == "__main__":
    main()
