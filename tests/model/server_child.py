"""Ask a server of the echo engine what OpenAI's client asks: test_server_answers.py runs it.

python server_child.py MODEL prints {name: answer} as JSON. The engine is upstream's mock, which
says the prompt again: no model is compiled.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import openai
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = sys.argv[1]
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
    words = [sys.executable, "-m", "mlc_llm", "serve", MODEL, "--model-lib", "mock://echo"]
    words += ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    log = os.environ.get("SERVER_LOG", os.devnull)
    with open(log, "w", encoding="utf-8") as out:  # noqa: PTH123
        server = subprocess.Popen(words, stdout=out, stderr=out)
        try:
            sys.stdout.write(json.dumps(ask_all(f"http://127.0.0.1:{port}", server)))
        finally:
            server.terminate()
            server.wait()


def ask_all(url: str, server: subprocess.Popen[bytes]) -> dict[str, Any]:
    while server.poll() is None:
        try:
            health = requests.get(f"{url}/health", timeout=60)
            break
        except requests.ConnectionError:
            time.sleep(0.2)
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

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
    found = {name: told(ask) for name, ask in {**bad, **good}.items()}
    return {**found, "health": [health.status_code, health.text]}


if __name__ == "__main__":
    main()
