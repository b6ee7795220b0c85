"""``DependentLoadFlags``: which folders an image's own imports are searched in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.loader import predict, world_from_package
from pefactory import make_pe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlcbuild.loader import Load

#: LOAD_LIBRARY_SAFE_CURRENT_DIRS, as oneTBB's DLLs have it since 2021.12.
SAFE_CURRENT = 0x2000
ADDS = {"pkg/__init__.py": b"import os\nos.add_dll_directory(root + '/pkg.libs')\n"}


def load(files: Mapping[str, bytes], path: str = "pkg/user.pyd") -> Load:
    package = MemoryPackage(files, kind="wheel", wheel=wheel("cp311-cp311-win_amd64"))
    return predict(world_from_package(package), path)


def vendored(flags: int, *own: str) -> dict[str, bytes]:
    """Return a module whose DLL in an added folder needs another one there."""
    return ADDS | {
        "pkg/user.pyd": make_pe(imports={name: ["f"] for name in ("tbb12.dll", *own)}),
        "pkg.libs/tbb12.dll": make_pe(
            exports=["f"], imports={"leaf.dll": ["f"]}, dependent_load_flags=flags
        ),
        "pkg.libs/leaf.dll": make_pe(exports=["f"]),
    }


@pytest.mark.parametrize("flags", [SAFE_CURRENT, 0x8, 0x2, 0xE0FF])
def test_flags_without_a_search_bit_leave_the_added_folders_out(flags: Any) -> None:
    answer = load(vendored(flags))
    assert (answer.verdict, answer.winerror, answer.cause) == ("fails", 126, "load-flags")
    assert answer.chain == ("pkg/user.pyd", "tbb12.dll", "leaf.dll")
    assert f"DependentLoadFlags of tbb12.dll ({flags:#x})" in answer.reason


@pytest.mark.parametrize("flags", [0, 0x1000, 0x400, SAFE_CURRENT | 0x1000, SAFE_CURRENT | 0x100])
def test_flags_that_name_the_folder_find_it(flags: Any) -> None:
    assert load(vendored(flags)).verdict == "loads"


def test_what_another_image_loads_is_in_the_process_by_its_name() -> None:
    answer = load(vendored(SAFE_CURRENT, "leaf.dll"))
    assert (answer.verdict, answer.cause) == ("may-fail", "load-flags")


def test_the_images_own_folder_is_left_to_path() -> None:
    files = {
        "pkg/user.pyd": make_pe(imports={"leaf.dll": ["f"]}, dependent_load_flags=SAFE_CURRENT),
        "pkg/leaf.dll": make_pe(exports=["f"]),
    }
    answer = load(files)
    assert (answer.verdict, answer.winerror, answer.cause) == ("may-fail", 126, "load-flags")


def test_windows_and_pythons_own_are_found_whatever_the_flags() -> None:
    names = ["kernel32.dll", "vcruntime140.dll", "msvcp140.dll", "python311.dll"]
    module = make_pe(imports={name: [1] for name in names}, dependent_load_flags=SAFE_CURRENT)
    assert load({"pkg/user.pyd": module}).verdict == "loads"


def test_a_program_searches_its_own_folder() -> None:
    files = {
        "pkg/tool.exe": make_pe(
            dll=False, imports={"leaf.dll": ["f"]}, dependent_load_flags=SAFE_CURRENT
        ),
        "pkg/leaf.dll": make_pe(exports=["f"]),
    }
    assert load(files, "pkg/tool.exe").verdict == "loads"


def test_a_dll_that_is_nowhere_is_plainly_missing() -> None:
    module = make_pe(imports={"gone.dll": ["f"]}, dependent_load_flags=SAFE_CURRENT)
    assert load({"pkg/user.pyd": module}).cause == "missing-dll"
