# ruff: noqa: ANN401 - configurations hold anything
"""A tiny configuration for every model type of mlc_llm: some 50,000 random weights, no download.

    python architecture_models.py TYPE QUANTIZATION DIR [HEAD_SIZE]

writes what ``mlc_llm gen_config`` and ``convert_weight`` would write, straight in MLC's format.
The sizes keep LLVM quick; CUDA's kernels want heads of 64.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parents[1] / "python" / "mlcbuild" / "verify" / "probes"))

__all__ = ["CONTEXT", "PARTS", "TEXTS", "TYPES", "VOCABULARY", "configuration", "write_model"]

VOCABULARY: Final = 320
CONTEXT: Final = 128
_WINDOW: Final = 64
#: Heads of the models for the processor; larger ones are a GPU's.
_SMALL: Final = 32
_IDS: Final = {"bos_token_id": 0, "eos_token_id": 1}
_VISION: Final = {
    "hidden_size": 32,
    "image_size": 28,
    "intermediate_size": 32,
    "layer_norm_eps": 1e-5,
    "num_attention_heads": 2,
    "num_channels": 3,
    "num_hidden_layers": 2,
    "patch_size": 14,
    "projection_dim": 32,
    "vocab_size": VOCABULARY,
}
_EXPERTS: Final = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_LLAMA3: Final = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
    "rope_type": "llama3",
}


def _wide(head: int) -> int:
    return 128 if head > _SMALL else 32  # AWQ takes groups of 128


def _decoder(head: int, **more: Any) -> dict[str, Any]:
    """Return what most types share: two layers, two heads, one of keys and values."""
    return {
        **_IDS,
        "hidden_act": "silu",
        "hidden_size": 2 * head,
        "intermediate_size": _wide(head),
        "max_position_embeddings": CONTEXT,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "num_key_value_heads": 1,
        "pad_token_id": 1,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "vocab_size": VOCABULARY,
        **more,
    }


def _full(head: int, **more: Any) -> dict[str, Any]:
    """Return a decoder with as many heads of keys and values as of queries."""
    return _decoder(head, num_key_value_heads=2, **more)


def _gpt2(head: int, **more: Any) -> dict[str, Any]:
    return {
        **_IDS,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "n_embd": 2 * head,
        "n_head": 2,
        "n_inner": _wide(head),
        "n_layer": 2,
        "n_positions": CONTEXT,
        "vocab_size": VOCABULARY,
        **more,
    }


def _gemma(head: int, **more: Any) -> dict[str, Any]:
    act = "gelu_pytorch_tanh"
    more = {"tie_word_embeddings": True, "attention_bias": False, "head_dim": head, **more}
    return _decoder(head, **{"hidden_act": act, "hidden_activation": act, **more})


def _gemma3(head: int) -> dict[str, Any]:
    # Every sixth layer sees all, whatever the configuration says: with fewer layers none does, and
    # TVM's cache wants one.
    layers = {"sliding_window": _WINDOW, "num_hidden_layers": 6}
    return _gemma(head, **layers, query_pre_attn_scalar=head, rope_local_base_freq=10000)


def _qwen3(head: int, **more: Any) -> dict[str, Any]:
    return _decoder(head, head_dim=head, attention_bias=False, **more)


def _qwen35(head: int) -> dict[str, Any]:
    # three recurrent layers and one of attention, the smallest with both
    linear = {f"linear_{name}_head_dim": 32 for name in ("key", "value")}
    linear |= {f"linear_num_{name}_heads": 2 for name in ("key", "value")}
    rotated = 0.25 if head > _SMALL else 0.5
    layers = {"num_hidden_layers": 4, "full_attention_interval": 4, "linear_conv_kernel_dim": 4}
    return _decoder(head, head_dim=head, partial_rotary_factor=rotated, **linear, **layers)


def _deepseek(head: int, **more: Any) -> dict[str, Any]:
    return _full(
        head,
        attention_bias=False,
        first_k_dense_replace=1,
        moe_intermediate_size=32,
        moe_layer_freq=1,
        n_routed_experts=4,
        n_shared_experts=1,
        num_experts_per_tok=2,
        **{"norm_topk_prob": False, **more},
    )


def _latent(head: int, **more: Any) -> dict[str, Any]:
    """Return a DeepSeek with latent attention, on a GPU in the sizes that kernels are made for."""
    gpu = head > _SMALL
    yarn = {
        "beta_fast": 32,
        "beta_slow": 1,
        "factor": 4,
        "mscale": 0.707,
        "mscale_all_dim": 0.707,
        "original_max_position_embeddings": 32,
        "type": "yarn",
    }
    common = {
        "kv_lora_rank": 512 if gpu else 32,
        "n_group": 1,
        "qk_nope_head_dim": 128 if gpu else head,
        "qk_rope_head_dim": 64 if gpu else 32,
        "rope_scaling": yarn,
        "routed_scaling_factor": 1.0,
        "scoring_func": "softmax",
        "topk_group": 1,
        "topk_method": "greedy",
        "v_head_dim": 128 if gpu else head,
    }
    return _deepseek(head, **{**common, **more})


def _llama4(head: int) -> dict[str, Any]:
    return _decoder(
        head,
        attention_bias=False,
        attention_chunk_size=CONTEXT,
        attn_scale=0.1,
        attn_temperature_tuning=4,
        floor_scale=8192,
        for_llm_compressor=False,
        head_dim=head,
        interleave_moe_layer_step=1,
        intermediate_size_mlp=_wide(head),
        model_type="llama4_text",
        moe_layers=[0, 1],
        no_rope_layers=[1, 0],
        num_experts_per_tok=1,
        num_local_experts=2,
        rope_scaling=_LLAMA3,
        use_qk_norm=True,
    )


def _rwkv(head: int, version: str) -> dict[str, Any]:
    return {
        **_IDS,
        "head_size": head,
        "hidden_size": 2 * head,
        "intermediate_size": _wide(head),
        "layer_norm_epsilon": 1e-5,
        "model_version": version,
        "num_hidden_layers": 2,
        "rescale_every": 6,
        "vocab_size": VOCABULARY,
    }


def _bert(head: int, **more: Any) -> dict[str, Any]:
    return {
        **_IDS,
        "hidden_act": "gelu",
        "hidden_size": 2 * head,
        "intermediate_size": _wide(head),
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": CONTEXT,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "pad_token_id": 0,
        "vocab_size": VOCABULARY,
        **more,
    }


def _chatglm(head: int) -> dict[str, Any]:
    flags = dict.fromkeys(
        ("add_qkv_bias", "apply_query_key_layer_scaling", "post_layer_norm"), True
    )
    return {
        **_IDS,
        **flags,
        "add_bias_linear": False,
        "ffn_hidden_size": _wide(head),
        "hidden_size": 2 * head,
        "kv_channels": head,
        "layernorm_epsilon": 1e-5,
        "multi_query_attention": True,
        "multi_query_group_num": 1,
        "num_attention_heads": 2,
        "num_layers": 2,
        "padded_vocab_size": VOCABULARY,
        "rmsnorm": True,
        "seq_length": CONTEXT,
        "vocab_size": VOCABULARY,
    }


def _inside(name: str, text: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the configuration of a model whose language model is one part of several."""
    return {**_IDS, "model_type": name, "text_config": text, "vocab_size": VOCABULARY, **more}


