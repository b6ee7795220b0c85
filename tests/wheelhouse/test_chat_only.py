"""A wheelhouse without TVM's compiler: what is taken out, and who asks for it back."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import FailedError
from mlcbuild.package.targets import open_package
from mlcbuild.sources.pipconfig import IndexSettings
from mlcbuild.wheelhouse.chat_only import runtime_only
from mlcbuild.wheelhouse.closure import LINUX, resolve_command
from packaging.requirements import Requirement
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]


INFO = "apache_tvm-0.26.0.dist-info"
FILES = {
    "tvm/__init__.py": b"",
    "tvm/relax/__init__.py": b"everything",
    "tvm/relax/op.py": b"",
    "tvm/runtime/vm.py": b"",
    "tvm/src/a.cc": b"",
    "tvm/lib/libtvm_compiler.so": b"\x7fELF a quarter of a gigabyte",
    "tvm/lib/libtvm_runtime.so": b"\x7fELF",
    "tvm/lib/libtvm_runtime_cuda.so": b"\x7fELF",
    "tvm/lib/tvm_compiler.dll": b"MZ",
    "tvm/lib/tvm_runtime.dll": b"MZ",
    "tvm/lib/tvm_runtime.lib": b"!<arch>",
    f"{INFO}/licenses/LICENSE": b"Apache",
    f"{INFO}/sboms/auditwheel.cdx.json": b"{}",
}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Return the runtime alone of a wheel like PyPI's."""
    official = make_wheel(tmp_path, FILES, name="apache_tvm", version="0.26.0")
    folder = tmp_path / "made"
    folder.mkdir()
    return runtime_only(official, folder)


def version_of(wheel: Path) -> str:
    return wheel.name.split("-")[1]


def test_the_compiler_goes_and_the_runtimes_stay(made: Path) -> None:
    with open_package(str(made)) as package:
        assert package.wheel is not None
        names = {member.path for member in package.members()}
        recorded = set(package.wheel.record)
    info = "apache_tvm-0.26.0+mlcbuild.runtime.dist-info"
    assert names == recorded
    assert names == {
        "tvm/__init__.py",
        "tvm/relax/__init__.py",
        "tvm/runtime/vm.py",
        "tvm/lib/libtvm_runtime.so",
        "tvm/lib/libtvm_runtime_cuda.so",
        "tvm/lib/tvm_runtime.dll",
        *(f"{info}/{name}" for name in ("licenses/LICENSE", "METADATA", "WHEEL", "RECORD")),
    }
    with zipfile.ZipFile(made) as archive:
        assert b"\nVersion: 0.26.0+mlcbuild.runtime\n" in archive.read(f"{info}/METADATA")


def test_another_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="is not apache-tvm"):
        runtime_only(make_wheel(tmp_path, FILES, name="numpy"), tmp_path)


def test_its_relax_names_the_extra(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        source = archive.read("tvm/relax/__init__.py")
    with pytest.raises(ImportError, match=r'pip install "mlc-llm\[compile\]"'):
        exec(compile(source, "tvm/relax/__init__.py", "exec"), {})  # noqa: S102 - as an import does


def test_the_wheel_is_content_with_the_runtime_and_its_extra_is_not(made: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = version_of(made)
    (always,) = (Requirement(r) for r in project["dependencies"] if r.startswith("apache-tvm="))
    extra = Requirement(project["optional-dependencies"]["compile"][0])
    assert always.specifier.contains(version)
    assert not extra.specifier.contains(version)
    assert extra.specifier.contains("0.26.0")


def test_the_repacked_version_is_the_one_that_the_extra_excludes(made: Path) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(rf"!={re.escape(version_of(made))}\b", text)


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
