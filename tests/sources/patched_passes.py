# ruff: noqa: BLE001, ANN001, ANN002, ANN201, ANN202, N803, N805, N806, N812, E741, T201
# The kernels are TVM script, parsed and never run as Python: names and types are not Python's.
"""Run patched parts of mlc-llm on a real TVM: ``python patched_passes.py MLC_LLM/python NAME...``.

mlc_llm itself needs our native library; its pure-Python parts are imported from bare packages.
"""

import sys
import types
from pathlib import Path

import numpy as np
import tvm
from tvm import relax
from tvm.relax.frontend import nn
from tvm.relax.frontend.nn import spec
from tvm.relax.frontend.nn.llm import kv_cache
from tvm.script import ir as I
from tvm.script import relax as R
from tvm.script import tirx as T

OURS = Path(__file__).parents[2] / "python"
for _name in ("", "op", "compiler_pass", "model", "model.vision", "support"):
    _module = types.ModuleType(f"mlc_llm.{_name}".rstrip("."))
    _parts = ("mlc_llm", *_name.split("."))
    _module.__path__ = [str(Path(sys.argv[1], *_parts)), str(OURS.joinpath(*_parts))]
    sys.modules[_module.__name__] = _module

from mlc_llm._cpu_kernels import LoopsForThreads  # noqa: E402
from mlc_llm._kernels import shared_memory  # noqa: E402
from mlc_llm._shape_parameters import OneParameterPerShapeVariable  # noqa: E402
from mlc_llm.compiler_pass import (  # noqa: E402
    attach_sampler,
    dispatch_kv_cache_creation,
    scatter_tuple_get_item,
)
from mlc_llm.compiler_pass.fuse_dequantize_transpose import FuseDequantizeTranspose  # noqa: E402
from mlc_llm.compiler_pass.lift_global_buffer_alloc import LiftTIRGlobalBufferAlloc  # noqa: E402
from mlc_llm.compiler_pass.low_batch_specialization import LowBatchGemvSpecialize  # noqa: E402
from mlc_llm.model.vision.image_processing import ImageProcessor  # noqa: E402
from mlc_llm.op import moe_misc  # noqa: E402

QUIET = {"param_mode": "none", "effect_mode": "none"}


def run(module, name, *arrays):
    machine = relax.VirtualMachine(tvm.compile(module, target="llvm"), tvm.cpu())
    return machine[name](*(tvm.runtime.tensor(array) for array in arrays)).numpy()


@I.ir_module(s_tir=True)
class Lift:
    @T.prim_func(private=True, s_tir=True)
    def two(a: T.handle, s: T.int64, c: T.handle):
        n = T.int64()
        A = T.match_buffer(a, (n, 4), "float32")
        C = T.match_buffer(c, (n, 4), "float32")
        with T.sblock("root"):
            B = T.sblock_alloc_buffer((n, 4), "float32")
            for i, j in T.grid(n, 4):
                with T.sblock("b"):
                    vi, vj = T.axis.remap("SS", [i, j])
                    B[vi, vj] = A[vi, vj] + T.cast(s, "float32")
            for i, j in T.grid(n, 4):
                with T.sblock("c"):
                    vi, vj = T.axis.remap("SS", [i, j])
                    C[vi, vj] = B[vi, vj] * T.float32(2)

    @R.function
    def main(x: R.Tensor(("n", 4), "float32")):
        n = T.int64()
        cls = Lift
        with R.dataflow():
            y = R.call_tir(cls.two, (x, n), out_ty=R.Tensor((n, 4), "float32"))
            R.output(y)
        return y


def lift():
    lifted = LiftTIRGlobalBufferAlloc()(Lift)
    assert "sblock_alloc" not in lifted.script()
    x = np.random.default_rng(1).random((3, 4), dtype="float32")
    np.testing.assert_allclose(run(lifted, "main", x), (x + 3) * 2, rtol=1e-6)


@I.ir_module(s_tir=True)
class Dequantize:
    @T.prim_func(private=True, s_tir=True)
    def dequantize(
        Q: T.Buffer((8, 4), "int8"), S: T.Buffer((8,), "float32"), O: T.Buffer((4, 8), "float32")
    ):
        with T.sblock("root"):
            W = T.sblock_alloc_buffer((8, 4), "float32")
            for i, j in T.grid(8, 4):
                with T.sblock("dequantize"):
                    vi, vj = T.axis.remap("SS", [i, j])
                    W[vi, vj] = T.cast(Q[vi, vj], "float32") * S[vi]
            for i, j in T.grid(4, 8):
                with T.sblock("T_transpose"):
                    vi, vj = T.axis.remap("SS", [i, j])
                    O[vi, vj] = W[vj, vi]

    @R.function
    def main(
        x: R.Tensor((1, 8), "float32"), q: R.Tensor((8, 4), "int8"), s: R.Tensor((8,), "float32")
    ):
        cls = Dequantize
        with R.dataflow():
            w = R.call_tir(cls.dequantize, (q, s), out_ty=R.Tensor((4, 8), "float32"))
            t = R.permute_dims(w)
            y = R.matmul(x, t)
            R.output(y)
        return y