def _configurations(head: int) -> dict[str, dict[str, Any]]:
    rotary, part = head // 2, 0.25 if head > _SMALL else 0.5
    yarn = {
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "factor": 16.0,
        "llama_4_scaling_beta": 0.1,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
        "original_max_position_embeddings": 64,
        "rope_theta": 10000.0,
        "rope_type": "yarn",
        "type": "yarn",
    }
    phi3 = {"original_max_position_embeddings": CONTEXT, "rope_scaling": None}
    clip = {
        "image_dim_out": 32,
        "model_name": "openai/clip-vit-large-patch14-336",
        "name": "clip_vision_model",
        "num_img_tokens": 4,
    }
    shared = {"shared_expert_intermediate_size": 32, "decoder_sparse_step": 1}
    return {
        "llama": _decoder(head, rope_scaling=_LLAMA3, tie_word_embeddings=True),
        "llama4": _inside("llama4", _llama4(head)),
        "mistral": _decoder(head, sliding_window=_WINDOW),
        "ministral3": _decoder(head, head_dim=head, rope_parameters=yarn),
        "gemma": _gemma(head),
        "gemma2": _gemma(
            head,
            attn_logit_softcapping=50.0,
            final_logit_softcapping=30.0,
            query_pre_attn_scalar=head,
            sliding_window=_WINDOW,
        ),
        "gemma3": _inside("gemma3", {**_gemma3(head), "model_type": "gemma3_text"}),
        "gemma3_text": _gemma3(head),
        "gpt2": _gpt2(head),
        "mixtral": _decoder(head, num_local_experts=4, num_experts_per_tok=2),
        "gpt_neox": _full(
            head,
            hidden_act="gelu",
            layer_norm_eps=1e-5,
            rotary_pct=part,
            use_parallel_residual=True,
        ),
        "gpt_bigcode": _gpt2(head, multi_query=True),
        "phi-msft": _gpt2(head, rotary_dim=rotary),
        "phi": _full(head, hidden_act="gelu_new", layer_norm_eps=1e-5, partial_rotary_factor=0.5),
        "phi3": _decoder(head, **phi3),
        "phi3_v": _full(head, **phi3, img_processor=clip, vision_config=_VISION),
        "qwen": _full(
            head,
            intermediate_size=2 * _wide(head),
            kv_channels=head,
            layer_norm_epsilon=1e-6,
            rotary_emb_base=10000,
            scale_attn_weights=True,
            seq_length=CONTEXT,
        ),
        "qwen2": _decoder(head),
        "qwen2_moe": _full(head, **_EXPERTS, **shared, norm_topk_prob=False),
        "qwen3": _qwen3(head),
        "qwen3-embedding": _qwen3(head, model_type="qwen3"),
        "qwen3_5": _inside("qwen3_5", _qwen35(head)),
        "qwen3_5_text": _qwen35(head),
        "qwen3_moe": _qwen3(head, **_EXPERTS, decoder_sparse_step=1, norm_topk_prob=True),
        "deepseek_v2": _latent(head),
        "deepseek_v3": _latent(
            head,
            n_group=2,
            norm_topk_prob=True,
            q_lora_rank=32,
            scoring_func="sigmoid",
            topk_method="noaux_tc",
        ),
        "stablelm": _full(head, layer_norm_eps=1e-5, partial_rotary_factor=part),
        "baichuan": _full(head, initializer_range=0.02, model_max_length=CONTEXT, use_cache=True),
        "internlm": _full(head, bias=True, use_cache=True),
        "internlm2": _decoder(head, bias=False, use_cache=True),
        "rwkv5": _rwkv(head, "5_2"),
        "orion": _decoder(head),
        "llava": _inside(
            "llava",
            _full(head, architectures=["LlamaForCausalLM"], model_type="llama"),
            image_token_index=300,
            vision_config=_VISION,
        ),
        "rwkv6": _rwkv(head, "6_0"),
        "chatglm": _chatglm(head),
        "eagle": _decoder(head),
        "bert": _bert(head),
        "medusa": {
            "hidden_size": 2 * head,
            "medusa_num_heads": 2,
            "medusa_num_layers": 1,
            "vocab_size": VOCABULARY,
        },
        "starcoder2": _decoder(
            head,
            hidden_act="gelu_pytorch_tanh",
            norm_epsilon=1e-5,
            tie_word_embeddings=True,
            use_bias=True,
            use_cache=True,
        ),
        "cohere": _decoder(head, layer_norm_eps=1e-5, logit_scale=1.0, tie_word_embeddings=True),
        "minicpm": _full(head, dim_model_base=32, scale_depth=1.4, scale_emb=1, use_cache=True),
        "deepseek": _deepseek(head, use_cache=True),
        "gptj": _gpt2(head, rotary_dim=rotary),
        "olmo": _full(head, clip_qkv=None),
        "olmo2": _full(head),
        "nemotron": _decoder(head, hidden_act="relu2", norm_eps=1e-5, partial_rotary_factor=0.5),
        "bert-bge": _bert(head, position_offset=0),
    }


