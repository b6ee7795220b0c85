"""A wheelhouse without TVM's compiler: what is taken out, and who asks for it back."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import FailedError
from mlcbuild.sources.pipconfig import IndexSettings
from mlcbuild.wheelhouse.closure import resolve_command
from mlcbuild.wheelhouse.runtime_only import runtime_only
from mlcbuild.wheelhouse.systems import LINUX
from mlcbuild.wheelhouse.wheelfile import WheelFile, read_wheel, write_wheel
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Sequence

import tomllib

ROOT = Path(__file__).parents[2]


@pytest.fixture
def official() -> WheelFile:
    files = {
        "tvm/__init__.py": b"",
        "tvm/relax/__init__.py": b"everything",
        "tvm/relax/op.py": b"",
        "tvm/runtime/vm.py": b"",
        "tvm/src/a.cc": b"",
        "tvm/lib/libtvm_compiler.so": b"\x7fELF a quarter of a gigabyte",
        "tvm/lib/libtvm_runtime.so": b"\x7fELF",
        "tvm/lib/libtvm_runtime_cuda.so": b"\x7fELF",
    }
    metadata = (
        b"Metadata-Version: 2.4\nName: apache-tvm\nVersion: 0.26.0\nRequires-Dist: numpy\n\nx"
    )
    return WheelFile(
        name="apache_tvm",
        version="0.26.0",
        tag="py3-none-manylinux_2_28_x86_64",
        files=files,
        info={"METADATA": metadata, "licenses/LICENSE": b"Apache"},
    )


def test_the_compiler_goes_and_the_runtimes_stay(official: WheelFile, tmp_path: Path) -> None:
    made = read_wheel(write_wheel(runtime_only(official), tmp_path))
    assert {path for path in made.files if path.startswith("tvm/lib/")} == {
        "tvm/lib/libtvm_runtime.so",
        "tvm/lib/libtvm_runtime_cuda.so",
    }
    assert "tvm/runtime/vm.py" in made.files
    assert "tvm/relax/op.py" not in made.files
    assert made.info["licenses/LICENSE"] == b"Apache"
    assert made.version == "0.26.0+mlcbuild.runtime"


def test_on_windows_the_import_libraries_go_as_well(official: WheelFile) -> None:
    names = ("tvm_compiler.dll", "tvm_compiler.lib", "tvm_runtime.dll", "tvm_runtime.lib")
    files = {f"tvm/lib/{name}": b"MZ" for name in names}
    made = runtime_only(replace(official, tag="py3-none-win_amd64", files=files))
    assert [path for path in made.files if path.startswith("tvm/lib/")] == [
        "tvm/lib/tvm_runtime.dll"
    ]


def test_another_project_is_refused(official: WheelFile) -> None:
    with pytest.raises(FailedError, match="is not apache-tvm"):
        runtime_only(replace(official, name="numpy"))


def test_its_relax_names_the_extra(official: WheelFile) -> None:
    source = runtime_only(official).files["tvm/relax/__init__.py"]
    with pytest.raises(ImportError, match=r'pip install "mlc-llm\[compile\]"'):
        exec(compile(source, "tvm/relax/__init__.py", "exec"), {})  # noqa: S102 - as an import does


def test_the_wheel_is_content_with_the_runtime_and_its_extra_is_not(official: WheelFile) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = runtime_only(official).version
    (always,) = (Requirement(r) for r in project["dependencies"] if r.startswith("apache-tvm="))
    extra = Requirement(project["optional-dependencies"]["compile"][0])
    assert always.specifier.contains(version)
    assert not extra.specifier.contains(version)
    assert extra.specifier.contains("0.26.0")


def test_the_repacked_version_is_the_one_that_the_extra_excludes(official: WheelFile) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(rf"!={re.escape(runtime_only(official).version)}\b", text)


def test_this_linux_is_what_is_resolved_for() -> None:
    command = resolve_command(
        python="3.12", links=Path("links"), index=IndexSettings(), system=LINUX
    )
    assert "x86_64-manylinux_2_35" in command
    assert "manylinux_2_28_x86_64" in LINUX.pip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--wheel", "x.whl"], "are for --chat-only"),
        (["--python", "3.12"], "are for --chat-only"),
        (["--sdk", "free"], "add --target win_amd64"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_use(
    words: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["wheel", *words]) == 2
    assert said in capsys.readouterr().err
