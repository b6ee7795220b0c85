"""Ask a server what OpenAI's client asks: test_server_answers.py runs it.

python server_child.py MODEL prints {name: answer} as JSON. The engine is upstream's mock, which
says the prompt again: no model is compiled. python server_child.py MODEL LIBRARY asks a real one
how many tokens it counts.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import openai
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL, LIBRARY = (*sys.argv[1:], "mock://echo")[:2]
ASKED = [{"role": "user", "content": "hi"}]
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def told(ask: Callable[[], Any]) -> Any:
    """Return what was answered, or the status and the words of the refusal."""
    try:
        return ask()
    except openai.APIStatusError as error:
        return [error.status_code, error.message]


def main() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "mlc_llm", "serve", MODEL, "--model-lib", LIBRARY]
    words += ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    log = os.environ.get("SERVER_LOG", os.devnull)
    with open(log, "w", encoding="utf-8") as out:  # noqa: PTH123
        server = subprocess.Popen(words, stdout=out, stderr=out)
        try:
            health, client = connected(f"http://127.0.0.1:{port}", server)
            said = ask_all(client) if LIBRARY == "mock://echo" else ask_counts(client)
            sys.stdout.write(json.dumps({**said, "health": health}))
        finally:
            server.terminate()
            server.wait()


def connected(url: str, server: subprocess.Popen[bytes]) -> tuple[Any, openai.OpenAI]:
    while server.poll() is None:
        try:
            health = requests.get(f"{url}/health", timeout=60)
            break
        except requests.ConnectionError:
            time.sleep(0.2)
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    return [health.status_code, health.text], client


def ask_counts(client: openai.OpenAI) -> dict[str, Any]:
    """Return of each way to ask: tokens of n choices whole, streamed, streamed untold; entries."""
    # the end is no answer here
    common: dict[str, Any] = {"model": MODEL, "max_tokens": 6, "logit_bias": {"2": -100}}
    found = {}
    for n in (1, 3, 9):
        chat = partial(client.chat.completions.create, messages=ASKED, n=n, **common)
        plain = partial(client.completions.create, prompt="hi", n=n, **common)
        entries = [len(each.logprobs.content) for each in chat(logprobs=True).choices]
        found[f"chat {n}"] = [*counts(chat), entries]
        entries = [len(each.logprobs.tokens) for each in plain(logprobs=1).choices]
        found[f"completions {n}"] = [*counts(plain), entries]
    return found


def counts(ask: Callable[..., Any]) -> list[int]:
    whole = ask().usage
    *_, last = ask(stream=True, stream_options={"include_usage": True})
    untold = [chunk for chunk in ask(stream=True) if chunk.usage]
    assert whole.total_tokens == whole.prompt_tokens + whole.completion_tokens
    return [whole.completion_tokens, last.usage.completion_tokens, len(untold)]


def ask_all(client: openai.OpenAI) -> dict[str, Any]:
    def chat(**more: Any) -> Callable[[], Any]:
        fields = {"model": MODEL, "messages": ASKED, "max_tokens": 8, **more}
        return lambda: client.chat.completions.create(**fields).choices[0].message.content

    def streamed() -> Any:
        chunks = client.chat.completions.create(
            model=MODEL, messages=ASKED, temperature=-1, stream=True
        )
        return [chunk.choices for chunk in chunks]

    bad = {
        "temperature": chat(temperature=-1),
        "top_p": chat(top_p=2),
        "n": chat(n=0),
        "max_tokens": chat(max_tokens=-5),
        "logit_bias": chat(logit_bias={"100000": 1}),
        "no messages": chat(messages=[]),
        "no content": chat(messages=[{"role": "user", "content": None}]),
        "another model": chat(model="gpt-4"),
        "image": chat(messages=[{"role": "user", "content": [PICTURE]}]),
        "role tool": chat(messages=[{"role": "tool", "content": "x"}]),
        "streamed": streamed,
        "prompt": lambda: client.completions.create(model=MODEL, prompt=[1, 2, 999999]),
        "no such model": lambda: client.models.retrieve("other"),
    }
    good = {
        "chat": chat(),
        "its name alone": chat(model=MODEL.rsplit("/", 1)[-1]),
        "developer": chat(messages=[{"role": "developer", "content": "be kind"}, *ASKED]),
        "json_schema": chat(
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "a", "schema": SCHEMA, "strict": True},
            }
        ),
        "retrieve": lambda: client.models.retrieve(MODEL).id,
        "list": lambda: [each.id for each in client.models.list()],
    }
    return {name: told(ask) for name, ask in {**bad, **good}.items()}


if __name__ == "__main__":
    main()
