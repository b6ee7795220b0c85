"""Count the tokens of each expert without threads that wait for each other.

The cumulative sum of TVM 0.26 for GPUs, and sums over a guarded axis, return numbers that are not
there. A mixture of experts plans by them which row goes where: its answers were wrong on a GPU.
"""

# ruff: noqa: ANN202, N812, SIM102 - TVM script is parsed, never run: it has its own names and forms
# mypy: ignore-errors

from tvm.relax.frontend.nn import Tensor, op
from tvm.script import tirx as T

__all__ = ["running_counts"]

#: So many tokens are counted one by one; before them whole groups are.
_GROUP = 64
_THREADS = 256


def running_counts(indices: Tensor, experts: int) -> Tensor:
    """Return the running sum over ``(expert, token)`` of "the token goes to the expert"."""
    tokens, chosen = indices.shape
    groups = (tokens + _GROUP - 1) // _GROUP
    counts = op.tensor_ir_op(
        _counts_in_groups(experts, chosen),
        "experts_in_groups",
        [indices],
        Tensor.placeholder([experts, groups], "int32"),
    )
    return op.tensor_ir_op(
        _counts_up_to(experts, chosen),
        "experts_up_to",
        [indices, counts],
        Tensor.placeholder([tokens * experts], "int32"),
    )


def _counts_in_groups(experts: int, chosen: int):
    @T.prim_func(private=True, s_tir=True)
    def counts_in_groups(var_indices: T.handle, var_counts: T.handle):
        T.func_attr({"tirx.is_scheduled": 1, "tirx.noalias": True})
        tokens = T.int64()
        groups = T.int64()
        indices = T.match_buffer(var_indices, (tokens, chosen), "int32")
        counts = T.match_buffer(var_counts, (experts, groups), "int32")
        for block in T.thread_binding(T.ceildiv(experts * groups, _THREADS), thread="blockIdx.x"):
            for thread in T.thread_binding(T.int64(_THREADS), thread="threadIdx.x"):
                with T.sblock("count"):
                    T.reads(indices[:, :])
                    T.writes(counts[:, :])
                    total = T.sblock_alloc_buffer((1,), "int32", scope="local")
                    if block * _THREADS + thread < experts * groups:
                        total[0] = 0
                        for i, k in T.grid(T.int64(_GROUP), chosen):
                            if (block * _THREADS + thread) % groups * _GROUP + i < tokens:
                                if indices[
                                    (block * _THREADS + thread) % groups * _GROUP + i, k
                                ] == T.cast((block * _THREADS + thread) // groups, "int32"):
                                    total[0] += 1
                        counts[
                            (block * _THREADS + thread) // groups,
                            (block * _THREADS + thread) % groups,
                        ] = total[0]

    return counts_in_groups


def _counts_up_to(experts: int, chosen: int):
    @T.prim_func(private=True, s_tir=True)
    def counts_up_to(var_indices: T.handle, var_counts: T.handle, var_sums: T.handle):
        T.func_attr({"tirx.is_scheduled": 1, "tirx.noalias": True})
        tokens = T.int64()
        groups = T.int64()
        indices = T.match_buffer(var_indices, (tokens, chosen), "int32")
        counts = T.match_buffer(var_counts, (experts, groups), "int32")
        sums = T.match_buffer(var_sums, (tokens * experts,), "int32")
        for block in T.thread_binding(T.ceildiv(experts * tokens, _THREADS), thread="blockIdx.x"):
            for thread in T.thread_binding(T.int64(_THREADS), thread="threadIdx.x"):
                with T.sblock("sum"):
                    T.reads(indices[:, :], counts[:, :])
                    T.writes(sums[:])
                    total = T.sblock_alloc_buffer((1,), "int32", scope="local")
                    if block * _THREADS + thread < experts * tokens:
                        total[0] = 0
                        # all of the experts before, then whole groups of this one
                        for e, c in T.grid(T.int64(experts), groups):
                            if (
                                e * groups + c
                                < (block * _THREADS + thread) // tokens * groups
                                + (block * _THREADS + thread) % tokens // _GROUP
                            ):
                                total[0] += counts[e, c]
                        for i, k in T.grid(T.int64(_GROUP), chosen):
                            if i <= (block * _THREADS + thread) % tokens % _GROUP:
                                if indices[
                                    (block * _THREADS + thread) % tokens // _GROUP * _GROUP + i, k
                                ] == T.cast((block * _THREADS + thread) // tokens, "int32"):
                                    total[0] += 1
                        sums[block * _THREADS + thread] = total[0]

    return counts_up_to
