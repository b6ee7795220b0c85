# ruff: noqa: BLE001, T201, ANN001, ANN201, PLC0415 - TVM has no types
"""Lower patched models on a real TVM: ``python patched_models.py MLC_LLM/python NAME...``.

mlc_llm itself needs our native library. Its models and passes do not: they are imported from a bare
package. Nothing is compiled to machine code, which is most of the time.
"""

import sys
import types
from pathlib import Path

import tvm
from tvm import relax

ROOT = Path(__file__).parents[2]
bare = types.ModuleType("mlc_llm")
bare.__path__ = [str(Path(sys.argv[1], "mlc_llm")), str(ROOT / "python" / "mlc_llm")]
sys.modules["mlc_llm"] = bare
sys.path.append(str(ROOT / "benchmarks"))

from architecture_models import CONTEXT, configuration  # noqa: E402
from mlc_llm import compiler_pass as _registers_the_pipeline  # noqa: E402, F401
from mlc_llm.model import MODELS  # noqa: E402
from mlc_llm.quantization import QUANTIZATION  # noqa: E402

CPU = tvm.target.Target("llvm")
LIMITS = {"max_num_threads": 256, "max_shared_memory_per_block": 49152, "thread_warp_size": 1}
KINDS = {f"supports_{kind}": 1 for kind in ("float16", "int8", "int16", "int64", "16bit_buffer")}
GPU = tvm.target.Target({"kind": "vulkan", **LIMITS, **KINDS}, host="llvm")


def lower(name, quantization="q0f32", target=CPU):
    model, how = MODELS[name], QUANTIZATION[quantization]
    sizes = {"context_window_size": CONTEXT, "prefill_chunk_size": 64, "max_batch_size": 4}
    table = {**configuration(name, 32 if target is CPU else 64), **sizes}
    settings = model.config.from_dict(table)
    with target:
        module, _ = model.quantize[how.kind](settings, how)
        lowered, parameters, external = module.export_tvm(
            module.get_default_spec(), allow_extern=True
        )
        for _, parameter in parameters:
            parameter.attrs.setdefault("preprocs", [])
        pipeline = relax.get_pipeline(
            "mlc_llm",
            target=target,
            variable_bounds={"total_seq_len": CONTEXT, "seq_len": 64, "batch_size": 4},
            ext_mods=external,
            metadata={"pipeline_parallel_stages": 1, "prefill_chunk_size": 64},
        )
        with tvm.transform.PassContext(config={"tirx.disable_cse_tir": True}):
            return pipeline(lowered)


def experts():
    lower("mixtral")


def llama4():
    lower("llama4")


def recurrent():
    lowered = lower("rwkv6")
    kernels = {name: f for name, f in lowered.functions.items() if isinstance(f, tvm.tirx.PrimFunc)}
    state = {name: f for name, f in kernels.items() if "rnn_state" in name.name_hint}
    tvm.compile(tvm.IRModule(state or kernels), target=CPU)


def encoder():
    """A kernel whose threads share memory and wait for each other is none for the processor."""
    assert "shared" not in lower("bert").script(), "shared memory"


def vision():
    lower("phi3_v")


def yarn():
    """Attention for a GPU is made with the constant that its rotation wants."""
    lower("ministral3", "q4f16_1", GPU)


def latent():
    """What stops in the middle is refused at the beginning, in one sentence."""
    from mlc_llm._cpu_kernels import refuse_latent_attention

    said = []
    for target in (CPU, GPU):
        try:
            refuse_latent_attention("deepseek_v2", target)
        except SystemExit as error:
            said.append(error.code)
    assert ["--device cuda" in words for words in said] == [True, True]
    refuse_latent_attention("deepseek", CPU)
    refuse_latent_attention("deepseek_v2", tvm.target.Target("cuda"))


def tell(check):
    try:
        check()
    except Exception as error:
        text = [line for line in str(error).strip().splitlines() if line.strip()]
        print(check.__name__, "fails:", type(error).__name__, text[-1] if text else "", flush=True)
    else:
        print(check.__name__, "ok", flush=True)


for each in (experts, llama4, recurrent, encoder, vision, yarn, latent):
    if each.__name__ in sys.argv[2:]:
        tell(each)