TYPES: Final = tuple(_configurations(32))
#: What the models are asked.
TEXTS: Final = ("Once upon a time", "The quick brown fox jumps over the lazy dog. 0123456789")
#: Drafts of other models' tokens: no engine runs them alone.
PARTS: Final = ("eagle", "medusa")


def configuration(name: str, head: int = 32) -> dict[str, Any]:
    """Return the config.json of a model of this type with heads of this size."""
    return {"model_type": name, **_configurations(head)[name]}


def write_model(name: str, quantization: str, folder: Path, head: int = 32) -> dict[str, Any]:
    """Write configuration, tokenizer and random weights; return the weights as numpy arrays.

    Needs mlc_llm. A type that cannot be quantized so raises what mlc_llm raises.
    """
    from mlc_llm.interface.gen_config import gen_config  # noqa: PLC0415 - only where it runs
    from mlc_llm.model import MODELS  # noqa: PLC0415
    from mlc_llm.quantization import QUANTIZATION  # noqa: PLC0415
    from tiny_llama import tokenizer  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "source"
    source.mkdir(exist_ok=True)
    for file, content in (
        ("config.json", configuration(name, head)),
        ("tokenizer.json", tokenizer()),
        ("tokenizer_config.json", {"bos_token": "<s>", "eos_token": "</s>"}),
    ):
        (source / file).write_text(json.dumps(content), encoding="utf-8")
    model, how = MODELS[name], QUANTIZATION[quantization]
    unset = ("sliding_window_size", "tensor_parallel_shards", "pipeline_parallel_stages")
    gen_config(
        config=source / "config.json",
        model=model,
        quantization=how,
        conv_template="LM",
        context_window_size=CONTEXT,
        prefill_chunk_size=64,
        attention_sink_size=0,  # a sink of tokens is no part of the published model
        max_batch_size=4,
        output=folder,
        disaggregation=None,
        **dict.fromkeys(unset),
    )
    return write_weights(name, quantization, folder)


