from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mlcbuild.check.settings import Settings, settings_from
from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def from_table(tmp_path: Path, table: str, **options: Any) -> Settings:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(f"[tool.mlcbuild.check]\n{table}\n", encoding="utf-8")
    return settings_from(options, pyproject)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert settings_from({}, tmp_path / "pyproject.toml") == Settings()


def test_the_table_gives_defaults(tmp_path: Path) -> None:
    settings = from_table(
        tmp_path,
        'with = ["a.whl"]\nadd-dir = ["libs"]\nmsvcp140 = "14.29.30133"\n'
        'ignore = ["mutex-abi"]\nstrict = true\nwith-deps = true\nformat = "json"',
    )
    assert settings.companions == ("a.whl",)
    assert settings.add_dirs == ("libs",)
    assert settings.msvcp140_version == (14, 29, 30133)
    assert settings.ignore == ("mutex-abi",)
    assert (settings.strict, settings.with_deps, settings.format) == (True, True, "json")


def test_lists_of_the_command_line_add_and_single_values_override(tmp_path: Path) -> None:
    settings = from_table(
        tmp_path,
        'ignore = ["mutex-abi"]\nmsvcp140 = "14.29"',
        ignore=["missing-dll"],
        msvcp140="14.44",
        strict=None,
    )
    assert settings.ignore == ("mutex-abi", "missing-dll")
    assert settings.msvcp140 == "14.44"
    assert settings.strict is False


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('ingore = ["x"]', "no key ingore"),
        ('companions = ["x"]', "no key companions"),
        ('ignore = "mutex-abi"', "a list of strings"),
        ("ignore = [1]", "a list of strings"),
        ('strict = "yes"', "true or false"),
        ("msvcp140 = 14.29", "a string"),
        ('msvcp140 = "new"', "14.29 or none"),
        ('ignore = ["mutex"]', "no such rule: mutex"),
        ('ignore = ["mutex:*.dll"]', "no such rule"),
        ('format = "xml"', "no such format"),
        ("strict = ", "not valid"),
    ],
)
def test_a_wrong_table_is_wrong_use_in_one_line(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        from_table(tmp_path, table)


@pytest.mark.parametrize("content", ["[tool]\nmlcbuild = 1", "[tool.mlcbuild]\ncheck = 2"])
def test_a_table_of_another_shape_is_wrong_use(tmp_path: Path, content: str) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError):
        settings_from({}, pyproject)


def test_none_means_a_machine_without_the_runtime() -> None:
    settings = Settings(msvcp140="none")
    assert settings.msvcp140_version is None
