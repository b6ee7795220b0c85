from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.builder.project import Project, read_project
from mlcbuild.builder.provider import (
    POLICY,
    as_config_settings,
    overrides,
    policy_table,
)
from mlcbuild.errors import InputError, UsageError
from packaging.specifiers import SpecifierSet
from scikit_build_core.settings.skbuild_read_settings import SettingsReader

if TYPE_CHECKING:
    from pathlib import Path


def test_the_provider_is_inert_without_the_table_or_without_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in (None, '[project]\nname = "x"\n[tool.scikit-build]\n[tool.other]\n'):
        if text:
            (tmp_path / "pyproject.toml").write_text(text)
        for state in ("sdist", "wheel", "editable", "metadata_wheel", "metadata_editable"):
            assert overrides(state=state, env={}) == {}


def test_only_states_that_build_get_the_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.mlcbuild]\n")
    assert overrides(state="sdist", env={}) == {}
    assert overrides(state="wheel", env={})["cmake"]["build-type"] == "Release"
    assert (
        overrides(state="editable", env={"MLCBUILD_CONFIGURATION": "Debug"})["cmake"]["define"][
            "MLCBUILD_CONFIGURATION"
        ]
        == "Debug"
    )


@pytest.mark.parametrize(
    ("declared", "lists", "expected"),
    [
        ({}, "cmake_minimum_required(VERSION 3.15...4.0)", ">=3.15,>=3.25"),
        ({}, "  CMAKE_MINIMUM_REQUIRED ( VERSION 3.30.1 )", ">=3.30.1,>=3.25"),
        ({}, "", ">=3.25"),
        ({"version": ">=3.15,<4"}, "cmake_minimum_required(VERSION 3.30)", ">=3.15,<4,>=3.25"),
        ({"version": "CMakeLists.txt"}, "cmake_minimum_required(VERSION 3.26)", ">=3.26,>=3.25"),
    ],
)
def test_a_cmake_that_would_ignore_the_policy_is_never_taken(
    tmp_path: Path, declared: dict[str, str], lists: str, expected: str
) -> None:
    (tmp_path / "CMakeLists.txt").write_text(lists)
    project = Project(name="demo", scikit_build={"cmake": declared})
    version = policy_table(tmp_path, project, env={})["cmake"]["version"]
    assert version == expected
    assert not SpecifierSet(version).contains("3.24")


def test_an_unknown_configuration_or_a_makefile_generator_is_wrong_use(tmp_path: Path) -> None:
    project = Project(name="demo")
    with pytest.raises(UsageError, match="use Release or Debug"):
        policy_table(tmp_path, project, env={"MLCBUILD_CONFIGURATION": "release"})
    with pytest.raises(UsageError, match="is a single-config generator"):
        policy_table(tmp_path, project, env={"CMAKE_GENERATOR": "Unix Makefiles"})


def test_flattened_settings_mean_the_same_to_scikit_build_core(tmp_path: Path) -> None:
    project = Project(name="demo", scikit_build={"install": {"components": ["a", "b"]}})
    table = policy_table(tmp_path, project, env={})
    reader = SettingsReader(
        {"project": {"name": "demo", "version": "1"}},
        as_config_settings(table),
        state="wheel",
        env={"SKBUILD_NO_ENTRYPOINT_CONFIG": "1"},
    )
    cmake = reader.settings.cmake
    assert cmake.build_type == "Release"
    assert str(cmake.version) == ">=3.25"
    assert cmake.define["CMAKE_PROJECT_TOP_LEVEL_INCLUDES"] == POLICY.as_posix()
    assert cmake.define["MLCBUILD_LAST_COMPONENT"] == "b"
    assert reader.settings.wheel.reproducible is True
    assert reader.settings.install.strip is True


def test_what_a_project_declares_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "Demo"\ndependencies = ["Foo_Bar[x]>=1; python_version>\'3\'", "baz"]\n'
        '[tool.mlcbuild.build]\ncompanions = { "Foo.Bar" = ["foo"] }\nstamp-dir = "d"\n'
        'system-libraries = ["cuda"]\nkeep-debug-info = true\n'
    )
    project = read_project(tmp_path)
    assert project.opted_in
    assert project.requires == {"foo-bar", "baz"}
    assert project.companions == {"foo-bar": ("foo",)}
    assert (project.stamp_dir, project.system_libraries) == ("d", ("cuda",))
    assert project.keep_debug_info


def test_dynamic_dependencies_are_not_known(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndynamic = ["dependencies"]\n[tool.mlcbuild]\n'
    )
    assert read_project(tmp_path).requires is None


@pytest.mark.parametrize(
    "line",
    [
        'companions = ["x"]',
        "companions = { x = 1 }",
        "system-libraries = [1]",
        "stamp-dir = 1",
        'keep-debug-info = "yes"',
        "stamp_dir = 'x'",
    ],
)
def test_a_key_of_the_wrong_name_or_type_is_wrong_use(tmp_path: Path, line: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.mlcbuild.build]\n{line}\n")
    with pytest.raises(UsageError, match=r"^\[tool.mlcbuild.build\] "):
        read_project(tmp_path)


@pytest.mark.parametrize("data", [b"[tool", b"\xff\xfe[", b"tool = 1\n", b"[tool]\nmlcbuild = 3\n"])
def test_a_damaged_pyproject_is_one_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(data)
    with pytest.raises((InputError, UsageError)):
        read_project(tmp_path)
