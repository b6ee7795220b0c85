"""Upstream's own tests on the installed wheel: those that need neither a GPU nor a download."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from needs import require

if TYPE_CHECKING:
    from wheelvenv import Wheel

pytestmark = [pytest.mark.slow, pytest.mark.needs_wheel, pytest.mark.needs_index]

ROOT = Path(__file__).parents[2]
#: Left out -> why.
LEFT_OUT = {
    "json_ffi/test_json_ffi_engine.py": "the answers of published models, on a GPU",
    "json_ffi/test_json_ffi_engine_image.py": "downloads a picture when it is imported",
    "json_ffi/test_json_ffi_engine_mock.py": "the weights of a published model",
    "integration": "compiles published models, on a GPU",
    "model/test_qwen3_embedding.py": "imports torch",
    "op": "kernels for a GPU",
    "quantization": "imports torch, and compiles for a GPU",
    "router": "two GPUs",
    "serve/server": "a server with a model; test_server_answers.py asks ours",
    "serve/test_embedding_engine.py": "a published model",
    "serve/test_serve_engine_mock.py": "the weights of a published model",
    "tokenizers": "tokenizers of published models",
}
#: What stays: at least so many pass, and none fails.
AT_LEAST = 32


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return upstream's tests of the pinned commit."""
    require("sources")
    folder = tmp_path_factory.mktemp("upstream")
    text = (ROOT / "3rdparty" / "sources.toml").read_text("utf-8")
    (block,) = re.findall(r"^\[mlc-llm\]\n.*?(?=^\[)", text, re.DOTALL | re.MULTILINE)
    paths = 'paths = ["LICENSE", "NOTICE", "tests/python"]'
    lock = folder / "lock" / "sources.toml"
    lock.parent.mkdir()
    tests_alone = re.sub(r"^paths = .*$", paths, block, flags=re.MULTILINE)
    lock.write_text(text.replace(block, tests_alone), "utf-8")
    # a cache of its own: the shared one would fetch the pinned paths again
    words = ["fetch", "--lock", lock, "--cache", folder / "cache", "--output", folder, "mlc-llm"]
    env = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run(
        [sys.executable, "-m", "mlcbuild", *words],
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "mlc-llm"


def test_upstreams_tests_pass_on_the_wheel(wheel: Wheel, upstreams: Path) -> None:
    wheel.install("pytest")
    tests = upstreams / "tests" / "python"
    assert all((tests / name).exists() for name in LEFT_OUT)
    ignored = [f"--ignore={tests / name}" for name in LEFT_OUT]
    done = subprocess.run(
        [wheel.python, "-m", "pytest", "-q", "-m", "unittest", *ignored, tests],
        cwd=upstreams,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    counted = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout[-3000:]
    assert counted, done.stdout[-3000:]
    assert int(counted[1]) >= AT_LEAST, done.stdout[-3000:]
