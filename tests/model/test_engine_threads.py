"""What ends an engine's thread is raised to its caller; hidden instruction sets are left out."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from mlc_llm._engine_threads import EngineEndedError, EngineThreads
from mlc_llm._host_cpu import hidden

if TYPE_CHECKING:
    from collections.abc import Callable


class Engine:
    """The functions of an engine, as its library offers them."""

    def __init__(self, loop: Callable[[], object]) -> None:
        self.exit = threading.Event()
        self.told: list[EngineEndedError] = []
        functions: dict[str, Callable[..., object]] = {
            "run_background_loop": loop,
            "run_background_stream_back_loop": self.exit.wait,
            "exit_background_loop": self.exit.set,
        }
        self.threads = EngineThreads(functions, self.told.append)
        self.started = self.threads.start()

    def end(self) -> None:
        self.exit.set()
        for thread in self.started:
            thread.join(10)
            assert not thread.is_alive()


def broken() -> None:
    time.sleep(0.02)
    raise ValueError("Cannot open params_shard_0.bin")


def test_a_load_that_would_wait_for_ever_raises_what_ended_the_thread() -> None:
    engine = Engine(broken)
    with pytest.raises(
        EngineEndedError, match=r"the engine ended: Cannot open params_shard_0\.bin"
    ):
        engine.threads.wait_for(threading.Event().wait)
    engine.end()
    assert len(engine.told) == 1


def test_a_later_request_is_refused_with_the_same_words() -> None:
    engine = Engine(broken)
    engine.end()
    with pytest.raises(EngineEndedError, match="Cannot open"):
        engine.threads.check()


def test_a_load_that_works_returns_and_one_that_fails_raises_its_own() -> None:
    stop = threading.Event()
    engine = Engine(stop.wait)
    done: list[int] = []
    engine.threads.wait_for(lambda: done.append(1))
    assert done == [1]
    with pytest.raises(KeyError):
        engine.threads.wait_for(lambda: {}["x"])
    stop.set()
    engine.end()


def test_a_second_thread_is_refused_until_the_first_is_done() -> None:
    stop = threading.Event()
    engine = Engine(stop.wait)
    said: list[str] = []

    def other() -> None:
        try:
            with engine.threads.one_caller():
                said.append("in")
        except RuntimeError as error:
            said.append(str(error))

    def ask() -> None:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    with engine.threads.one_caller(), engine.threads.one_caller():
        ask()
    ask()
    assert said[0].startswith("MLCEngine answers one thread at a time")
    assert said[1:] == ["in"]
    stop.set()
    engine.end()


def test_what_a_virtual_machine_hides_is_left_out() -> None:
    znver4 = ["avx2", "avx512f", "avx512vbmi2", "sse4.1", "bmi", "bmi2", "fma", "64bit", "shstk"]
    flags = ["avx2", "sse4_1", "bmi1", "bmi2", "fma", "sse4a"]
    assert hidden(znver4, flags) == ["avx512f", "avx512vbmi2"]
    assert hidden(znver4, [*flags, "avx512f", "avx512_vbmi2"]) == []
