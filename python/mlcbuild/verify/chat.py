"""The steps of ``verify --chat``: from generating a tiny model to an answer over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.model.profiles import profile_for
from mlcbuild.model.request import processor
from mlcbuild.supervised import describe_exit
from mlcbuild.verify.steps import Limits, ask, child, last_line, probe

if TYPE_CHECKING:
    from mlcbuild.verify.place import Place, Server

#: The same prompt and length as probes/probe.py: both must give the same answer.
_PROMPT: Final = "hello"
TOKENS: Final = 12
_SEED: Final = 0
#: A driver that computes on the CPU.
_DRIVER: Final = (
    "install its driver; for Vulkan on the CPU: apt-get install libvulkan1 mesa-vulkan-drivers"
)


def folder(place: Place) -> Path:
    """Return the tiny model's folder: ``source`` as on a hub, ``model`` in MLC's format."""
    return place.folder / "tiny llama"


def library(place: Place, device: str) -> Path:
    """Return the path of the model's library for a device."""
    return folder(place) / f"lib-{device}{place.suffix}"


def step_model(place: Place, limits: Limits, sizes: tuple[int, ...] = ()) -> str:
    """Write the model: configuration, tokenizer and random weights."""
    words = [place.remote(folder(place)), str(_SEED), *map(str, sizes)]
    answer = ask(place, "tiny_llama.py", words, limits.quick_s)
    return f"a Llama of {answer.table['parameters']} random parameters"


def step_config(place: Place, limits: Limits) -> str:
    """Write the model's chat configuration with ``mlc_llm gen_config``."""
    path = folder(place)
    done = child(
        place,
        [
            *(place.python, "-m", "mlc_llm", "gen_config", place.remote(path / "source")),
            *("--quantization", "q0f32", "--conv-template", "LM", "--max-batch-size", "1"),
            *("--context-window-size", "128", "--prefill-chunk-size", "64"),
            *("-o", place.remote(path / "model")),
        ],
        limits.quick_s,
    )
    written = path / "model" / "mlc-chat-config.json"
    if done.timed_out or not written.is_file():
        raise FailedError(f"mlc_llm gen_config {done.outcome}: {last_line(done)}")
    return written.name + _end(done.code)


def step_compile(
    place: Place, device: str, limits: Limits, *, exact: str = "", reference: bool = False
) -> str:
    """Compile the model for a device. The library is checked, not only the exit code.

    ``exact`` names CUDA's with its architecture (``cuda:sm_90``). A ``reference`` is there for its
    answer alone: its kernels are made in a tenth of the time.
    """
    made = library(place, device)
    if device == "cuda":
        from mlcbuild.verify import cuda_chat  # noqa: PLC0415 - rarely

        return cuda_chat.step_compile(place, exact, folder(place) / "model", made)
    if device != "cpu":
        target = json.dumps(profile_for(device).target)
    else:
        # LLVM's optimisation takes minutes for the large heads that GPUs want.
        target = processor(opt_level=0) if reference else "llvm"
    config = place.remote(folder(place) / "model" / "mlc-chat-config.json")
    done = child(
        place,
        [
            *(place.python, "-m", "mlc_llm", "compile", config),
            *("--device", target, "--opt", "O0", "-o", place.remote(made)),
        ],
        limits.compile_s,
    )
    if done.timed_out or not made.is_file():
        raise FailedError(f"mlc_llm compile {done.outcome}: {last_line(done)}")
    return f"{made.stat().st_size} bytes for {device}{_end(done.code)}"


def _end(code: int) -> str:
    return f" (written, then {describe_exit(code)})" if code else ""


def step_device(place: Place, device: str, limits: Limits) -> str:
    """Check that TVM has the device before a model is compiled for it.

    Raises ``FailedError`` where the runtime is not installed, or does not load; ``InputError``
    without a driver, when the wheel cannot be judged.
    """
    found = probe(place, "device", device, limit_s=limits.quick_s)
    if found["exists"]:
        return f"{device}(0) found"
    if not found["runtime"]:
        raise FailedError(
            f"TVM has no {device} runtime: its plug-in is not installed, or does not load",
            remedy=f"--with WHEEL; python -m tvm_{device} says why",
        )
    raise InputError(f"no {device} device on this machine", remedy=_DRIVER)