def write_weights(name: str, quantization: str, folder: Path, seed: int = 7) -> dict[str, Any]:
    """Write random weights for the folder's configuration, quantized ones too; return them."""
    import numpy as np  # noqa: PLC0415
    import tvm  # noqa: PLC0415
    from mlc_llm._quantizations import quantizer  # noqa: PLC0415
    from mlc_llm.model import MODELS  # noqa: PLC0415
    from mlc_llm.quantization import QUANTIZATION  # noqa: PLC0415
    from tvm.contrib import tvmjs  # noqa: PLC0415

    settings = json.loads((folder / "mlc-chat-config.json").read_text(encoding="utf-8"))
    model, how = MODELS[name], QUANTIZATION[quantization]
    module, _ = quantizer(model, how)(model.config.from_dict(settings["model_config"]), how)
    _, parameters, *_ = module.export_tvm(module.get_default_spec(), allow_extern=True)
    random = np.random.default_rng(seed)
    weights = {}
    for key, parameter in parameters:
        # The vocabulary is the one size that an exported model leaves symbolic.
        shape = [int(n) if str(n).isdigit() else VOCABULARY for n in parameter.shape]
        if "int" in parameter.dtype:
            bits = np.iinfo(parameter.dtype)
            values = random.integers(bits.min, bits.max, shape, parameter.dtype, endpoint=True)
        elif key.endswith("scale"):
            values = random.uniform(0.03, 0.08, shape)
        elif "norm" in key.lower() and key.endswith("weight"):
            values = 1 + random.normal(0, 0.1, shape)
        else:
            values = random.normal(0, 0.25, shape)
        weights[key] = tvm.runtime.empty(shape, parameter.dtype)
        weights[key].copyfrom(values.astype(weights[key].numpy().dtype))
    size = sum(tensor.numpy().nbytes for tensor in weights.values())
    facts = {"ParamSize": len(weights), "ParamBytes": size, "BitsPerParam": 32.0}
    tvmjs.dump_tensor_cache(weights, str(folder), meta_data=facts, encode_format="raw")
    return {key: value.numpy() for key, value in weights.items()}


if __name__ == "__main__":
    write_model(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int((*sys.argv[4:], 32)[0]))
