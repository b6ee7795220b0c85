"""Types of each family compile for the processor, two for Vulkan, and answer: needs a wheel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mlcbuild.model.request import make_request, target_json
from needs import require
from pluginwheels import plugin_wheel

if TYPE_CHECKING:
    from wheelvenv import Wheel

pytestmark = [pytest.mark.slow, pytest.mark.needs_wheel, pytest.mark.needs_index]

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
#: Of each family one or two that LLVM takes little time for.
DENSE, EXPERTS, WINDOW, RECURRENT, VISION = "llama", "mixtral", "mistral", "qwen3_5", "llava"
MORE = ("olmo", "qwen2_moe", "rwkv5", "gemma3_text")
DECODERS = (DENSE, EXPERTS, WINDOW, RECURRENT, VISION, *MORE)
ENCODERS = ("bert", "qwen3-embedding")
LATENT = "deepseek_v2"
#: A quantization that upstream has not for the one, and whose code fails for the other.
NOT_THERE = "q4f16_autoawq"
#: TVM makes kernels for a processor by the target of the host.
KERNELS_FOR = """\
import sys
from mlc_llm.support.auto_target import detect_target_and_host
target, _ = detect_target_and_host(sys.argv[1], sys.argv[2])
print(target.host.attrs["mcpu"])
"""


def became(folder: Path, *words: str | Path) -> dict[str, Any]:
    """Return what became of each type, by its name; ``folder`` keeps the models."""
    command = [sys.executable, BENCHMARKS / "architectures.py", "--work", folder, "--jobs", "2"]
    subprocess.run([*command, *words], check=True)
    lines = (folder / "results.jsonl").read_text("utf-8").splitlines()
    return {each["type"]: {**each, "work": folder} for each in map(json.loads, lines)}


@pytest.fixture(scope="module")
def told(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what became of the types on the processor."""
    types = ",".join((*DECODERS, *ENCODERS, LATENT))
    words = ["--device", "cpu", "--chat", "cpu", "--quantization", "q0f32", "--type", types]
    words += ["--head", "16", "--opt-level", "0"]
    return became(tmp_path_factory.mktemp("cpu"), "--interpreter", wheel.python, *words)


@pytest.fixture(scope="module")
def on_vulkan(
    wheel: Wheel, told: dict[str, Any], shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Return what became of two types by software Vulkan."""
    del told  # one after the other: each has two processes
    require("vulkan", "sources", "cxx")
    wheel.install(plugin_wheel("vulkan", shared))
    words = ["--device", "vulkan", "--chat", "vulkan", "--quantization", "q0f32"]
    words += ["--type", f"{DENSE},{EXPERTS}", "--interpreter", str(wheel.python)]
    return became(tmp_path_factory.mktemp("vulkan"), *words)


def shown(tokens: list[str]) -> list[str]:
    """Leave out what the engine does not tell by itself: single bytes of longer letters."""
    return [token for token in tokens if token.isascii() and token]


def reference(found: dict[str, Any], head: int) -> list[str]:
    """Return the tokens of a decoder in numpy with the same weights."""
    name = found["type"]
    model = found["work"] / f"{name}-q0f32-{head}"
    words = [sys.executable, BENCHMARKS / "architecture_reference.py", name, model, str(head)]
    done = subprocess.run(words, capture_output=True, check=True, encoding="utf-8")
    return shown(json.loads(done.stdout.partition("ANSWER ")[2]))


@pytest.mark.parametrize("name", [*DECODERS, *ENCODERS])
def test_a_type_of_each_family_compiles(told: dict[str, Any], name: str) -> None:
    assert told[name]["ok"], told[name]["cause"]


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_answers(told: dict[str, Any], name: str) -> None:
    assert told[name]["answer"], told[name]["silent"]
    assert told[name]["answer"]["tokens"]


@pytest.mark.parametrize("name", [DENSE, EXPERTS, "olmo"])
def test_a_models_answer_is_that_of_numpy(told: dict[str, Any], name: str) -> None:
    tokens = shown(told[name]["answer"]["tokens"])
    assert len(tokens) > 1
    assert tokens == reference(told[name], 16)


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoders_vectors_have_the_length_of_one(told: dict[str, Any], name: str) -> None:
    numbers = told[name]["answer"]["numbers"]
    assert sum(number * number for number in numbers) == pytest.approx(2, rel=1e-3)


def test_latent_attention_is_refused_in_words(told: dict[str, Any]) -> None:
    assert not told[LATENT]["ok"]
    assert "TVM has no kernels of it for the processor" in told[LATENT]["cause"]


@pytest.mark.parametrize("name", [DENSE, EXPERTS])
def test_the_answer_on_vulkan_is_that_of_numpy(on_vulkan: dict[str, Any], name: str) -> None:
    found = on_vulkan[name]
    assert found["ok"], found["cause"]
    assert found["answer"], found["silent"]
    tokens = shown(found["answer"]["tokens"])
    assert len(tokens) > 1
    assert tokens == reference(found, 64)


def test_kernels_for_the_processor_are_made_for_the_one_that_is_named(wheel: Wheel) -> None:
    request = make_request(target="linux", device="cpu", cpu="x86-64-v3")
    done = wheel.run(KERNELS_FOR, target_json(request), request.host.triple)
    assert done.stdout.splitlines()[-1:] == ["x86-64-v3"], done.stderr


@pytest.mark.parametrize("name", [LATENT, VISION])
def test_a_quantization_that_a_type_has_not_is_refused_with_those_that_it_has(
    wheel: Wheel, tmp_path: Path, name: str
) -> None:
    words = ["--interpreter", wheel.python, "--device", "cpu", "--type", name]
    told = became(tmp_path, *words, "--quantization", NOT_THERE)
    assert f"{name} has no quantization {NOT_THERE}: choose from q0f16," in told[name]["cause"]


def test_a_kernel_that_needs_too_much_of_a_gpu_is_refused_before_the_others_are_made(
    wheel: Wheel, tmp_path: Path
) -> None:
    words = ["--interpreter", wheel.python, "--device", "cuda:sm_90", "--type", LATENT]
    told = became(tmp_path, *words, "--quantization", "q0f32")[LATENT]
    assert "batch_prefill_paged_kv_mla needs 83504 bytes of shared memory" in told["cause"]
    assert "it takes a quantization in 16 bits, such as q4f16_1" in told["cause"]
