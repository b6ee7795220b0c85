"""Which of upstream's model types were seen to compile where: docs/model.md's table as facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MODEL_TYPES", "model_type", "seen"]

#: ``mlc_llm.model.MODELS`` of the pinned mlc-llm.
MODEL_TYPES: Final = frozenset(
    """
    baichuan bert bert-bge chatglm cohere deepseek deepseek_v2 deepseek_v3 eagle gemma gemma2 gemma3
    gemma3_text gpt2 gpt_bigcode gpt_neox gptj internlm internlm2 llama llama4 llava medusa minicpm
    ministral3 mistral mixtral nemotron olmo olmo2 orion phi phi-msft phi3 phi3_v qwen qwen2
    qwen2_moe qwen3 qwen3-embedding qwen3_5 qwen3_5_text qwen3_moe rwkv5 rwkv6 stablelm starcoder2
    """.split()  # noqa: SIM905 - fifty quoted words are harder to read
)
_LATENT: Final = frozenset({"deepseek_v2", "deepseek_v3"})
#: Device -> the types that compiled for it, tiny and random: benchmarks/architectures.md.
_SEEN: Final = {
    "cpu": MODEL_TYPES - _LATENT - {"phi3_v"},
    "vulkan": MODEL_TYPES - _LATENT - {"phi3_v"},
    "cuda": MODEL_TYPES,  # those with latent attention in 16 bits, not in float32
}
_NEVER: Final = {
    "cpu": dict.fromkeys(_LATENT, "TVM has no kernels for its latent attention there"),
    "vulkan": dict.fromkeys(_LATENT, "YaRN's rotation stops in the code generator"),
}


def model_type(config: Path) -> str:
    """Return the type that a configuration names; "" where it names none."""
    try:
        found = json.loads(config.read_text(encoding="utf-8")).get("model_type")
    except (AttributeError, OSError, ValueError):
        return ""
    return found if isinstance(found, str) else ""


def seen(name: str, device: str) -> str:
    """Say what is known of a model type on a device, for the message of one that failed."""
    if name not in MODEL_TYPES:
        return f"mlc_llm has no model type {name!r}" if name else "the configuration names no type"
    if reason := _NEVER.get(device, {}).get(name):
        return f"{name} is known not to compile for {device}: {reason}"
    if name in _SEEN.get(device, ()):
        return f"{name} is known to compile for {device}: it is this model's sizes or quantization"
    return f"{name} was not tried for {device}"
