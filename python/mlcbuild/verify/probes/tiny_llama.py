"""Write a tiny random Llama: configuration, tokenizer, weights. No download, no torch.

Run by ``mlcbuild verify`` inside the environment of the wheel:
``python tiny_llama.py DIR SEED [HIDDEN LAYERS HEADS]``.
``DIR/source`` gets what a model hub would hold (safetensors too), ``DIR/model`` the weights as TVM
reads them. The sizes keep LLVM quick: wider matrices make it spend minutes in vector code. CUDA's
decode kernel wants heads of 64: its blocks are too deep for smaller ones.
"""

import json
import struct
import sys
from pathlib import Path

SIZES = (32, 1, 2)
VOCABULARY, CONTEXT = 320, 128
#: A matrix of MLC's -> those that a model hub has in its place, one below the other.
MERGED = {
    "qkv_proj": ("q_proj", "k_proj", "v_proj"),
    "gate_up_proj": ("gate_proj", "up_proj"),
}
SPECIAL = ("<s>", "</s>")
BYTE_LEVEL = {
    "type": "ByteLevel",
    "add_prefix_space": False,
    "trim_offsets": False,
    "use_regex": True,
}


def byte_letters() -> list[str]:
    """Return the 256 characters that stand for the bytes in byte-level BPE (GPT-2's scheme).

    Printable bytes stand for themselves, the others for the code points from 256 on.
    """
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = {byte: chr(byte) for byte in shown}
    letters |= {byte: chr(256 + index) for index, byte in enumerate(hidden)}
    return [letters[byte] for byte in range(256)]


def tokenizer(size: int = VOCABULARY) -> dict:
    """Return a tokenizer.json: special tokens, one token a byte, and filler up to the size."""
    vocabulary = {token: index for index, token in enumerate(SPECIAL)}
    for letter in byte_letters():
        vocabulary[letter] = len(vocabulary)
    while len(vocabulary) < size:
        vocabulary[f"filler{len(vocabulary)}"] = len(vocabulary)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": index,
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for index, token in enumerate(SPECIAL)
        ],
        "normalizer": None,
        "pre_tokenizer": BYTE_LEVEL,
        "post_processor": None,
        "decoder": BYTE_LEVEL,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []},
    }


def configuration(hidden: int, layers: int, heads: int) -> dict:
    """Return the config.json of a Llama of these sizes."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": hidden,
        "intermediate_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "num_hidden_layers": layers,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "torch_dtype": "float32",
    }


def write_safetensors(weights: dict, path: Path) -> None:
    """Write the weights as a model hub has them: MLC's merged matrices in their parts."""
    import numpy as np

    parts = {}
    for name, values in weights.items():
        merged = next((key for key in MERGED if key in name), None)
        names = [name.replace(merged, each) for each in MERGED[merged]] if merged else [name]
        parts |= dict(zip(names, np.split(values, len(names)), strict=True))
    header, end = {}, 0
    for name, values in parts.items():
        place = [end, end + values.nbytes]
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": place}
        end += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in parts.values():
            file.write(values.tobytes())


def write_weights(config: Path, output: Path, seed: int) -> int:
    """Write random float32 weights for the model class; return how many numbers they have."""
    import numpy as np
    import tvm
    from mlc_llm.model import MODELS
    from mlc_llm.quantization import QUANTIZATION
    from tvm.contrib import tvmjs

    llama = MODELS["llama"]
    settings = llama.config.from_file(config)
    module, _ = llama.quantize["no-quant"](settings, QUANTIZATION["q0f32"])
    _, parameters, *_ = module.export_tvm(module.get_default_spec(), allow_extern=True)
    generator = np.random.default_rng(seed)
    weights = {}
    for name, parameter in parameters:
        # The vocabulary is the one size that the exported model leaves symbolic.
        shape = [int(n) if str(n).isdigit() else settings.vocab_size for n in parameter.shape]
        weights[name] = generator.normal(0, 0.4, shape).astype(parameter.dtype)
    write_safetensors(weights, config.with_name("model.safetensors"))
    tensors = {name: tvm.runtime.tensor(values) for name, values in weights.items()}
    tvmjs.dump_tensor_cache(tensors, str(output), meta_data={}, encode_format="raw")
    return sum(values.size for values in weights.values())


def main() -> None:
    """Write both folders and print the number of parameters."""
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    sizes = tuple(map(int, sys.argv[3:6])) or SIZES
    source, model = folder / "source", folder / "model"
    source.mkdir(parents=True)
    model.mkdir()
    for name, content in (
        ("config.json", configuration(*sizes)),
        ("tokenizer.json", tokenizer()),
        ("tokenizer_config.json", {"bos_token": "<s>", "eos_token": "</s>"}),
    ):
        (source / name).write_text(json.dumps(content), encoding="utf-8")
    print(json.dumps({"parameters": write_weights(source / "config.json", model, seed)}))


if __name__ == "__main__":
    main()
