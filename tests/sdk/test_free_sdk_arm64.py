"""The free SDK for ARM64: a C++ program and a DLL link. There is nothing here to run them on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.check import check
from mlcbuild.check.settings import Settings
from mlcbuild.pe.reader import read_image
from test_free_sdk import PROGRAM, build

if TYPE_CHECKING:
    from mlcbuild.llvm import Llvm
    from mlcbuild.sdk.windows_sdk import WindowsSdk

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def test_a_cpp_program_links_for_arm64_and_check_says_that_it_loads(
    llvm: Llvm, arm64_sdk: WindowsSdk, tmp_path: Path
) -> None:
    program = build(llvm, arm64_sdk, tmp_path, PROGRAM, "/subsystem:console")
    image = read_image(program.read_bytes(), path="x.exe")
    assert image.machine == "arm64"
    names = {dll.name.casefold() for dll in image.imports}
    assert {"msvcp140.dll", "vcruntime140.dll", "kernel32.dll"} <= names
    assert "vcruntime140_1.dll" not in names
    (target,) = check([str(program)], Settings()).targets
    assert [module.load.verdict for module in target.modules] == ["loads"]
    assert not [finding for finding in target.findings if finding.severity == "error"]


def test_a_dll_with_statics_and_large_frames_links_for_arm64(
    llvm: Llvm, arm64_sdk: WindowsSdk, tmp_path: Path
) -> None:
    source = """\
#include <string>
#include <typeinfo>
struct A { virtual ~A() {} };
extern "C" __declspec(dllexport) int f(A* a, int n) {
  static std::string kept = typeid(*a).name();
  thread_local std::string own;
  volatile char large[100000];
  large[n] = 1;
  own += kept;
  return large[n] + (int)own.size();
}
"""
    image = build(llvm, arm64_sdk, tmp_path, source, "/dll")
    assert read_image(image.read_bytes(), path="x.dll").machine == "arm64"
