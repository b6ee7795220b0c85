from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlcbuild.builder.unchanged import keep_objects, same_ninja

if TYPE_CHECKING:
    from pathlib import Path


def folder(tmp_path: Path, text: str) -> Path:
    build = tmp_path / "build"
    (build / "CMakeFiles").mkdir(parents=True)
    (build / "CMakeFiles" / "object.o").write_bytes(b"compiled")
    (build / "CMakeCache.txt").write_text("Ninja is in the old environment", encoding="utf-8")
    (build / ".skbuild-info.json").write_text(text, encoding="utf-8")
    return build


def test_objects_outlive_a_moved_environment_and_the_cache_does_not(tmp_path: Path) -> None:
    old = {"source_dir": "/src", "skbuild_path": "/old/scikit_build_core"}
    build = folder(tmp_path, json.dumps(old))
    assert keep_objects(build, tmp_path / "new")
    assert (build / "CMakeFiles" / "object.o").exists()
    assert not (build / "CMakeCache.txt").exists()
    record = json.loads((build / ".skbuild-info.json").read_text(encoding="utf-8"))
    assert record == {"source_dir": "/src", "skbuild_path": str(tmp_path / "new")}


def test_the_same_environment_keeps_its_cache(tmp_path: Path) -> None:
    build = folder(tmp_path, json.dumps({"skbuild_path": str(tmp_path)}))
    assert not keep_objects(build, tmp_path)
    assert (build / "CMakeCache.txt").exists()


def test_a_damaged_record_is_left_to_scikit_build_core(tmp_path: Path) -> None:
    for number, text in enumerate(("", "[]", "{", '{"source_dir": 1}')):
        build = folder(tmp_path / str(number), text)
        assert not keep_objects(build, tmp_path)
        assert (build / "CMakeCache.txt").exists()


def test_a_first_build_has_nothing_to_keep(tmp_path: Path) -> None:
    assert not keep_objects(tmp_path, tmp_path)


def test_every_build_asks_for_the_ninja_whose_log_the_next_one_reads() -> None:
    with_system = same_ninja(["cmake>=3.26"], "Ninja Multi-Config")
    without = same_ninja(["cmake>=3.26", "ninja>=1.5"], "Ninja Multi-Config")
    assert with_system == without == ["cmake>=3.26", "ninja>=1.13,<1.14"]


def test_visual_studio_takes_no_ninja() -> None:
    assert same_ninja(["cmake>=3.26"], "Visual Studio 17 2022") == ["cmake>=3.26"]
