"""Editable installs, build trees of every kind, a source tree on PYTHONPATH."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from mlc_llm._locator import Host
from mlc_llm._locator.choose import choose
from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.places import runtime_folder
from pefactory import make_pe
from windowsinstall import mark_as_ours

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Install

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the libraries here are ELF files")
WINDOWS = Host("windows", "x86_64")
FOUND = "import mlc_llm; print(mlc_llm.LIB_PATH)"


@dataclass(frozen=True)
class Editable:
    """An editable install: Python files in ``source``, libraries in ``site`` and in its builds."""

    install: Install
    source: Path

    def build(self, configuration: str, *, ago: int) -> Path:
        """Build ``ago`` seconds ago, in the folder of that configuration; return the library."""
        suffix = "" if configuration == "Release" else f"-{configuration.lower()}"
        tree = self.source / "build" / f"linux_x86_64{suffix}"
        out = tree / "out"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(self.install.site / "mlc_llm" / "lib", out)
        (tree / "CMakeCache.txt").write_text(f"CMAKE_CONFIGURATION_TYPES:STRING={configuration}\n")
        age(out / "libmlc_llm.so", ago)
        return out / "libmlc_llm.so"

    def found(self, **environment: str) -> tuple[str, str]:
        """Return the library that an import takes, and what it said."""
        start = str(self.package / "__init__.py")
        finder = (
            "import importlib.util, sys\n"
            f"spec = importlib.util.spec_from_file_location('mlc_llm', {start!r},"
            f" submodule_search_locations=[{str(self.package)!r}])\n"
            "mlc_llm = importlib.util.module_from_spec(spec); sys.modules['mlc_llm'] = mlc_llm\n"
            "spec.loader.exec_module(mlc_llm); print(mlc_llm.LIB_PATH)\n"
        )
        done = self.install.python("-c", finder, **environment)
        return done.stdout.strip(), done.stderr

    @property
    def package(self) -> Path:
        return self.source / "python" / "mlc_llm"

    @property
    def installed(self) -> Path:
        return self.install.lib / "libmlc_llm.so"

    @property
    def code(self) -> Path:
        return self.source / "cpp" / "engine.cc"


def age(path: Path, seconds: int) -> None:
    """Date a file ``seconds`` before now."""
    when = path.stat().st_ctime - seconds
    os.utime(path, (when, when))


@pytest.fixture
def editable(install: Install) -> Editable:
    source = install.site.parent / "source tree"
    result = Editable(install, source)
    shutil.copytree(
        install.site / "mlc_llm",
        result.package,
        ignore=shutil.ignore_patterns("lib", "_build.json"),
    )
    for path in (install.site / "mlc_llm").iterdir():
        if path.name != "lib":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    result.code.parent.mkdir()
    for path in (result.code, source / "CMakeLists.txt"):
        path.write_text("")
        age(path, 7200)
    age(result.installed, 3600)
    info = install.site / "mlc_llm-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: mlc-llm\nVersion: 9.9\nRequires-Dist: apache-tvm==0.26.0\n"
    )
    (info / "RECORD").write_text("mlc_llm/lib/libmlc_llm.so,,\n")
    origin = {"url": source.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    return result


@LINUX
def test_an_editable_install_takes_the_libraries_it_recorded(editable: Editable) -> None:
    assert editable.found() == (str(editable.installed), "")


@LINUX
def test_a_release_just_built_is_taken(editable: Editable) -> None:
    release = editable.build("Release", ago=60)

    assert editable.found() == (str(release), "")


@LINUX
def test_a_debug_just_built_leaves_release_in_place_and_it_is_said(editable: Editable) -> None:
    release = editable.build("Release", ago=120)
    debug = editable.build("Debug", ago=60)

    found, said = editable.found()

    assert found == str(release)
    assert f"{debug} is newer and is not taken: it is a Debug build" in said


@LINUX
@pytest.mark.parametrize("rebuilt", [False, True])
def test_sources_edited_after_the_build_are_said(editable: Editable, *, rebuilt: bool) -> None:
    wanted = editable.build("Release", ago=120) if rebuilt else editable.installed
    age(editable.code, 30)

    found, said = editable.found()

    assert found == str(wanted)
    assert f"older than {editable.code}: build again" in said


@LINUX
def test_a_debug_build_alone_is_refused_or_taken_on_demand(editable: Editable) -> None:
    debug = editable.build("Debug", ago=60)
    shutil.rmtree(editable.install.lib)

    refused = editable.found()
    found, said = editable.found(MLC_ALLOW_DEBUG="1")

    assert refused[0] == ""
    assert "debug-build" in refused[1]
    assert found == str(debug)
    assert "a Debug build" in said


@LINUX
def test_a_source_tree_on_pythonpath_needs_no_install(editable: Editable) -> None:
    release = editable.build("Release", ago=60)
    shutil.rmtree(editable.install.site / "mlc_llm")
    shutil.rmtree(editable.install.site / "mlc_llm-9.9.dist-info")
    path = os.pathsep.join([str(editable.package.parent), str(editable.install.site)])

    done = editable.install.python("-c", FOUND, PYTHONPATH=path)
    elsewhere = editable.source.parent / "another source"
    editable.source.rename(elsewhere)
    shutil.copytree(elsewhere / "python", editable.source / "python")
    named = editable.install.python("-c", FOUND, PYTHONPATH=path, MLC_LLM_SOURCE_DIR=str(elsewhere))

    assert done.stdout.strip() == str(release), done.stderr
    assert named.stdout.strip() == str(elsewhere / release.relative_to(editable.source))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "python" / "mlc_llm"
    folder.mkdir(parents=True)
    return folder


def put(path: Path, *, needs: str = "api-ms-win-crt-heap-l1-1-0.dll") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_pe(imports={needs: ["f"]}))
    return mark_as_ours(path)


@pytest.mark.parametrize(
    ("library", "runtime"),
    [
        ("build/win-amd64/out/mlc_llm.dll", "build/win-amd64/out"),
        ("build/Release/mlc_llm.dll", "build/lib"),
        ("build/Release/mlc_llm_module.dll", "build/lib/Release"),
        ("build/mlc_llm.dll", "build/lib"),
        ("build/mlc_llm.dll", "build/tvm"),
        ("build/RelWithDebInfo/mlc_llm.dll", "build/RelWithDebInfo"),
        ("build/bin/Release/mlc_llm.dll", "build/bin/Release"),
        ("build-vs/lib/Release/mlc_llm.dll", "build-vs/lib/Release"),
        ("cmake-build-release/mlc_llm.dll", "cmake-build-release"),
        ("out/build/x64-Release/mlc_llm.dll", "out/build/x64-Release"),
    ],
)
def test_every_layout_of_a_build_is_known_with_its_runtime(
    package: Path, library: str, runtime: str
) -> None:
    source = package.parents[1]
    wanted = put(source / library)
    put(source / runtime / "tvm_runtime.dll")
    if library.startswith("build/win-amd64"):
        (source / "build/win-amd64/CMakeCache.txt").write_text("")

    found = choose("mlc_llm", WINDOWS, {"MLC_LLM_SOURCE_DIR": str(source)}, package=str(package))

    assert found.path == str(wanted)
    assert runtime_folder(found.path, WINDOWS) == str(source / runtime)


def test_the_variable_may_name_a_whole_build_tree(package: Path) -> None:
    tree = package.parents[1] / "build"
    put(tree / "Debug" / "mlc_llm.dll", needs="MSVCP140D.dll")
    release = put(tree / "Release" / "mlc_llm.dll")

    found = choose("mlc_llm", WINDOWS, {"MLC_LIBRARY_PATH": str(tree)}, package=str(package))

    assert found.path == str(release)


def test_a_copy_from_other_sources_that_the_variable_names_is_an_error(package: Path) -> None:
    stamp = {"sources": [{"name": "mlc-llm", "commit": "aaaa"}]}
    (package / "_build.json").write_text(json.dumps(stamp))
    old = put(package.parents[1] / "old" / "mlc_llm.dll")
    stamp["sources"][0]["commit"] = "bbbb"
    (old.parent / "_build.json").write_text(json.dumps(stamp))

    with pytest.raises(LibraryLoadError) as caught:
        choose("mlc_llm", WINDOWS, {"MLC_LIBRARY_PATH": str(old)}, package=str(package))

    assert caught.value.cause == "stamp-mismatch"
    assert "built from mlc-llm bbbb, this package is from aaaa" in str(caught.value)


@pytest.mark.parametrize(
    "stamp",
    ["", "[]", "{", '{"sources": 3, "files": {"a": 1}}', '{"sources": [1], "files": [2]}', "null"],
)
def test_a_malformed_stamp_is_as_good_as_none(package: Path, stamp: str) -> None:
    library = put(package / "lib" / "mlc_llm.dll")
    (package / "_build.json").write_text(stamp)

    assert choose("mlc_llm", WINDOWS, {}, package=str(package)).path == str(library)


@LINUX
def test_a_malformed_stamp_does_not_stop_the_answer(install: Install) -> None:
    (install.site / "mlc_llm" / "_build.json").write_text('{"configuration": 1, "sources": [2]}')

    done = install.python("-m", "mlc_llm.libinfo")

    assert done.returncode == 0, done.stderr
    assert "built: 1, None" in done.stdout
