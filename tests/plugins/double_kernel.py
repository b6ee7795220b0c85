# ruff: noqa: ANN201, N803, N805, N812, T201 - TVMScript is written like this; it prints its answer
"""Run in the environment under test: compile a kernel for a device, and run it where it can run."""

import sys

import numpy as np
import tvm
from tvm.script import ir as I
from tvm.script import tirx as T


@I.ir_module(s_tir=True)
class Module:
    @T.prim_func(s_tir=True)
    def main(A: T.Buffer((64,), "float32"), B: T.Buffer((64,), "float32")):
        T.func_attr({"tirx.noalias": True})
        # A bool that the kernel keeps in shared memory: stored as bool, not as a byte.
        large = T.sblock_alloc_buffer((64,), "bool", scope="shared")
        for block in T.thread_binding(2, thread="blockIdx.x"):
            for thread in T.thread_binding(32, thread="threadIdx.x"):
                with T.sblock("large"):
                    v = T.axis.spatial(64, block * 32 + thread)
                    large[v] = A[v] > T.float32(10)
            for thread in T.thread_binding(32, thread="threadIdx.x"):
                with T.sblock("B"):
                    v = T.axis.spatial(64, block * 32 + thread)
                    B[v] = T.if_then_else(large[v], A[v] * T.float32(2), T.float32(0))


library = tvm.compile(Module, target=tvm.target.Target({"kind": sys.argv[1]}, host="llvm"))
device = tvm.device(sys.argv[1], 0)
if device.exist:
    numbers = np.arange(64, dtype="float32")
    result = tvm.runtime.empty((64,), "float32", device)
    library["main"](tvm.runtime.tensor(numbers, device), result)
    np.testing.assert_array_equal(result.numpy(), np.where(numbers > 10, numbers * 2, 0))
    print("ran")
else:
    print("compiled")
