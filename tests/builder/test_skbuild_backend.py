"""The same policy by way of the backend: no entry point, any Python."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from demoproject import CMAKELISTS, PYPROJECT
from mlcbuild import skbuild
from mlcbuild.stamp import read_stamp

if TYPE_CHECKING:
    from demoproject import Project

BACKEND = "mlcbuild.skbuild"
OFF = {"SKBUILD_NO_ENTRYPOINT_CONFIG": "1"}


def test_the_backend_stamps_a_wheel_without_any_entry_point(project: Project) -> None:
    run = project.build_wheel(backend=BACKEND, **OFF)
    assert run.code == 0, run.text
    (wheel,) = project.wheels()
    with zipfile.ZipFile(wheel) as archive:
        assert read_stamp(archive.read("demo/_build.json")).configuration == "Release"


@pytest.mark.slow
def test_both_ways_give_the_same_wheel(project: Project) -> None:
    wheels = []
    for backend, env in ((BACKEND, OFF), (BACKEND, {}), ("scikit_build_core.build", {})):
        assert project.build_wheel(backend=backend, **env).code == 0
        (wheel,) = project.wheels()
        wheels.append(wheel.read_bytes())
        wheel.unlink()
    assert wheels[0] == wheels[1] == wheels[2]


def test_an_editable_debug_build_works_and_a_debug_wheel_does_not(project: Project) -> None:
    debug = {**OFF, "MLCBUILD_CONFIGURATION": "Debug"}
    assert "error[not-release]" in project.build_wheel(backend=BACKEND, **debug).text
    assert project.wheels() == []
    run = project.build_wheel("build_editable", backend=BACKEND, **debug)
    assert run.code == 0, run.text


def test_a_users_settings_of_one_build_win(project: Project) -> None:
    lists = CMAKELISTS + 'message(STATUS "components <${MLCBUILD_LAST_COMPONENT}> ${MINE}")\n'
    project.write("CMakeLists.txt", lists)
    settings = "{'cmake.define.MLCBUILD_LAST_COMPONENT': 'x', 'cmake.define.MINE': 'y'}"
    run = project.build_wheel(backend=BACKEND, settings=settings, **OFF)
    assert run.code == 0, run.text
    assert "components <x> y" in run.text


def test_a_project_whose_sources_lie_above_it_has_no_sdist(project: Project) -> None:
    table = '\n[tool.mlcbuild.build]\nlock = "{}"\n'
    project.write("pyproject.toml", PYPROJECT + table.format("../sources.toml"))
    run = project.build_wheel("build_sdist", backend=BACKEND, **OFF)
    assert run.code != 0
    assert "cannot make an sdist of" in run.text
    assert "(../sources.toml)" in run.text
    assert list((project.folder / "dist").glob("*")) == []
    project.write("pyproject.toml", PYPROJECT + table.format("sources.toml"))
    assert project.build_wheel("build_sdist", backend=BACKEND, **OFF).code == 0
    assert [path.suffix for path in (project.folder / "dist").glob("*")] == [".gz"]


def test_without_the_table_it_is_scikit_build_core_as_it_is(project: Project) -> None:
    project.write("pyproject.toml", PYPROJECT)
    assert project.build_wheel(backend=BACKEND, **OFF).code == 0
    with zipfile.ZipFile(project.wheels()[0]) as archive:
        assert "demo/_build.json" not in archive.namelist()


def test_wrong_use_is_one_line(project: Project) -> None:
    run = project.build_wheel(backend=BACKEND, CMAKE_GENERATOR="Unix Makefiles", **OFF)
    assert run.code != 0
    assert run.text.startswith("mlcbuild: error: CMAKE_GENERATOR=Unix Makefiles")
    assert run.text.count("\n") == 1


def test_the_backend_has_every_hook(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)
    assert all(callable(getattr(skbuild, name)) for name in skbuild.__all__)
    for hook in (skbuild.get_requires_for_build_wheel, skbuild.get_requires_for_build_editable):
        assert all(isinstance(requirement, str) for requirement in hook())
    for name in ("wheel", "editable"):
        folder = project.folder / f"metadata-{name}"
        folder.mkdir()
        made = getattr(skbuild, f"prepare_metadata_for_build_{name}")(str(folder))
        assert (folder / made / "METADATA").is_file()
    (project.folder / "sdist").mkdir()
    assert skbuild.build_sdist(str(project.folder / "sdist")) == "demo-1.0.tar.gz"