def step_chat(place: Place, device: str, limits: Limits) -> tuple[str, dict[str, Any]]:
    """Chat through ``MLCEngine`` twice: greedy answers must be equal. Returns (detail, facts)."""
    arguments = (
        place.remote(folder(place) / "model"),
        place.remote(library(place, device)),
        device,
    )
    facts = probe(place, "chat", *arguments, limit_s=limits.quick_s)
    return _judge_chat(device, facts)


def step_jit(place: Place, limits: Limits) -> tuple[str, dict[str, Any]]:
    """Chat on the CPU without a model library: the engine compiles one (``step_chat``)."""
    model = place.remote(folder(place) / "model")
    facts = probe(place, "jit", model, "cpu", limit_s=limits.compile_s)
    return _judge_chat("cpu", facts)


def _judge_chat(device: str, facts: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    first, second = facts["texts"]
    if first != second:
        raise FailedError(f"two greedy answers differ: {first!a} and {second!a}")
    usage = facts["usage"]
    if usage["completion_tokens"] != TOKENS or not first:
        raise FailedError(f"{TOKENS} tokens were requested, the answer has {usage}")
    decoded = usage.get("decode_tokens")
    if decoded is not None and decoded < TOKENS - 1:
        raise FailedError(f"only {decoded} of {TOKENS} tokens were decoded: the engine prefills")
    return f"{device}: {first!a}; {_usage(usage)}", {"text": first, "usage": usage}


def same_answer(device: str, first: str, second: str) -> None:
    """Raise ``FailedError`` unless the device's answer equals the CPU's."""
    if first != second:
        raise FailedError(f"{device} answered {second!a}, the CPU {first!a}")


def _usage(usage: dict[str, Any]) -> str:
    text = f"{usage['prompt_tokens']} prompt + {usage['completion_tokens']} completion tokens"
    spent = usage.get("time_a_token_s")
    return text + (f", {spent * 1e6:.0f} us a token" if spent else "")


def step_serve(place: Place, device: str, expected: str, limits: Limits) -> str:
    """Start ``mlc_llm serve``, chat over HTTP, and stop it. The answer must equal the engine's."""
    port = _free_port()
    command = [place.python, "-m", "mlc_llm", "serve", place.remote(folder(place) / "model")]
    command += ["--model-lib", place.remote(library(place, device)), "--device", device]
    command += ["--mode", "interactive"]
    command += ["--overrides", "max_total_seq_length=256"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    deadline = time.monotonic() + limits.quick_s
    with place.serve(command, limits.quick_s) as server:
        models = _wait(server, port, deadline)
        name = models["data"][0]["id"]
        question = {
            "model": name,
            "messages": [{"role": "user", "content": _PROMPT}],
            "temperature": 0,
            "max_tokens": TOKENS,
        }
        try:
            answer = _http(port, "/v1/chat/completions", question, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise FailedError(f"mlc_llm serve sent an incomplete answer: {error}") from error
    text = answer["choices"][0]["message"]["content"]
    if text != expected:
        raise FailedError(f"the server answered {text!a}, the engine {expected!a}")
    return f"HTTP 200 from /v1/chat/completions, the same answer; {_usage(answer['usage'])}"


def _free_port() -> int:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        port: int = probe_socket.getsockname()[1]
    return port


def _wait(server: Server, port: int, deadline: float) -> dict[str, Any]:
    """Poll the model list until the server answers, exits, or times out."""
    while True:
        try:
            return _http(port, "/v1/models", None, deadline)
        except OSError as error:
            if (code := server.poll()) is not None:
                ended = describe_exit(code)
                raise FailedError(f"mlc_llm serve exited before it answered: {ended}") from error
            if time.monotonic() > deadline:
                raise FailedError("mlc_llm serve did not answer in time") from error
            time.sleep(0.1)


def _http(port: int, path: str, question: dict[str, Any] | None, deadline: float) -> dict[str, Any]:
    """GET, or POST JSON; never through a proxy. Raises ``FailedError`` for an HTTP error."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if question is None else json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=max(deadline - time.monotonic(), 1.0)) as response:
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        said = error.read(200).decode(errors="replace")
        raise FailedError(f"HTTP {error.code} from {path}: {said}") from error
    except ValueError as error:
        raise FailedError(f"the answer from {path} is not JSON: {error}") from error
    return answer
