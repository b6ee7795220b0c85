# ruff: noqa: ANN401 - TVM's objects have no types
"""Attention kernels that fit the device's shared memory; where none do, one sentence at once.

TVM's kernel for one token of paged attention has as many threads as the device, up to 512, and
shared memory in proportion: with 32 KiB, which Vulkan drivers of integrated GPUs declare, it does
not compile for every model. With fewer threads it does. What still does not fit would be said
after minutes, with a traceback: it is said when the kernels are made.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["refusal", "refuse_too_large", "with_fitting_threads"]

_LIMIT = "max_shared_memory_per_block"
_THREADS = ("max_num_threads", "max_threads_per_block")
_FEWER = (256, 128, 64)
#: Target with a limit that its compiler keeps to -> what fits where a kernel does not.
_REMEDY = {
    "vulkan": "it takes a device with more, or a model with smaller heads "
    "(python -m tvm_vulkan shows this machine's devices)",
    "cuda": "it takes a quantization in 16 bits, such as q4f16_1, or a model with smaller heads",
}
#: Of TVM for Vulkan, and of ptxas.
_TOO_MUCH = ("shared memory", "too much shared data")
#: What was refused: an exception goes through C++ on its way, and this does not.
_refused: list[str] = []


def with_fitting_threads(target: Any, cache: dict[str, Any]) -> Any:
    """Return the target with as many threads a block as a decode kernel of ``cache`` may have."""
    limit = target.attrs.get(_LIMIT)
    if not limit or "mha" not in str(cache["attn_kind"]):
        return target
    asked = dict(target.export())
    most = max(int(target.attrs.get(name) or 0) for name in _THREADS)
    for threads in (most, *(fewer for fewer in _FEWER if fewer < most)):
        changed = type(target)({**asked, **dict.fromkeys(_THREADS, threads)})
        tried = target if threads == most else changed
        if shared_memory(_decode_kernel(tried, cache)) <= limit:
            return tried
    return target


def _decode_kernel(target: Any, cache: dict[str, Any]) -> Any:
    from tvm.relax.frontend.nn.llm import kv_cache  # type: ignore[import-not-found] # noqa: PLC0415

    return kv_cache._attention_decode(  # noqa: SLF001 - what the cache is made of
        cache["num_key_value_heads"],
        cache["num_attention_heads"],
        cache["qk_head_dim"],
        cache["dtype"],
        sliding_window=False,
        rope_scaling=cache["rope_scaling"],
        target=target,
    )


def shared_memory(function: Any) -> int:
    """Return the bytes of all buffers in shared memory; TVM may let some of them overlap."""
    from tvm import DataType, tirx  # type: ignore[import-not-found] # noqa: PLC0415

    sizes = []

    def visit(node: Any) -> None:
        for buffer in getattr(node, "alloc_buffers", None) or ():
            if buffer.scope() == "shared":
                elements = math.prod(int(extent) for extent in buffer.shape)
                sizes.append(elements * DataType(str(buffer.dtype)).bits // 8)

    tirx.stmt_functor.post_order_visit(function.body, visit)
    return sum(sizes)


def refuse_too_large(module: Any, target: Any) -> Any:
    """Return the module; raise ``ValueError`` for a kernel that does not compile for a GPU.

    Only what could be too large is compiled to see.
    """
    limit = target.attrs.get(_LIMIT)
    remedy = _REMEDY.get(target.kind.name)
    if remedy is None or not limit:
        return module
    from tvm import tirx  # noqa: PLC0415

    for variable, function in module.functions_items():
        if not isinstance(function, tirx.PrimFunc):
            continue
        needed = shared_memory(function)
        if needed > limit and not _compiles(function, target):
            sentence = (
                f"this model's kernel {variable.name_hint} needs {needed} bytes of shared memory "
                f"and the device has {limit} for a block: {remedy}"
            )
            _refused.append(sentence)
            raise ValueError(sentence)
    return module


def _compiles(function: Any, target: Any) -> bool:
    """Say whether TVM compiles it; any other reason than shared memory is left for later."""
    import tvm  # noqa: PLC0415

    try:
        tvm.compile(tvm.IRModule({"main": function}), target=target)
    except Exception as error:  # noqa: BLE001 - whatever TVM raises
        return not any(words in str(error) for words in _TOO_MUCH)
    return True


def refusal() -> str:
    """Return the sentence of the kernel that was refused; "" where none was."""
    return _refused.pop() if _refused else ""
