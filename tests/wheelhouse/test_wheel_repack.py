from __future__ import annotations

import csv
import hashlib
import zipfile
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import FailedError, InputError
from mlcbuild.package.targets import open_package
from mlcbuild.pe.reader import PeFile
from mlcbuild.wheelhouse.recipes import tvm, tvm_ffi
from mlcbuild.wheelhouse.repack import Recipe, labelled, repack, repinned
from mlcbuild.wheelhouse.wheelfile import read_wheel, with_headers, write_wheel
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from tinydll import build_dll
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.wheelhouse.wheelfile import WheelFile

RECIPE = Recipe(
    project="demo",
    version="1.0",
    drop=(r"demo/src/.*", r"demo/lib/.*"),
    folder="demo/lib",
    libraries=("ours.dll",),
    texts={"demo/note.py": "x = 1\n"},
    rename={"RUNTIME.dll": "private.dll"},
    licence="MIT AND BSD-2-Clause",
    summary="a variant",
)
PINS = {"demo": "1.0+mlcbuild.mingw", "other": "2.0+mlcbuild.mingw"}


@pytest.fixture
def upstream(tmp_path: Path) -> WheelFile:
    runtime = build_dll(tmp_path / "RUNTIME.dll", exports=["f"])
    core = build_dll(tmp_path / "core.pyd", imports={"RUNTIME.dll": ["f"]})
    files = {
        "demo/__init__.py": b"",
        "demo/core.pyd": core.read_bytes(),
        "demo/src/a.cc": b"int a;",
        "demo/lib/theirs.dll": b"MZ of the other ABI",
        "demo.libs/RUNTIME.dll": runtime.read_bytes(),
    }
    requires = ["other>=1.0", "numpy", 'other; extra == "all"']
    return read_wheel(make_wheel(tmp_path / "in", files, requires=requires))


def made(upstream: WheelFile) -> WheelFile:
    return repack(
        upstream, RECIPE, libraries={"ours.dll": b"MZ ours"}, licences={"gcc/x": b"GPL"}, pins=PINS
    )


def test_our_libraries_take_the_place_of_theirs(upstream: WheelFile) -> None:
    files = made(upstream).files
    assert files["demo/lib/ours.dll"] == b"MZ ours"
    assert "demo/lib/theirs.dll" not in files
    assert "demo/src/a.cc" not in files
    assert files["demo/note.py"] == b"x = 1\n"


def test_a_bundled_runtime_gets_a_private_name_as_file_and_where_it_is_imported(
    upstream: WheelFile,
) -> None:
    files = made(upstream).files
    assert files["demo.libs/private.dll"] == upstream.files["demo.libs/RUNTIME.dll"]
    imports = PeFile(files["demo/core.pyd"], path="x").image().imports
    assert {dll.name for dll in imports} == {"private.dll"}


def test_the_metadata_names_the_variant_and_pins_what_must_go_with_it(upstream: WheelFile) -> None:
    metadata = made(upstream).info["METADATA"].decode()
    assert "\nVersion: 1.0+mlcbuild.mingw\n" in metadata
    assert "\nRequires-Dist: other==2.0+mlcbuild.mingw\n" in metadata
    assert "\nRequires-Dist: numpy\n" in metadata
    assert "\nLicense-Expression: MIT AND BSD-2-Clause\n" in metadata
    assert "\nLicense-File: gcc/x\n" in metadata
    assert metadata.endswith("\n\nThe description.")


def test_the_written_wheel_is_whole_and_its_record_true(
    upstream: WheelFile, tmp_path: Path
) -> None:
    path = write_wheel(made(upstream), tmp_path)
    assert path.name == "demo-1.0+mlcbuild.mingw-py3-none-win_amd64.whl"
    with zipfile.ZipFile(path) as archive:
        record = archive.read("demo-1.0+mlcbuild.mingw.dist-info/RECORD").decode()
        rows = list(csv.reader(record.splitlines()))
        assert {row[0] for row in rows} == set(archive.namelist())
        assert all(int(size) == len(archive.read(name)) for name, _, size in rows if size)
    with open_package(str(path)) as package:
        assert package.wheel is not None
        assert package.wheel.distribution == "demo"


def test_the_same_input_gives_the_same_bytes(upstream: WheelFile, tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = write_wheel(made(upstream), tmp_path / name)
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_a_library_that_the_build_did_not_make_is_named(upstream: WheelFile) -> None:
    with pytest.raises(FailedError, match=r"the build has no ours\.dll"):
        repack(upstream, RECIPE, libraries={}, licences={}, pins=PINS)


def test_another_version_than_the_recipe_is_for_is_refused(upstream: WheelFile) -> None:
    recipe = Recipe(project="demo", version="2.0")
    with pytest.raises(FailedError, match=r"is not demo 2\.0"):
        repack(upstream, recipe, libraries={}, licences={}, pins={})


def test_what_is_no_wheel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(b"half a download")
    with pytest.raises(InputError, match="cannot be read as a wheel"):
        read_wheel(path)


@pytest.mark.parametrize("version", ["0.26.0", "0.20.0.dev0+tvm0.26.0.g79d603f0"])
def test_the_label_still_meets_the_pin_and_wins_over_the_plain_version(version: str) -> None:
    label = Version(labelled(version))
    assert SpecifierSet(f"=={version.partition('+')[0]}", prereleases=True).contains(label)
    assert label > Version(version)


def test_requirements_keep_their_markers_when_they_are_pinned() -> None:
    lines = ["other>=1; python_version < '3.12'", "numpy>=1"]
    assert repinned(lines, PINS) == [
        'other==2.0+mlcbuild.mingw; python_version < "3.12"',
        "numpy>=1",
    ]


def test_headers_with_continuation_lines_are_replaced_whole() -> None:
    before = b"Metadata-Version: 2.4\nSummary: long\n  words\nName: x\n\nbody: y\n"
    after = with_headers(before, {"Summary": ["short"]})
    assert after == b"Metadata-Version: 2.4\nSummary: short\nName: x\n\nbody: y\n"


def test_asking_the_variant_for_the_compiler_says_in_one_line_where_to_compile() -> None:
    source = tvm("0.26.0").texts["tvm/relax/__init__.py"]
    with pytest.raises(ImportError) as caught:
        exec(source, {})  # noqa: S102 - what an import runs
    text = str(caught.value)
    assert "\n" not in text
    assert "chat-only" in text
    assert "mlcbuild model MODEL --target win_amd64" in text


def test_gccs_runtime_is_in_the_set_once() -> None:
    libraries = [*tvm("0").libraries, *tvm_ffi("0").libraries]
    assert len(libraries) == len(set(libraries))
    assert "mlcstdc++-6.dll" in tvm_ffi("0").libraries
