from __future__ import annotations

from pathlib import Path

import pytest
from mlcbuild.builder.options import SETTINGS, parse
from mlcbuild.errors import UsageError


def test_nothing_given_means_a_release_build_for_the_cpu() -> None:
    options = parse(None, env={})
    assert options.devices == ("cpu",)
    assert options.configuration == "Release"
    assert options.jobs == 0
    assert not options.offline
    assert options.mirror is None
    assert options.rest == {}


@pytest.mark.parametrize(
    "given", ["vulkan,cuda", "cuda; vulkan", ["vulkan", "cuda"], "CUDA,Vulkan,cpu"]
)
def test_devices_come_in_any_spelling_and_one_order(given: str | list[str]) -> None:
    assert parse({"device": given}, env={}).devices == ("cpu", "cuda", "vulkan")


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"device": "voodoo"}, "voodoo"),
        ({"jobs": "0"}, "jobs=0"),
        ({"jobs": "many"}, "jobs=many"),
        ({"offline": "perhaps"}, "offline=perhaps"),
        ({"configuration": "RelWithDebInfo"}, "RelWithDebInfo"),
    ],
)
def test_a_value_that_is_not_understood_is_named_with_what_is(
    settings: dict[str, str | list[str]], word: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse(settings, env={})
    assert word in str(caught.value)
    assert caught.value.remedy
    assert caught.value.exit_code == 2


def test_debug_is_built_only_by_name() -> None:
    assert parse({"configuration": "debug"}, env={}).configuration == "Debug"


def test_the_mirror_may_come_from_the_environment_and_the_setting_wins() -> None:
    env = {"MLCBUILD_MIRROR": "/a"}
    assert parse(None, env=env).mirror == Path("/a")
    assert parse({"mirror": "/b"}, env=env).mirror == Path("/b")


def test_what_is_not_ours_goes_to_scikit_build_core() -> None:
    given = {"jobs": "2", "cmake.define.X": "1"}
    assert parse(given, env={}).rest == {"cmake.define.X": "1"}


def test_every_setting_is_described_for_the_documentation() -> None:
    for setting in SETTINGS:
        assert setting.values
        assert setting.default
        assert setting.meaning.endswith(".")
