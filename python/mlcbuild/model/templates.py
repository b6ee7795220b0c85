"""Find MLC's conversation template for a published model.

``mlc_llm gen_config`` needs its name. The model's own template (Jinja, in tokenizer_config.json or
chat_template.jinja) is recognised by the markers around a turn; if they are ambiguous, the
model's type decides. There is no guessing: if unsure, the user must name it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["PLAIN", "find_template", "template_of"]

#: A model without a template continues text.
PLAIN: Final = "LM"
#: Words of the model's template, its type (empty: any) -> MLC's name. The first that fits counts.
_KNOWN: Final = (
    ("<|header_start|>", "", "llama-4"),
    ("<|start_header_id|>", "", "llama-3_1"),
    ("<start_of_turn>", "gemma3", "gemma3_instruction"),
    ("<start_of_turn>", "gemma3_text", "gemma3_instruction"),
    ("<start_of_turn>", "", "gemma_instruction"),
    ("<|im_start|>", "qwen2", "qwen2"),
    ("<|im_start|>", "qwen2_moe", "qwen2"),
    ("<|im_start|>", "qwen3", "qwen3"),
    ("<|im_start|>", "qwen3_moe", "qwen3"),
    ("<|im_start|>", "", "chatml"),
    ("<\uff5cUser\uff5c>", "qwen2", "deepseek_r1_qwen"),
    ("<\uff5cUser\uff5c>", "llama", "deepseek_r1_llama"),
    ("<\uff5cUser\uff5c>", "deepseek_v3", "deepseek_v3"),
    ("<|START_OF_TURN_TOKEN|>", "", "aya-23"),
    ("<<SYS>>", "llama", "llama-2"),
    ("[INST]", "mistral", "mistral_default"),
    ("[INST]", "mixtral", "mistral_default"),
    ("<|end|>", "phi3", "phi-3"),
    ("<|user|>", "llama", "tinyllama_v1_0"),
    ("<|user|>", "olmo2", "olmo2"),
    ("<|user|>", "stablelm", "stablelm-2"),
)


def find_template(folder: Path, config: Mapping[str, Any]) -> str | None:
    """Return MLC's name for the template of the model in ``folder``; None where it is not sure."""
    text = ""
    for name in ("chat_template.jinja", "tokenizer_config.json"):
        try:
            text = (folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if name.endswith(".json"):
            text = _of_tokenizer(text)
        if text:
            break
    return template_of(text, str(config.get("model_type", "")))


def template_of(text: str, model_type: str) -> str | None:
    """Return MLC's name for a template's text; ``LM`` for none, None for an unknown one."""
    if not text:
        return PLAIN
    for words, wanted, name in _KNOWN:
        if words in text and wanted in ("", model_type):
            return name
    return None


def _of_tokenizer(text: str) -> str:
    try:
        found = json.loads(text).get("chat_template") or ""
    except (ValueError, AttributeError):
        return ""
    if isinstance(found, list):  # several by name; the default speaks
        named = {each.get("name"): each.get("template") for each in found if isinstance(each, dict)}
        found = named.get("default") or next(iter(named.values()), "")
    return str(found)
