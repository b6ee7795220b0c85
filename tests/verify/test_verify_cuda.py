"""``verify --chat --device cuda``: what is said where there is no GPU, and what of which GPU."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, cast

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import FailedError, InputError
from mlcbuild.verify import cuda_chat
from mlcbuild.verify.steps import Limits
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.verify.place import HostPlace

PLACE = cast("HostPlace", None)


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *_rest: object) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", refuse)


@pytest.mark.usefixtures("no_driver")
def test_a_machine_without_gpu_is_one_line_and_exit_3_before_anything_is_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = make_wheel(tmp_path, {"demo/__init__.py": b""}, tag="py3-none-any")
    monkeypatch.setattr("mlcbuild.verify.sequence.make_place", None)
    assert main(["verify", str(wheel), "--chat", "--device", "cuda"]) == 3
    said = capsys.readouterr().err.strip()
    assert "this machine has no NVIDIA driver" in said
    assert "\n" not in said


def test_wine_has_no_cuda(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_wheel(tmp_path, {"demo/__init__.py": b""}, tag="py3-none-any")
    words = ["verify", str(wheel), "--chat", "--device", "cuda", "--lab", "--linux-wheel"]
    assert main([*words, str(wheel)]) == 2
    assert "Wine has no CUDA" in capsys.readouterr().err


def answering(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    whole = {"runtime": True, "exists": True, "refused": {}, "name": None, "compute": None, **facts}
    monkeypatch.setattr(cuda_chat, "probe", lambda *_words, **_limits: whole)


def test_the_architecture_is_the_one_of_the_gpu_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, name="NVIDIA H100", compute="9.0")
    assert cuda_chat.step_device(PLACE, Limits()) == ("NVIDIA H100, sm_90", "cuda:sm_90")


def test_a_runtime_that_does_not_load_beside_a_driver_is_the_installs_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reason = "libcudart.so.13 is not installed"
    answering(monkeypatch, runtime=False, exists=False, refused={"tvm_runtime_cuda": reason})
    with pytest.raises(FailedError, match=reason):
        cuda_chat.step_device(PLACE, Limits())


def test_a_driver_that_is_too_old_says_nothing_about_the_wheel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reason = "NVIDIA's driver is for CUDA 12.4, TVM's for 13"
    answering(monkeypatch, exists=False, refused={"tvm_runtime_cuda": reason})
    with pytest.raises(InputError, match=reason):
        cuda_chat.step_device(PLACE, Limits())
