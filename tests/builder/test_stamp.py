from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest
from mlcbuild.errors import InputError
from mlcbuild.stamp import (
    Compiler,
    Source,
    Stamp,
    Target,
    digest,
    mismatches,
    read_stamp,
    write_stamp,
)

STAMP = Stamp(
    configuration="Release",
    generator="Ninja Multi-Config",
    compiler=Compiler(id="MSVC", version="19.44.35211", toolset="14.44"),
    crt="dynamic",
    target=Target(system="Windows", machine="x86_64"),
    devices=("vulkan", "cpu"),
    sources=(
        Source(name="tvm", origin="git", commit="c7b458e0" * 5),
        Source(name="sentencepiece", origin="pypi", version="0.2.1", sha256="ab" * 32),
    ),
    minimum_msvcp140="14.44",
    files=(digest("pkg/z.dll", b"z"), digest("pkg/ä b.dll", b"a")),
)


def test_a_written_stamp_satisfies_the_shipped_schema() -> None:
    schema = json.loads(files("mlcbuild.builder").joinpath("schemas/stamp.json").read_bytes())
    jsonschema.validate(json.loads(write_stamp(STAMP)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(write_stamp(replace(STAMP, crt="none"))), schema)


def test_what_is_written_is_read_back() -> None:
    again = read_stamp(write_stamp(STAMP))
    assert again.compiler == STAMP.compiler
    assert again.target == STAMP.target
    assert set(again.files) == set(STAMP.files)
    assert write_stamp(again) == write_stamp(STAMP)


def test_the_order_of_files_and_sources_does_not_change_the_bytes() -> None:
    turned = replace(STAMP, files=STAMP.files[::-1], sources=STAMP.sources[::-1])
    assert write_stamp(turned) == write_stamp(STAMP)


def test_unknown_keys_of_the_same_schema_are_ignored() -> None:
    table = json.loads(write_stamp(STAMP)) | {"later": 1}
    assert read_stamp(json.dumps(table).encode()).configuration == "Release"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"schema_version": 1}', b'{"schema_version": 2}'],
)
def test_a_damaged_or_newer_stamp_is_one_input_error(data: bytes) -> None:
    with pytest.raises(InputError, match="stamp"):
        read_stamp(data)


def test_mismatches_name_the_changed_the_missing_and_the_unstamped_file() -> None:
    at_hand = {
        "pkg/ä b.dll": digest("pkg/ä b.dll", b"changed"),
        "pkg/new.dll": digest("pkg/new.dll", b"n"),
    }
    assert [(m.path, m.kind) for m in mismatches(STAMP, at_hand)] == [
        ("pkg/new.dll", "unstamped"),
        ("pkg/z.dll", "missing"),
        ("pkg/ä b.dll", "changed"),
    ]
    assert mismatches(STAMP, {file.path: file for file in STAMP.files}) == ()
