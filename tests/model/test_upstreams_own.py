"""Upstream's own tests on the wheel: those that need neither a GPU nor a published model."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from needs import require

if TYPE_CHECKING:
    from publishedllama import Llama
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
    "serve/server/test_embedding_server.py": "a published model",
    "serve/server/test_server_function_call.py": "a model trained to call functions",
    "serve/server/test_server_image.py": "a published model, and a download",
    "serve/test_embedding_engine.py": "a published model",
    "serve/test_serve_async_engine_spec.py": "a draft model that agrees with the large one",
    "serve/test_serve_engine_grammar.py": "a trained model: others write JSON that does not end",
    "serve/test_serve_engine_image.py": "a published model, and a download",
    "serve/test_serve_engine_mock.py": "the weights of a published model",
    "serve/test_serve_engine_prefix_cache.py": "counts tokens of Llama 2's tokenizer",
    "serve/test_serve_engine_rnn.py": "a published model",
    "serve/test_serve_engine_spec.py": "a draft model that agrees with the large one",
    "tokenizers": "tokenizers of published models",
}
#: What stays of those without a model: at least so many pass, and none fails.
AT_LEAST = 32
#: Tests of the server and the engines, on a tiny Llama.
WITH_A_MODEL = (
    "serve/server/test_server.py",
    "serve/test_serve_engine.py",
    "serve/test_serve_async_engine.py",
    "serve/test_serve_sync_engine.py",
)
#: Of those left out -> why. All but the first fail on upstream's head, whatever the model.
WITHOUT = {
    "serve/server/test_server.py::test_openai_v1_completions_request_cancellation": "a tiny model "
    "can answer within the second after which the client gives up",
    "serve/server/test_server.py::test_openai_v1_completions_invalid_logprobs": "the server's "
    "words have changed",
    "serve/server/test_server.py::test_openai_v1_chat_completions_invalid_logprobs": "sends "
    "messages to /v1/completions",
    "serve/test_serve_engine.py::test_engine_generate": "takes the usage at the end for seven "
    "choices",
    "serve/test_serve_sync_engine.py::test_engine_generate": "SyncMLCEngine.generate does the same",
}
#: 55 of the server's 60, and 14 of the engines' 16.
AT_LEAST_WITH_A_MODEL = 69
#: The tests read an error's body as upstream sends it, JSON text inside JSON text (docs/server.md).
ERROR_BODY = "response = json.loads(response_str)"
#: The names of models that the tests ask for.
NAMES = ("Llama-2-7b-chat-hf-q0f16-MLC", "Llama-2-7b-chat-hf-q4f16_1-MLC")
#: A plug-in of pytest: an engine gets the library that is there, and compiles none.
PLUGIN = """\
import os
from mlc_llm.interface import jit
jit.jit = lambda **_: jit.JITResult(os.environ["MLC_SERVE_MODEL_LIB"], None)
"""


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


def passed(wheel: Wheel, folder: Path, *words: str | Path, **environment: str) -> int:
    """Run pytest, which no test may fail; return how many passed."""
    wheel.install("pytest", "pytest-asyncio", "openai", "regex")
    done = subprocess.run(
        [wheel.python, "-m", "pytest", "-q", *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    counted = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout[-6000:]
    assert counted, done.stdout[-3000:]
    return int(counted[1])


def test_upstreams_tests_pass_on_the_wheel(wheel: Wheel, upstreams: Path) -> None:
    tests = upstreams / "tests" / "python"
    assert all((tests / name).exists() for name in LEFT_OUT)
    ignored = [f"--ignore={tests / name}" for name in LEFT_OUT]
    assert passed(wheel, upstreams, "-m", "unittest", *ignored, tests) >= AT_LEAST


def test_upstreams_tests_of_server_and_engines_pass_on_a_tiny_llama(
    wheel: Wheel, upstreams: Path, llama: Llama, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = upstreams / "tests" / "python" / "serve"
    for name in ("conftest.py", "test_server.py"):  # their port is fixed, and may be taken
        file = serve / "server" / name
        text = file.read_text("utf-8").replace("8000", str(port))
        file.write_text(text.replace(ERROR_BODY, "response = response_str"), "utf-8")
    for name in NAMES:
        (tmp_path / name).symlink_to(llama.model)
    (tmp_path / "given_library.py").write_text(PLUGIN, "utf-8")
    left_out = [f"--deselect=tests/python/{name}" for name in WITHOUT]
    files = [serve.parent / name for name in WITH_A_MODEL]
    words = ["-p", "given_library", "-o", "asyncio_mode=auto", *left_out, *files]
    found = {
        "MLC_LLM_TEST_MODEL_PATH": str(tmp_path),
        "MLC_SERVE_MODEL_LIB": str(llama.library),
        "PYTHONPATH": str(tmp_path),
    }
    assert passed(wheel, upstreams, *words, **found) >= AT_LEAST_WITH_A_MODEL
