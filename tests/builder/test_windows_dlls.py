from __future__ import annotations

import pytest
from mlcbuild.builder.provided import is_system_dll


@pytest.mark.parametrize(
    "name",
    [
        "KERNEL32.dll",
        "msvcrt.dll",
        "WS2_32.dll",
        "ucrtbase.dll",
        "MSVCP140.dll",
        "VCRUNTIME140_1.dll",
        "python3.dll",
        "python314t.dll",
        "api-ms-win-crt-runtime-l1-1-0.dll",
        "mf.dll",
    ],
)
def test_what_windows_python_or_the_redistributable_brings_need_not_be_in_the_wheel(
    name: str,
) -> None:
    assert is_system_dll(name, "x86_64")


@pytest.mark.parametrize(
    "name",
    [
        "nvcuda.dll",
        "vulkan-1.dll",
        "VCRUNTIME140D.dll",
        "msvcr120.dll",
        "libstdc++-6.dll",
        "tvm_ffi.dll",
        "api-ms-win-no-such-thing-l1-1-0.dll",
    ],
)
def test_what_a_machine_may_lack_is_not_taken_for_granted(name: str) -> None:
    assert not is_system_dll(name, "x86_64")
