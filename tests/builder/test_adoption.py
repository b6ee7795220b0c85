"""A project that opts in keeps working, or is told in one sentence why not."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from demoproject import CMAKELISTS, PYPROJECT
from mlcbuild.builder.project import default_stamp_folder, package_folder
from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from demoproject import Project

TABLE = "[tool.mlcbuild.build]\n"
BACKENDS = ("mlcbuild.skbuild", "scikit_build_core.build")


def stamps(project: Project) -> list[str]:
    run = project.build_wheel()
    assert run.code == 0, run.text
    (wheel,) = project.wheels()
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if name.endswith("_build.json")]


@pytest.mark.parametrize("named", ["..", "../x", "/etc", "C:/x", "a\\b", "", "a//b", "a b", "."])
def test_a_stamp_dir_outside_the_wheel_is_wrong_use(named: str) -> None:
    with pytest.raises(UsageError, match="is not a package of the wheel"):
        package_folder(named, named)


def test_dots_and_slashes_of_a_stamp_dir_are_folders() -> None:
    assert package_folder("acme.fast", "") == package_folder("acme/fast/", "") == "acme/fast"


@pytest.mark.parametrize(
    ("natives", "packages", "expected"),
    [
        (["acme/fast/_a.so", "acme/fast/_b.so"], [], "acme/fast"),
        (["acme/fast/_a.so", "acme/geo/_b.so"], [], "acme"),
        (["other/_a.so"], ["acme"], "acme"),
        (["acme/_a.so", "geo/_b.so"], ["acme", "geo"], "geo_kit.stamp"),
        (["_fast.so"], [], "geo_kit.stamp"),
        (["_fast.so", "acme/_a.so", "geo_kit-1.data/scripts/x"], [], "geo_kit.stamp"),
    ],
)
def test_the_default_place_of_a_stamp_invents_no_package(
    tmp_path: Path, natives: list[str], packages: list[str], expected: str
) -> None:
    for name in packages:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    found = {name: tmp_path / name for name in packages}
    assert default_stamp_folder(natives, found, "geo-kit") == expected


def test_a_namespace_is_shared_and_carries_no_stamp_of_one_distribution(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    found = {"acme": tmp_path / "acme"}
    assert default_stamp_folder(["acme/fast/_a.so"], found, "acme-fast") == "acme/fast"


def test_a_module_in_no_package_is_stamped_beside_it(project: Project) -> None:
    (project.folder / "src/demo/__init__.py").unlink()
    project.write("CMakeLists.txt", CMAKELISTS.replace("DESTINATION demo", "DESTINATION ."))
    assert stamps(project) == ["demo.stamp/_build.json"]


def test_a_stamp_dir_that_the_wheel_has_not_is_refused(project: Project) -> None:
    project.write("pyproject.toml", PYPROJECT + TABLE + 'stamp-dir = "geo_kit"\n')
    run = project.build_wheel()
    assert run.code != 0
    assert "the wheel has no package geo_kit, which stamp-dir names" in run.text
    assert project.wheels() == []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("where", ["table", "setting"])
def test_another_build_type_is_refused_with_the_same_sentence(
    project: Project, backend: str, where: str
) -> None:
    settings = "{}"
    if where == "table":
        text = PYPROJECT + 'cmake.build-type = "RelWithDebInfo"\n' + TABLE
        project.write("pyproject.toml", text)
    else:
        settings = "{'cmake.build-type': 'RelWithDebInfo'}"
    run = project.build_wheel(settings=settings, backend=backend)
    assert run.code != 0
    told = " ".join(run.text.split())
    assert "cmake.build-type=RelWithDebInfo: the policy builds Release" in told
    assert "Traceback" not in run.text
    assert project.wheels() == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_editable_install_in_place_is_refused(project: Project, backend: str) -> None:
    project.write("pyproject.toml", PYPROJECT + 'editable.mode = "inplace"\n' + TABLE)
    run = project.build_wheel("build_editable", backend=backend)
    assert run.code != 0
    assert 'editable.mode = "inplace" installs nothing' in " ".join(run.text.split())
    assert project.wheels() == []
