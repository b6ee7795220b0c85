from __future__ import annotations

import json
import sys
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from mlc_llm._locator.commands import refuse_without_compiler
from mlc_llm._locator.installed import require_version
from mlcbuild.wheelhouse.chat_only import runtime_only
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tvm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand for a TVM without its compiler; return its folder."""
    folder = tmp_path / "tvm"
    folder.mkdir()
    base = SimpleNamespace(_RUNTIME_ONLY=True, _LOADED_LIBS={})
    module = SimpleNamespace(base=base, __version__="0.26.0", __file__=str(folder / "__init__.py"))
    monkeypatch.setitem(sys.modules, "tvm", module)
    monkeypatch.delenv("TVM_USE_RUNTIME_LIB", raising=False)
    return folder


@pytest.mark.parametrize("subcommand", ["compile", "convert_weight", "gen_config", "package"])
@pytest.mark.usefixtures("tvm")
def test_a_command_that_compiles_ends_in_one_line_where_tvm_cannot(subcommand: str) -> None:
    with pytest.raises(SystemExit) as caught:
        refuse_without_compiler(subcommand)
    text = str(caught.value)
    assert text.startswith(f"mlc_llm {subcommand}: ")
    assert "pip install --force-reinstall" in text
    assert "\n" not in text


def test_the_chat_only_set_says_where_to_compile(tvm: Path) -> None:
    (tvm / "_build.json").write_text(json.dumps({"files": []}))
    with pytest.raises(SystemExit) as caught:
        refuse_without_compiler("compile")
    text = str(caught.value)
    assert "TVM's compiler is not in this chat-only set" in text
    assert "mlcbuild model MODEL --target win_amd64" in text
    assert "pip install" not in text
    official = make_wheel(tvm.parent, {"tvm/a.py": b""}, name="apache_tvm", version="0.26.0")
    with zipfile.ZipFile(runtime_only(official, tvm)) as made:
        refusal = made.read("tvm/relax/__init__.py").decode()
    assert "compiler is not in this chat-only set" in refusal


def test_the_runtime_alone_is_completed_by_an_extra(
    tvm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tvm.parent / "apache_tvm-0.26.0+mlcbuild.runtime.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tvm.parent), *sys.path])
    with pytest.raises(SystemExit, match=r'chat-only install: pip install "mlc-llm\[compile\]"'):
        refuse_without_compiler("compile")


@pytest.mark.usefixtures("tvm")
def test_chat_and_serve_need_no_compiler() -> None:
    refuse_without_compiler("chat")
    refuse_without_compiler("serve")


def test_a_full_tvm_goes_on(tvm: Path) -> None:
    sys.modules["tvm"].base._LOADED_LIBS["tvm_compiler"] = tvm
    refuse_without_compiler("compile")


def test_a_variant_of_the_same_release_is_no_other_version_of_tvm() -> None:
    require_version("tvm", "0.26.0", "0.26.0+mlcbuild.mingw")
    with pytest.raises(OSError, match="built for 0"):
        require_version("tvm", "0.27.0", "0.26.0+mlcbuild.mingw")
