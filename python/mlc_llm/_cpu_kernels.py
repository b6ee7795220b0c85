"""What a model for the processor needs in place of kernels that are written for a GPU.

Mixture of experts, recurrent models and encoders come with kernels over blocks and threads. Most
become loops; the two below let threads wait for each other, or are made for one GPU.
"""

# mypy: ignore-errors
# TVM's types are not declared.

from __future__ import annotations

from typing import TYPE_CHECKING

import tvm
from tvm import te, tirx
from tvm.relax.frontend.nn import Tensor, op

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LoopsForThreads", "attention", "group_gemm", "on_cpu", "refuse_latent_attention"]

#: Model types with multi-head latent attention (MLA).
_LATENT = ("deepseek_v2", "deepseek_v3")
#: Target -> why they cannot be compiled for it, and what they can be compiled for.
_REFUSED = {
    "llvm": (
        "TVM has no kernels of it for the processor: compile the model for CUDA (--device cuda)"
    ),
    "vulkan": (
        "TVM's code generator for Vulkan stops at the rotation that goes with it (YaRN): "
        "compile the model for CUDA (--device cuda)"
    ),
}


def refuse_latent_attention(model_type: str, target: tvm.target.Target) -> None:
    """End the program where this model's attention cannot be compiled for the target."""
    reason = _REFUSED.get(target.kind.name)
    if model_type in _LATENT and reason:
        sentence = f"{model_type} has multi-head latent attention (MLA), and {reason}"
        raise SystemExit(f"mlc_llm: error: {sentence}")


def on_cpu() -> bool:
    """Say whether the target at hand is the processor."""
    target = tvm.target.Target.current(allow_none=True)
    return target is not None and target.kind.name == "llvm"


@tvm.transform.module_pass(opt_level=0, name="LoopsForThreads")
class LoopsForThreads:
    """Turn blocks and threads into loops, the outermost over the processor's threads."""

    def transform_module(self, mod: tvm.IRModule, _ctx: tvm.transform.PassContext) -> tvm.IRModule:
        """Return the module with such loops in every kernel that has threads."""
        for name, function in mod.functions_items():
            if isinstance(function, tirx.PrimFunc):
                body = _loops(function.body)
                if not body.same_as(function.body):
                    mod[name] = function.with_body(body)
        return mod


def _loops(body: tirx.Stmt) -> tirx.Stmt:
    outermost = []

    def enter(loop: tirx.For) -> None:
        if _is_bound(loop) and not outermost:
            outermost.append(loop.loop_var)

    def leave(loop: tirx.For) -> tirx.For | None:
        if not _is_bound(loop):
            return None
        kind = tirx.ForKind.SERIAL
        if outermost and loop.loop_var.same_as(outermost[0]):
            outermost.clear()
            if str(loop.thread_binding.thread_tag).startswith("blockIdx"):
                kind = tirx.ForKind.PARALLEL
        return tirx.For(
            loop.loop_var, loop.min, loop.extent, kind, loop.body, None, loop.annotations
        )

    return tirx.stmt_functor.ir_transform(body, enter, leave, ["tirx.For"])


def _is_bound(loop: tirx.For) -> bool:
    return loop.kind == tirx.ForKind.THREAD_BINDING


def group_gemm(
    x: Tensor,
    weights: list[Tensor],
    indptr: Tensor,
    out_features: int,
    weight_at: Callable[..., tirx.Expr],
) -> Tensor:
    """Multiply each row of ``x`` by its expert's matrix: ``indptr`` says where an expert begins.

    ``weight_at(*weights, expert, row, column)`` is one number of a matrix.
    """
    in_features, dtype = x.shape[1], x.dtype

    def kernel(x: te.Tensor, indptr: te.Tensor, *weights: te.Tensor) -> te.Tensor:
        rows = x.shape[0]
        ends = te.reduce_axis((0, indptr.shape[0] - 1), "end")
        expert = te.compute(
            (rows,),
            lambda row: te.sum((indptr[ends + 1] <= row).astype("int32"), axis=ends),
            name="expert",
        )
        k = te.reduce_axis((0, in_features), "k")

        def product(row: tirx.Var, column: tirx.Var) -> tirx.Expr:
            weight = weight_at(*weights, expert[row], column, k)
            return te.sum(x[row, k].astype("float32") * weight.astype("float32"), axis=k)

        total = te.compute((rows, out_features), product, name="group_gemm")
        return te.compute((rows, out_features), lambda i, j: total[i, j].astype(dtype), name="cast")

    return op.tensor_expr_op(kernel, "group_gemm", [x, indptr, *weights])


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, scale: float) -> Tensor:
    """Return the attention of all queries to all keys, ``[b, s, h, d]`` each."""
    batch, queries, heads, size = q.shape
    q, k, v = (op.permute_dims(each, [0, 2, 1, 3]) for each in (q, k, v))
    scores = op.matmul(q, op.permute_dims(k, [0, 1, 3, 2])) * scale
    if mask is not None:
        scores = op.minimum(scores, mask)
    output = op.matmul(op.softmax(scores, axis=-1), v)
    return op.reshape(op.permute_dims(output, [0, 2, 1, 3]), (batch, queries, heads * size))