def dequantize():
    fused = relax.transform.DeadCodeElimination()(FuseDequantizeTranspose()(Dequantize))
    assert "transpose" not in fused.script()
    random = np.random.default_rng(1)
    q = random.integers(-5, 5, (8, 4)).astype("int8")
    s = random.random(8, dtype="float32")
    x = random.random((1, 8), dtype="float32")
    np.testing.assert_allclose(run(fused, "main", x, q, s), x @ (q * s[:, None]), rtol=1e-4)


@I.ir_module(s_tir=True)
class Gemm:
    @T.prim_func(s_tir=True)
    def gemm(a: T.handle, W: T.Buffer((T.int64(256), T.int64(512)), "float16"), c: T.handle):
        T.func_attr({"tirx.noalias": True})
        n = T.int64()
        A = T.match_buffer(a, (n, T.int64(1), T.int64(512)), "float16")
        C = T.match_buffer(c, (n, T.int64(1), T.int64(256)), "float16")
        for b, j, k in T.grid(n, T.int64(256), T.int64(512)):
            with T.sblock("NT_matmul"):
                vb, vj, vk = T.axis.remap("SSR", [b, j, k])
                with T.init():
                    C[vb, T.int64(0), vj] = T.float16(0)
                C[vb, T.int64(0), vj] = C[vb, T.int64(0), vj] + A[vb, T.int64(0), vk] * W[vj, vk]


def low_batch():
    target = tvm.target.Target("opencl", host="llvm")  # TVM takes 20 s over Metal's schedule
    with target:
        special = LowBatchGemvSpecialize()(Gemm)
        assert "<= T.int64(2)" in special.script()
        tvm.compile(special, target=target)


def sampler():
    for kind in ("vulkan", "metal", "webgpu"):
        attach = attach_sampler.AttachGPUSamplingFunc(tvm.target.Target(kind), {"batch_size": 8})
        relax.analysis.well_formed(attach(tvm.IRModule({})))
    builder = relax.BlockBuilder()
    shape = (tvm.tirx.Var("b", "int64"), tvm.tirx.Var("v", "int64"))
    x = relax.Var("x", relax.TensorType(shape, "float32"))
    with builder.function("main", [x]):
        with builder.dataflow():
            out = nn.Tensor.placeholder([shape[0], 1], "int32")
            full = nn.tensor_ir_op(attach_sampler.full, "full", args=[shape[1]], out=out)
            result = builder.emit_output(full._expr)
        builder.emit_func_output(result)
    assert run(builder.finalize(), "main", np.zeros((3, 17), "float32")).tolist() == [[17]] * 3


def experts():
    class Module(nn.Module):
        def inclusive(self, c, d):
            return moe_misc.get_indptr(c, 4, d.shape[0], inclusive=True, out_dtype="int32")

        def exclusive(self, c, d):
            return moe_misc.get_indptr(c, 4, d.shape[0], inclusive=False, out_dtype="int32")

    inputs = {"c": spec.Tensor(["m"], "int32"), "d": spec.Tensor(["b"], "int32"), "$": QUIET}
    module, _ = Module().export_tvm({"inclusive": inputs, "exclusive": inputs})
    c = np.arange(20, dtype="int32") * 3
    d = np.zeros(5, "int32")
    assert run(module, "inclusive", c, d).tolist() == [c[i] for i in (4, 9, 14, 19)]
    assert run(module, "exclusive", c, d).tolist() == [0, *(c[i] for i in (4, 9, 14, 19))]


def counts():
    """Experts are counted as numpy counts them, beyond one group of tokens."""

    class Module(nn.Module):
        def count(self, i):
            return moe_misc.moe_cumsum(i, 4)

    inputs = {"i": spec.Tensor(["b", 2], "int32"), "$": QUIET}
    module, _ = Module().export_tvm({"count": inputs})
    assert "R.cumsum" not in module.script(), "TVM's sum, which is wrong on a GPU"
    chosen = np.stack([np.random.default_rng(n).permutation(4)[:2] for n in range(150)])
    mask = (chosen[:, :, None] == np.arange(4)).any(1)
    got = run(LoopsForThreads()(module), "count", chosen.astype("int32"))
    assert got.tolist() == mask.T.reshape(-1).cumsum().tolist()


