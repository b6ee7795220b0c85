"""The chat-only wheelhouse end to end: installed from the folder alone, it chats as the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from commands import run_mlcbuild
from wheelvenv import environment

if TYPE_CHECKING:
    from publishedllama import Llama
    from wheelvenv import Wheel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the wheelhouse is for Linux"),
]

ROOT = Path(__file__).parents[2]
PROBES = ROOT / "python" / "mlcbuild" / "verify" / "probes"
#: Upstream's full install is 395 MB; site-packages with NumPy and without pip must stay below this.
LIMIT = 130_000_000


def run(*words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, words)),
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=ROOT,
        env={**os.environ, **env},
    )


@pytest.fixture(scope="module")
def wheelhouse(linux_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chat-only") / "wheelhouse"
    words = ("wheel", "--chat-only", "--wheel", linux_wheel)
    done = run_mlcbuild(*words, "-o", folder, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_model_of_another_machine_chats_where_there_is_no_compiler(
    wheel: Wheel, llama: Llama, wheelhouse: Path, tmp_path: Path
) -> None:
    python = environment(tmp_path / "chat").python
    install = ["-m", "pip", "install", "-q", "--no-compile", "--no-index"]
    done = run(python, *install, "--find-links", wheelhouse, "mlc-llm")
    assert done.returncode == 0, done.stderr
    site = next((tmp_path / "chat").glob("lib/python*/site-packages"))
    ours = [path for path in site.iterdir() if not path.name.startswith(("pip", "setuptools"))]
    files = [path for folder in ours for path in (folder, *folder.rglob("*")) if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LIMIT
    assert not [path for path in files if "tvm_compiler" in path.name]

    words = (llama.model, llama.library)
    answers = [
        json.loads(run(each, PROBES / "probe.py", "chat", *words, "cpu").stdout.splitlines()[-1])
        for each in (wheel.python, python)
    ]
    assert answers[0]["texts"] == answers[1]["texts"]
    assert answers[1]["usage"]["decode_tokens"] == 11

    done = run(python, "-m", "mlc_llm", "chat", llama.model, "--device", "cpu")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert 'pip install "mlc-llm[compile]"' in done.stderr
    assert "mlcbuild model" in done.stderr
