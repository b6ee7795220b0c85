"""The chat-only set for Windows: the official TVM without its compiler, under Windows CPython."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from commands import run_mlcbuild
from mlcbuild.lab import up
from mlcbuild.lab.wine import windows_path

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(windows_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("chat-only") / "wheelhouse"
    words = ["--chat-only", "--target", "win_amd64", "--python", "3.11"]
    words += ["--wheel", str(windows_wheel)]
    done = run_mlcbuild("wheel", *words, "-o", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    lab = up(environment="chat-only")
    words = ["pip", "install", "--quiet", "--no-index", "--find-links", windows_path(folder)]
    installed = lab.run([*words, "--force-reinstall", "mlc-llm"], timeout=600)
    assert installed.code == 0, installed.errors
    return lab


def test_it_imports_without_the_compiler(lab: Lab) -> None:
    script = "import tvm, mlc_llm, os; print(tvm.__version__, os.listdir(tvm.__path__[0] + '/lib'))"
    done = lab.run(["python", "-c", script], timeout=300)
    assert done.code == 0, done.errors
    assert "tvm_runtime.dll" in done.text
    assert "tvm_compiler" not in done.text


def test_asking_to_compile_says_that_the_compiler_is_not_there(lab: Lab) -> None:
    done = lab.run(["python", "-m", "mlc_llm", "compile", "--help"], timeout=300)
    assert "TVM's compiler is not in this chat-only install" in done.errors
    assert "Traceback" not in done.errors
