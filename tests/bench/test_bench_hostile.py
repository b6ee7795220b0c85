"""Servers that answer more than anybody asked for: a failure of its own kind, not a success."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import zlib
from typing import TYPE_CHECKING

import pytest
from mlcbuild.bench.answers import StreamReader, excerpt_of, judge_completion
from mlcbuild.bench.body import EventReader, Plain
from mlcbuild.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIB = 1 << 20
GOOD = {"choices": [{"message": {"content": "hi"}}], "usage": {"completion_tokens": 2}}


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Start a server: ``serve(blocks, count, headers)`` answers ``blocks`` so many times."""
    servers = []

    def start(block: bytes, count: int = 1, **headers: str) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.endswith("/models"):
                    self.answer(b'{"data": [{"id": "m"}]}', 1, {"Content_Type": "application/json"})
                else:
                    self.answer(block, count, headers)

            def do_POST(self) -> None:
                self.do_GET()

            def answer(self, block: bytes, count: int, headers: dict[str, str]) -> None:
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                try:
                    for _ in range(count):
                        self.wfile.write(block)
                except OSError:
                    return

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def failures(url: str, capsys: pytest.CaptureFixture[str], *words: str) -> set[tuple[str, str]]:
    options = ["--requests", "2", "--concurrency", "1", "--warmup", "0", "--json", *words]
    code = main(["bench", url, *options])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert code == (1 if run["failed"] else 0)
    return {(each["kind"], each["example"]) for each in run["failures"]}


BLOCK = b"x" * MIB


@pytest.mark.parametrize(
    ("block", "count", "headers", "words", "kind", "said"),
    [
        (BLOCK, 65, {}, ["--api", "plain"], "too-large", "64 MiB"),
        (b"x", 1, {"Content_Length": "1000000000000"}, ["--api", "plain"], "too-large", "64 MiB"),
        (BLOCK, 5, {"Content_Type": "application/json"}, ["--api", "plain"], "too-large", "4 MiB"),
        (BLOCK, 5, {}, ["--no-stream"], "too-large", "4 MiB"),
        (BLOCK, 2, {}, [], "too-large", "1 MiB"),
        (b"data: x\n" * 1000, 200, {}, [], "too-large", "1 MiB"),
        ((b":" + b"x" * 1022 + b"\n") * 1024, 17, {}, [], "too-large", "16 MiB"),
        (b"", 1, {"Content_Encoding": "br"}, ["--api", "plain"], "encoded", "br"),
        (b"no gzip", 1, {"Content_Encoding": "gzip"}, ["--api", "plain"], "encoded", "not gzip"),
    ],
)
def test_an_answer_beyond_its_limit_is_a_failure_that_names_it(  # noqa: PLR0917
    serve: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
    block: bytes,
    count: int,
    headers: dict[str, str],
    words: list[str],
    kind: str,
    said: str,
) -> None:
    ((found, example),) = failures(serve(block, count, **headers), capsys, *words)
    assert found == kind
    assert said in example


def test_a_gzip_bomb_ends_at_the_limit(
    serve: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(engine.compress(BLOCK) for _ in range(200)) + engine.flush()
    url = serve(bomb, 1, Content_Encoding="gzip")
    assert {kind for kind, _ in failures(url, capsys, "--api", "plain")} == {"too-large"}


def test_a_server_that_encodes_unasked_is_understood(
    serve: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    data = gzip.compress(json.dumps(GOOD).encode())
    url = serve(data, 1, Content_Encoding="gzip", Content_Type="application/json")
    assert failures(url, capsys, "--no-stream") == set()


def test_what_is_nested_too_deeply_is_no_answer() -> None:
    for body in (b"[" * 100_000, b'{"data": [{"id": ' + b"[" * 100_000, b'{"data": [{"id": 7}]}'):
        assert judge_completion(200, body).failure in {"not-json", "not-a-completion"}


@pytest.mark.parametrize("count", [10**400, -1, True, 1.5, "7", 1 << 60])
def test_a_count_of_tokens_that_none_has_is_no_count(count: object) -> None:
    table = {**GOOD, "usage": {"completion_tokens": count, "prompt_tokens": 3}}
    answer = judge_completion(200, json.dumps(table).encode())
    assert (answer.failure, answer.prompt_tokens, answer.completion_tokens) == (None, 3, None)


def test_a_stream_that_never_ends_a_line_is_read_in_linear_time() -> None:
    reader = StreamReader()
    for _ in range(2 * MIB // 16):
        reader.feed(b"x" * 16, 0.0)
        if reader.failed:
            break
    assert reader.finish().failure == "too-large"


def test_events_in_pieces_are_those_of_the_whole() -> None:
    text = b"data: a\r\ndata: b\n\n: comment\ndata:c\n\ndata: d"
    whole = EventReader().feed(text)
    reader = EventReader()
    assert (
        [event for byte in text for event in reader.feed(bytes((byte,)))] == whole == ["a\nb", "c"]
    )


def test_a_text_is_found_across_pieces() -> None:
    for cut in range(1, 11):
        seen = Plain("all is well")
        seen.feed(b"so " + b"all is well"[:cut])
        assert seen.lacks
        seen.feed(b"all is well"[cut:] + b" here")
        assert not seen.lacks


def test_an_excerpt_looks_at_the_beginning_alone() -> None:
    assert excerpt_of("ab\n" * 10_000_000).startswith("ab ab")
