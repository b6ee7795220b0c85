"""The chat-only wheelhouse end to end: installed from the folder alone, it chats as the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run_mlcbuild
from wheelvenv import environment

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


def test_a_published_model_becomes_a_library_and_chats_where_there_is_no_compiler(
    linux_wheel: Path, wheelhouse: Path, tmp_path: Path
) -> None:
    full = environment(tmp_path / "full", linux_wheel).python
    model = tmp_path / "tiny"
    assert run(full, PROBES / "tiny_llama.py", model, "0").returncode == 0
    library = tmp_path / "out" / "tiny.so"
    options = "--max-batch-size 1 --context-window-size 128 --prefill-chunk-size 64"
    words = ["model", model / "source", "--quantization", "q0f32", "--config-options", options]
    done = run_mlcbuild(*words, "--interpreter", full, "-o", library, "--json", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    converted = Path(json.loads(done.stdout)["model"])
    assert converted == tmp_path / "out" / "source-q0f32-MLC"

    python = environment(tmp_path / "chat").python
    install = ["-m", "pip", "install", "-q", "--no-compile", "--no-index"]
    done = run(python, *install, "--find-links", wheelhouse, "mlc-llm")
    assert done.returncode == 0, done.stderr
    site = next((tmp_path / "chat").glob("lib/python*/site-packages"))
    ours = [path for path in site.iterdir() if not path.name.startswith(("pip", "setuptools"))]
    files = [path for folder in ours for path in (folder, *folder.rglob("*")) if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LIMIT
    assert not [path for path in files if "tvm_compiler" in path.name]

    answers = [
        json.loads(
            run(each, PROBES / "probe.py", "chat", converted, library, "cpu").stdout.splitlines()[
                -1
            ]
        )
        for each in (full, python)
    ]
    assert answers[0]["texts"] == answers[1]["texts"]
    assert answers[1]["usage"]["decode_tokens"] == 11

    done = run(python, "-m", "mlc_llm", "chat", converted, "--device", "cpu")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert 'pip install "mlc-llm[compile]"' in done.stderr
    assert "mlcbuild model" in done.stderr
