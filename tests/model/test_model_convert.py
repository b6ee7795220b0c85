"""From a folder as a hub has it to one that chats: what is refused before anything is made."""

from __future__ import annotations

import json
import struct
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from mlc_llm._safetensors import read_safetensors
from mlcbuild.cli import main
from mlcbuild.errors import InputError, UsageError
from mlcbuild.model.convert import Conversion, convert, default_folder
from mlcbuild.model.published import missing_module, read_published
from mlcbuild.model.templates import find_template, template_of
from publishedllama import safetensors

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = {"modules": ["torch", "transformers"], "reads_safetensors": True}
NOTHING: dict[str, Any] = {"modules": [], "reads_safetensors": True}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A published model: Llama by its configuration, one file of weights, a tokenizer."""
    folder = tmp_path / "Tiny Llama"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    ones = np.ones((2, 3), "<f4").tobytes()
    (folder / "model.safetensors").write_bytes(safetensors({"a": ("F32", [2, 3], ones)}))
    return folder


def refused(*words: str | Path) -> int:
    return main(["model", *map(str, words)])


def test_a_published_model_is_asked_how_to_quantize_it(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(model, "-o", model.parent / "a.so", "--target", "linux") == 2
    assert "--quantization q4f16_1" in capsys.readouterr().err


def test_a_converted_model_is_not_converted_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mlc-chat-config.json").write_text("{}", encoding="utf-8")
    assert refused(tmp_path, "--quantization", "q0f32", "-o", tmp_path / "a.so") == 2
    assert "leave --quantization out" in capsys.readouterr().err


def test_options_of_a_conversion_alone_are_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mlc-chat-config.json").write_text("{}", encoding="utf-8")
    assert refused(tmp_path, "--conv-template", "LM", "-o", tmp_path / "a.so") == 2
    assert refused(tmp_path, "--weights", tmp_path / "w", "-o", tmp_path / "a.so") == 2
    assert capsys.readouterr().err.count("add --quantization NAME") == 2


def test_safetensors_are_preferred_to_what_torch_must_read(model: Path) -> None:
    (model / "pytorch_model.bin").write_bytes(b"pickle")
    found = read_published(model)
    assert found.weights == "huggingface-safetensor"
    assert missing_module(found, NOTHING) is None


def test_torch_is_asked_for_where_the_weights_need_it_alone(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    found = read_published(model)
    assert missing_module(found, EVERYTHING) is None
    error = missing_module(found, NOTHING)
    assert error is not None
    assert "pip install torch" in str(error)


def test_an_mlc_llm_without_our_reader_needs_torch_for_safetensors(model: Path) -> None:
    error = missing_module(read_published(model), {"modules": [], "reads_safetensors": False})
    assert error is not None
    assert "model.safetensors is read by torch" in str(error)


def test_a_tokenizer_that_must_become_json_names_what_does_it(model: Path) -> None:
    (model / "tokenizer.json").rename(model / "tokenizer.model")
    error = missing_module(read_published(model), NOTHING)
    assert error is not None
    assert "pip install transformers" in str(error)


def test_a_shard_that_the_index_names_must_be_there(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    words = (model, "--quantization", "q0f32", "-o", model.parent / "a.so", "--target", "linux")
    assert refused(*words) == 3
    assert "lacks model-2.safetensors" in capsys.readouterr().err


def test_a_pointer_of_git_lfs_is_not_taken_for_weights(model: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    (model / "model.safetensors").write_text(pointer, encoding="utf-8")
    with pytest.raises(InputError, match="git lfs pull"):
        read_published(model)


def test_a_folder_without_weights_says_which_belong_there(model: Path) -> None:
    (model / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors or pytorch_model\.bin"):
        read_published(model)


@pytest.mark.parametrize(
    ("text", "model_type", "name"),
    [
        ("{{ '<|start_header_id|>' }}", "llama", "llama-3_1"),
        ("<|im_start|>user", "qwen3", "qwen3"),
        ("<|im_start|>user", "llama", "chatml"),
        ("[INST] <<SYS>>", "llama", "llama-2"),
        ("<start_of_turn>", "gemma2", "gemma_instruction"),
        ("[INST]", "unheard-of", None),
        ("", "llama", "LM"),
    ],
)
def test_the_conversation_template_is_told_by_its_words(
    text: str, model_type: str, name: str | None
) -> None:
    assert template_of(text, model_type) == name


def test_the_template_is_read_where_hubs_put_it(model: Path) -> None:
    config = {"model_type": "qwen2"}
    assert find_template(model, config) == "LM"
    several = [{"name": "tools", "template": "x"}, {"name": "default", "template": "<|im_start|>"}]
    table = json.dumps({"chat_template": several})
    (model / "tokenizer_config.json").write_text(table, encoding="utf-8")
    assert find_template(model, config) == "qwen2"
    (model / "chat_template.jinja").write_text("<start_of_turn>", encoding="utf-8")
    assert find_template(model, config) == "gemma_instruction"


def converted(model: Path, into: Path, **how: str) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    convert(
        read_published(model),
        Conversion(quantization=how.get("quantization", "q0f32"), template=how.get("template", "")),
        into,
        python="/nowhere/python",
        environment={},
        log=into.parent / "log.txt",
        done=lambda stage, detail: said.append((stage, detail)),
    )
    return said


def test_an_unknown_template_must_be_named(model: Path, tmp_path: Path) -> None:
    (model / "chat_template.jinja").write_text("{{ strange }}", encoding="utf-8")
    with pytest.raises(UsageError, match="--conv-template NAME"):
        converted(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_else_is_left_alone(model: Path, tmp_path: Path) -> None:
    into = tmp_path / "out"
    into.mkdir()
    (into / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="holds something else"):
        converted(model, into)
    assert [path.name for path in into.iterdir()] == ["notes.txt"]


def test_weights_made_from_the_same_are_taken_and_others_are_not(
    model: Path, tmp_path: Path
) -> None:
    into = tmp_path / "out"
    into.mkdir()
    found = read_published(model)
    origin = {
        "quantization": "q0f32",
        "template": "LM",
        "options": "",
        "weights": dict(found.files),
        "config": dict(found.config),
    }
    (into / "mlcbuild-origin.json").write_text(json.dumps(origin), encoding="utf-8")
    ((stage, detail),) = converted(model, into)
    assert (stage, detail.endswith("made from the same")) == ("weights", True)
    with pytest.raises(UsageError, match="made from another quantization"):
        converted(model, into, quantization="q4f16_1")


def test_a_conversion_that_fails_leaves_nothing(model: Path, tmp_path: Path) -> None:
    named = None if sys.platform == "win32" else "nowhere"  # Windows names no program
    with pytest.raises(FileNotFoundError, match=named):
        converted(model, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Tiny Llama", "log.txt"]


def test_the_weights_lie_beside_the_library_under_mlcs_name(model: Path, tmp_path: Path) -> None:
    found = default_folder(
        read_published(model), Conversion(quantization="q4f16_1"), tmp_path / "dist" / "a.so"
    )
    assert found == tmp_path / "dist" / "Tiny Llama-q4f16_1-MLC"


def test_weights_are_read_without_torch(tmp_path: Path) -> None:
    numbers = np.arange(6, dtype="<f2").reshape(3, 2)
    path = tmp_path / "m.safetensors"
    path.write_bytes(
        safetensors(
            {"x": ("F16", [3, 2], numbers.tobytes()), "y": ("I64", [], struct.pack("<q", -7))}
        )
    )
    found = dict(read_safetensors(path))
    assert (found["x"] == numbers).all()
    assert found["x"].dtype == np.float16
    assert found["y"].shape == ()
    assert int(found["y"]) == -7


@pytest.mark.parametrize("size", [0, 7, 8, 40, -1])
def test_weights_that_are_cut_off_name_the_file(tmp_path: Path, size: int) -> None:
    whole = safetensors({"x": ("F32", [4], bytes(16))})
    path = tmp_path / "m.safetensors"
    path.write_bytes(whole[:size])
    with pytest.raises(ValueError, match=r"m\.safetensors"):
        list(read_safetensors(path))
