"""A model that does not compile: the pass, the type, and what is known of it."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from mlc_llm import _kernels
from mlc_llm._compile_errors import CompileFailedError, one_line
from mlcbuild.model.known_types import MODEL_TYPES, model_type, seen

if TYPE_CHECKING:
    from pathlib import Path

TARGET = SimpleNamespace(kind=SimpleNamespace(name="vulkan"))


@pytest.fixture(autouse=True)
def tvm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for TVM, which hands a listener's class back."""
    module = ModuleType("tvm.ir.instrument")
    module.pass_instrument = lambda kind: kind  # type: ignore[attr-defined]
    for name in ("tvm", "tvm.ir"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "tvm.ir.instrument", module)


def run(listener: Any, *passes: str) -> None:
    """Run passes, each within the one before; none ends."""
    for name in passes:
        listener.run_before_pass(None, SimpleNamespace(name=name))


def fail() -> None:
    """Compile a model whose second pass fails."""
    with one_line("mixtral", TARGET) as listeners:
        run(listeners[0], "sequential", "LegalizeOps")
        listeners[0].run_after_pass(None, None)
        run(listeners[0], "FuseTIR", "sequential")
        raise ValueError("Traceback (most recent call last)\n  File x, line 1\nCheck failed: no")


def test_the_innermost_pass_that_holds_no_others_is_named() -> None:
    with pytest.raises(CompileFailedError) as failed:
        fail()
    assert str(failed.value) == (
        "mixtral does not compile for vulkan, in the pass FuseTIR: ValueError: Check failed: no"
    )
    assert isinstance(failed.value.__cause__, ValueError)


def test_an_error_outside_of_passes_names_none() -> None:
    with pytest.raises(CompileFailedError, match=r"for vulkan: KeyError: "), one_line("x", TARGET):
        raise KeyError("a")


def test_a_refused_kernel_ends_with_its_sentence_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kernels, "_refused", ["too large"])
    with pytest.raises(SystemExit, match=r"^mlc_llm: error: too large$"), one_line("x", TARGET):
        raise ValueError("too large")


def test_what_compiles_is_let_through() -> None:
    with one_line("llama", TARGET) as listeners:
        run(listeners[0], "FuseOps")


@pytest.mark.parametrize(
    ("name", "device", "words"),
    [
        ("mixtral", "cpu", "mixtral is known to compile for cpu"),
        ("deepseek_v2", "cpu", "known not to compile for cpu: TVM has no kernels"),
        ("rwkv5", "cuda", "rwkv5 is known to compile for cuda"),
        (
            "deepseek_v2",
            "cuda",
            "known to compile for cuda: it is this model's sizes or quantization",
        ),
        ("llama", "opencl", "llama was not tried for opencl"),
        ("mamba", "cpu", "mlc_llm has no model type 'mamba'"),
        ("", "cpu", "the configuration names no type"),
    ],
)
def test_what_is_known_of_a_type_is_said(name: str, device: str, words: str) -> None:
    assert words in seen(name, device)


def test_the_type_is_the_configurations(tmp_path: Path) -> None:
    config = tmp_path / "mlc-chat-config.json"
    assert model_type(config) == ""
    for text, name in ((json.dumps({"model_type": "llama"}), "llama"), ("[]", ""), ("{", "")):
        config.write_text(text)
        assert model_type(config) == name


def test_every_type_of_the_benchmark_is_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path  # noqa: PLC0415 - for types above

    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    from architecture_models import TYPES  # noqa: PLC0415

    assert set(TYPES) == MODEL_TYPES