def shapes():
    """A gate of two tokens a row is one kernel with its shape variable once."""
    builder, n = relax.BlockBuilder(), tvm.tirx.Var("n", "int64")
    x = relax.Var("x", relax.TensorType([n * 2, 8], "float32"))
    y = relax.Var("y", relax.TensorType([n], "float32"))
    with builder.function("main", [x, y]):
        with builder.dataflow():
            halves = builder.emit(relax.op.split(x, 2, axis=1))
            gate = builder.emit(relax.op.nn.silu(halves[0]))
            out = builder.emit_output(relax.op.multiply(gate, halves[1]))
        builder.emit_func_output(out)
    passes = relax.transform
    fused = tvm.transform.Sequential(
        [
            passes.LegalizeOps(),
            passes.AnnotateTIROpPattern(),
            passes.FuseOps(),
            OneParameterPerShapeVariable(),
            passes.FuseTIR(),
        ]
    )(builder.finalize())
    a = np.random.default_rng(1).random((6, 8), dtype="float32")
    wanted = a[:, :4] / (1 + np.exp(-a[:, :4])) * a[:, 4:]
    np.testing.assert_allclose(run(fused, "main", a, np.zeros(3, "float32")), wanted, rtol=1e-5)


def images():
    class Module(nn.Module):
        def crop(self, x):
            return ImageProcessor().crop(x, {"height": 32, "width": 32})

        def pad(self, x):
            return ImageProcessor().pad(x, "float32")

    inputs = {"x": spec.Tensor([1, 3, "h", "w"], "float32"), "$": QUIET}
    target = tvm.target.Target("metal", host="llvm")
    with target:
        module, _ = Module().export_tvm({"crop": inputs, "pad": inputs})
        tvm.compile(module, target=target)


def names():
    @I.ir_module
    class Tuples:
        @R.function
        def main(x: R.Tensor((2, 4), "float32")):
            with R.dataflow():
                t = R.split(x, 2, axis=1)
                y = t[0]
                z = R.add(y, y)
                R.output(z)
            return z

    module = scatter_tuple_get_item.ScatterTupleGetItem()(Tuples)
    x = np.arange(8, dtype="float32").reshape(2, 4)
    assert run(module, "main", x).tolist() == (2 * x[:, :2]).tolist()


def merge():
    """Every thread has read the scores before the first writes one."""
    target = tvm.target.Target("vulkan", host="llvm")
    kernel = kv_cache._merge_state_inplace(4, 64, "float32", target, "tir_attention_merge_state")
    module = tvm.IRModule({"tir_attention_merge_state": kernel})
    patched = getattr(dispatch_kv_cache_creation, "wait_before_merged_scores", lambda m: m)
    lines = patched(module)["tir_attention_merge_state"].script().splitlines()
    barriers = [i for i, line in enumerate(lines) if "tvm_storage_sync" in line]
    reads = [i for i, line in enumerate(lines) if "= S[" in line]
    writes = [i for i, line in enumerate(lines) if line.strip().startswith("S[")]
    assert barriers, "no barrier"
    assert max(reads) < barriers[0] < min(writes)


def fits():
    """The decode kernel takes no more than a device with 32 KiB has."""
    limits = {"max_num_threads": 1024, "max_shared_memory_per_block": 32768}
    target = tvm.target.Target({"kind": "vulkan", **limits}, host="llvm")
    sizes = ("max_batch_size", "max_total_seq_len", "prefill_chunk_size", "page_size")
    cache = dict(zip(sizes, (1, 128, 64, 16), strict=True)) | {
        "attn_kind": "mha",
        "support_sliding_window": 0,
        "layer_partition": relax.ShapeExpr([0, 2]),
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "qk_head_dim": 16,
        "v_head_dim": 16,
        "mla_original_qk_head_dim": 0,
        "mla_original_v_head_dim": 0,
        "rope_mode": kv_cache.RopeMode.NORMAL,
        "rope_scale": 1,
        "rope_theta": 10000,
        "rope_scaling": {},
        "rope_ext_factors": tvm.tirx.IntImm("int64", 0),
        "rotary_dim": 16,
        "dtype": "float32",
    }
    builder = relax.BlockBuilder()
    made = dispatch_kv_cache_creation.DispatchKVCacheCreation(target, flashinfer=False, metadata={})
    made.create_tir_paged_kv_cache(builder, cache)
    used = shared_memory(builder.finalize()["batch_decode_paged_kv"])
    assert 0 < used <= 32768, f"{used} bytes of shared memory"


def tell(check):
    try:
        check()
    except Exception as error:
        text = str(error).strip().splitlines()
        print(check.__name__, "fails:", type(error).__name__, text[-1] if text else "")
    else:
        print(check.__name__, "ok")


ALL = (names, lift, dequantize, low_batch, sampler, experts, counts, shapes, images, merge, fits)
for check in ALL:
    if check.__name__ in sys.argv[2:]:
        tell(check)
