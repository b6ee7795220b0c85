from __future__ import annotations

import json

import pytest
from mlcbuild.build.toolchain import NINJA, Machine, VisualStudio, choose, read_vswhere
from mlcbuild.errors import InputError, UsageError

VS2026 = VisualStudio(major=18, version="18.0.11205.157")
VS2022 = VisualStudio(major=17, version="17.14.36301.6")


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_other_systems_get_ninja_with_named_configurations(platform: str) -> None:
    assert choose(Machine(platform=platform)).generator == NINJA


@pytest.mark.parametrize(
    ("cmake", "expected"),
    [
        ((4, 2), "Visual Studio 18 2026"),
        (None, "Visual Studio 18 2026"),
        ((4, 1), "Visual Studio 17 2022"),
        ((3, 26), "Visual Studio 17 2022"),
    ],
)
def test_windows_gets_the_newest_visual_studio_that_cmake_knows(
    cmake: tuple[int, int] | None, expected: str
) -> None:
    machine = Machine(platform="win32", cmake=cmake, visual_studios=(VS2022, VS2026))
    assert choose(machine).generator == expected


def test_a_preview_is_taken_only_where_there_is_nothing_stable() -> None:
    preview = VisualStudio(major=18, version="18.1.0", prerelease=True)
    both = Machine(platform="win32", cmake=(4, 2), visual_studios=(preview, VS2022))
    assert choose(both).generator == "Visual Studio 17 2022"
    alone = Machine(platform="win32", cmake=(4, 2), visual_studios=(preview,))
    assert choose(alone).generator == "Visual Studio 18 2026"


def test_a_cmake_too_old_for_the_only_visual_studio_is_told_so() -> None:
    machine = Machine(platform="win32", cmake=(3, 31), visual_studios=(VS2026,))
    with pytest.raises(UsageError, match=r"needs CMake 4\.2, here is 3\.31"):
        choose(machine)
    prompt = Machine(
        platform="win32", cmake=(3, 31), visual_studios=(VS2026,), msvc_environment=True
    )
    assert choose(prompt).generator == NINJA


def test_windows_without_a_compiler_says_what_to_install() -> None:
    with pytest.raises(UsageError, match="install the Build Tools"):
        choose(Machine(platform="win32", cmake=(4, 2)))


def test_the_users_single_configuration_generator_is_replaced_by_its_twin_or_refused() -> None:
    assert choose(Machine(platform="linux", wanted="Ninja")).generator == NINJA
    assert choose(Machine(platform="win32", wanted="Visual Studio 17 2022")).generator == (
        "Visual Studio 17 2022"
    )
    for generator in ("Unix Makefiles", "NMake Makefiles", "MinGW Makefiles"):
        with pytest.raises(UsageError, match="one unnamed configuration"):
            choose(Machine(platform="linux", wanted=generator))


def test_vswhere_is_read_with_and_without_a_byte_order_mark() -> None:
    answer = [
        {"instanceId": "a", "installationVersion": VS2026.version, "displayName": "Ünï"},
        {"instanceId": "b", "installationVersion": VS2022.version, "isPrerelease": False},
        {"instanceId": "c", "installationVersion": "17.1.2", "isComplete": False},
    ]
    data = json.dumps(answer, ensure_ascii=False).encode()
    assert read_vswhere(data) == (VS2026, VS2022)
    assert read_vswhere(b"\xef\xbb\xbf" + data) == (VS2026, VS2022)
    assert read_vswhere(b"[]") == ()


@pytest.mark.parametrize("data", [b"", b"Error 0x57", b'{"a": 1}', b'[{"x": 1}]', b"\xff\xff"])
def test_a_broken_vswhere_answer_is_one_input_error(data: bytes) -> None:
    with pytest.raises(InputError, match="vswhere"):
        read_vswhere(data)
