"""A model without a library: what is said before anything is compiled, or instead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from mlc_llm import libinfo
from mlc_llm._locator import model_library
from mlc_llm._locator.commands import in_one_message
from mlc_llm._locator.model_library import NoModelLibraryError, no_device, why_not

if TYPE_CHECKING:
    from pathlib import Path


def fine() -> str:
    return ""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of one folder, with a linker in it."""
    name = "clang.exe" if sys.platform == "win32" else "g++"
    (tmp_path / name).write_text("#!/bin/sh\n")
    (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_with_compiler_generator_and_linker_nothing_is_missing(tools: Path) -> None:
    path = {"PATH": str(tools)}
    assert why_not("vulkan", fine, lambda name: name == "vulkan", path) == ""
    assert why_not("cpu", fine, lambda name: name == "llvm", path) == ""


@pytest.mark.parametrize("policy", ["OFF", "READONLY"])
def test_a_policy_that_forbids_it_is_named(policy: str) -> None:
    assert policy in why_not("cpu", fine, lambda _: True, {"MLC_JIT_POLICY": policy})


def test_the_compilers_own_reason_comes_before_all_others() -> None:
    assert why_not("cuda", lambda: "no compiler", lambda _: False, {}) == "no compiler"


@pytest.mark.usefixtures("tools")
def test_a_device_without_generator_names_the_extra() -> None:
    said = why_not("vulkan", fine, lambda _: False, {})
    assert said == 'TVM generates no code for vulkan here: pip install "mlc-llm[vulkan]"'


def test_a_machine_without_linker_is_told_so(tools: Path) -> None:
    for path in tools.iterdir():
        path.unlink()
    words = "needs lld-link" if sys.platform == "win32" else "which links the library, is not found"
    assert words in why_not("cpu", fine, lambda _: True, {"PATH": str(tools)})


@pytest.mark.usefixtures("tools")
def test_a_linker_that_a_variable_names_must_be_there() -> None:
    variable = "TVM_WIN_CC" if sys.platform == "win32" else "CXX"
    assert "is not found" in why_not("cpu", fine, lambda _: True, {variable: "no-such-compiler"})


def test_the_message_has_the_model_the_reason_and_both_commands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_library, "_compiler", lambda: "TVM's compiler is not here")
    with pytest.raises(NoModelLibraryError) as caught:
        model_library.need_compiler("my model", "cuda:0")
    text = str(caught.value)
    assert "no model library was given for my model, and one for cuda cannot be compiled" in text
    assert "TVM's compiler is not here" in text
    model = '"my model"' if sys.platform == "win32" else "'my model'"
    assert f"mlcbuild model {model} --device cuda -o model-cuda" in text
    assert f"mlc_llm chat {model} --model-lib model-cuda" in text


@pytest.mark.usefixtures("tools")
def test_what_will_be_compiled_is_said_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model_library, "_compiler", fine)
    monkeypatch.setattr(model_library, "_generates", lambda _: True)
    monkeypatch.delenv("MLC_JIT_POLICY", raising=False)
    model_library.before_compiling("M", "cpu:0", "cache/x.so")
    said = capsys.readouterr().err
    assert "compiling M for cpu into cache/x.so" in said
    assert "mlcbuild model M --device cpu" in said


def test_a_command_ends_with_the_message_alone() -> None:
    with pytest.raises(SystemExit, match=r"^mlc_llm: all of it$"), in_one_message():
        raise NoModelLibraryError("all of it")


def test_other_errors_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError), in_one_message():
        raise ZeroDivisionError


def test_a_device_that_is_not_there_comes_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(libinfo.refused_backends, "tvm_runtime_cuda", "no driver")
    assert str(no_device("cuda:0")).endswith("environment: cuda:0 (no driver)")
    assert str(no_device("metal")).endswith("environment: metal")
