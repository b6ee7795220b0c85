"""A model library says for which device it is, and is run on no other."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from mlc_llm._library_device import LibraryDeviceError, device_of, fitting_device

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "relax.VMExecutable"


def library(folder: Path, *kinds: str, name: str = "model.so", padding: bytes = b"") -> str:
    """Write what TVM stores: each module's kind and bytes, both after their length."""
    data = b"\x7fELF" + padding
    for kind in kinds:
        data += struct.pack("<Q", len(kind)) + kind.encode() + struct.pack("<Q", 3) + b"abc"
    path = folder / name
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("kind", "device"),
    [("cuda", "cuda"), ("hip", "rocm"), ("vulkan", "vulkan"), ("opencl", "opencl")],
)
def test_the_module_of_a_device_names_it(tmp_path: Path, kind: str, device: str) -> None:
    assert device_of(library(tmp_path, PROGRAM, kind)) == device


def test_a_library_without_one_is_for_the_processor(tmp_path: Path) -> None:
    assert device_of(library(tmp_path, PROGRAM)) == "cpu"


def test_a_devices_name_in_a_text_is_no_module(tmp_path: Path) -> None:
    texts = b"vulkan cuda " + struct.pack("<Q", 4) + b"cuda" + struct.pack("<Q", 1 << 40)
    assert device_of(library(tmp_path, PROGRAM, padding=texts)) == "cpu"


@pytest.mark.parametrize("data", [b"", b"MZ", b"\x7fELF" + b"cuda" * 9, struct.pack("<Q", 18)])
def test_nothing_is_said_of_a_file_that_is_no_model_library(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.so"
    path.write_bytes(data)
    assert device_of(str(path)) == ""
    assert fitting_device("cuda", [str(path), "mock://echo", None]) == "cuda"


def test_auto_is_the_librarys_own_device(tmp_path: Path) -> None:
    assert fitting_device("auto", [library(tmp_path, PROGRAM)]) == "cpu"
    assert fitting_device("auto", [library(tmp_path, PROGRAM, "vulkan")]) == "vulkan"
    assert fitting_device("auto", [None]) == "auto"


@pytest.mark.parametrize("device", ["cpu", "cpu:0", "llvm"])
def test_another_device_is_refused_with_what_to_use(tmp_path: Path, device: str) -> None:
    made = library(tmp_path, PROGRAM, "vulkan")
    with pytest.raises(LibraryDeviceError, match="was compiled for vulkan") as refused:
        fitting_device(device, [made])
    assert "\n" not in str(refused.value)
    assert "--device vulkan" in str(refused.value)


def test_two_models_that_go_together_share_a_device(tmp_path: Path) -> None:
    first = library(tmp_path, PROGRAM, "cuda")
    second = library(tmp_path, PROGRAM, name="draft.so")
    with pytest.raises(LibraryDeviceError, match=r"draft\.so was compiled for cpu"):
        fitting_device("auto", [first, second])
    assert fitting_device("cuda:1", [first, None]) == "cuda:1"
