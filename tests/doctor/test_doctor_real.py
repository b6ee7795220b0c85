"""The door to this machine: what it reads, and what it asks only once."""

from __future__ import annotations

import sys
import threading
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from mlcbuild.doctor.real import RealSystem

if TYPE_CHECKING:
    from pathlib import Path


def test_what_several_checks_ask_is_found_out_once() -> None:
    system, calls = RealSystem(), []

    def find() -> int:
        calls.append(1)
        time.sleep(0.05)
        return 7

    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(system.once("seven", find)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, len(calls)) == ([7] * 4, 1)


def test_what_could_not_be_found_out_is_tried_again() -> None:
    system = RealSystem()
    with pytest.raises(ZeroDivisionError):
        system.once("x", lambda: 1 // 0)
    assert system.once("x", lambda: 1) == 1


def test_a_folder_is_listed_once_for_an_examination(tmp_path: Path) -> None:
    system = RealSystem()
    (tmp_path / "a").touch()
    assert system.names(str(tmp_path)) == ("a",)
    (tmp_path / "b").touch()
    assert system.names(str(tmp_path)) == ("a",)
    assert RealSystem().names(str(tmp_path)) == ("a", "b")


def test_a_small_file_takes_little_memory_whatever_the_limit(tmp_path: Path) -> None:
    (tmp_path / "RECORD").write_bytes(b"a,b,c\n")
    system = RealSystem()
    tracemalloc.start()
    assert system.read(str(tmp_path / "RECORD"), limit=32_000_000) == b"a,b,c\n"
    assert system.read(str(tmp_path / "RECORD"), limit=3) == b"a,b"
    (tmp_path / "large").write_bytes(b"x" * 400_000)
    assert system.read(str(tmp_path / "large"), limit=32_000_000) == b"x" * 400_000
    assert system.read(str(tmp_path / "large"), limit=300_000) == b"x" * 300_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's files are Linux'")
def test_a_file_of_the_kernel_that_has_no_size_is_read() -> None:
    assert b"MemTotal" in (RealSystem().read("/proc/meminfo") or b"")
