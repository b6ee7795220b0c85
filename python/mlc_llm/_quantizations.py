# ruff: noqa: ANN401 - mlc_llm's objects have no types
"""Refuse a quantization that a model type has not, in one sentence: upstream raises KeyError."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["quantizer"]

#: Declared by upstream, and failing: it divides the size of llava's vocabulary, which is a name.
_FAIL = {"llava": {"awq"}}


def quantizer(model: Any, quantization: Any) -> Any:
    """Return what makes the quantized model of a type. Raises ``SystemExit`` with the choice."""
    kinds = model.quantize.keys() - _FAIL.get(model.name, set())
    if quantization.kind in kinds:
        return model.quantize[quantization.kind]
    from mlc_llm.quantization import (  # type: ignore[import-untyped] # noqa: PLC0415
        QUANTIZATION,
    )

    names = [name for name, each in QUANTIZATION.items() if each.kind in kinds]
    raise SystemExit(
        f"mlc_llm: error: {model.name} has no quantization {quantization.name}: "
        f"choose from {', '.join(names)}"
    )
