"""Running checks: crashes and hangs are results, order is kept."""

from __future__ import annotations

import ast
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import mlcbuild.doctor.checks
import pytest
from fakemachine import linux, windows
from mlcbuild.doctor.check import Check, Examination, Outcome, fail, ok, warn
from mlcbuild.doctor.checks import CHECKS, load_check
from mlcbuild.doctor.runner import run_checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakemachine import FakeSystem
    from mlcbuild.doctor.system import System


def check(name: str, run: Callable[[System], Outcome], **options: object) -> Check:
    return Check(
        id=name,
        title=name,
        category="paths",
        why="",
        source="",
        run=run,
        **options,  # type: ignore[arg-type]
    )


def test_a_crash_is_a_result_and_the_others_go_on() -> None:
    def crash(_: System) -> Outcome:
        raise RuntimeError("broken metadata")

    bad, good = run_checks([check("bad", crash), check("good", lambda _: ok("fine"))], linux())
    assert (bad.status, good.status) == ("crash", "ok")
    assert "broken metadata" in bad.finding
    assert "--skip bad" in bad.fix
    assert Examination(results=(bad, good)).exit_code() == 1


def test_a_check_that_hangs_is_given_up() -> None:
    forever = threading.Event()

    def hang(_: System) -> Outcome:
        forever.wait(60)
        return ok("late")

    hung = [check(f"hung{number}", hang, limit_s=0.2) for number in range(9)]
    results = run_checks([*hung, check("good", lambda _: ok("fine"))], linux())
    forever.set()
    assert [result.status for result in results] == ["crash"] * 9 + ["ok"]
    assert "did not finish" in results[0].finding


def at_once(*, waits: bool) -> int:
    """Run eight checks of 20 ms and return how many ran at the same time."""
    lock, running, most = threading.Lock(), 0, 0

    def busy(_: System) -> Outcome:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return ok("fine")

    run_checks([check(f"c{number}", busy, waits=waits) for number in range(8)], linux())
    return most


def test_checks_that_wait_for_processes_run_side_by_side() -> None:
    assert at_once(waits=True) > 1


def test_checks_that_read_take_turns() -> None:
    assert at_once(waits=False) == 1


def test_a_reader_on_a_slow_drive_does_not_hold_up_the_others() -> None:
    others = threading.Event()

    def slow(_: System) -> Outcome:
        return ok("others went on") if others.wait(20) else fail("alone", fix="-")

    def other(_: System) -> Outcome:
        others.set()
        return ok("fine")

    first, second = run_checks([check("slow", slow), check("other", other, limit_s=20)], linux())
    assert (first.finding, second.status) == ("others went on", "ok")


@pytest.mark.parametrize("machine", [windows, linux])
def test_a_check_that_starts_a_process_says_that_it_waits(
    machine: Callable[[], FakeSystem],
) -> None:
    wrong, starting = [], 0
    for check_id in (each for ids in CHECKS.values() for each in ids):
        pc, known = machine(), load_check(check_id)
        if known.platforms and pc.platform not in known.platforms:
            continue
        known.run(pc)
        starting += bool(pc.commands)
        if pc.commands and not known.waits:
            wrong.append((check_id, pc.commands[0]))
    assert wrong == []
    assert starting >= 5


def test_a_check_without_a_fix_is_a_crash() -> None:
    (result,) = run_checks([check("bad", lambda _: fail("something", fix=""))], linux())
    assert result.status == "crash"


def test_checks_of_another_platform_and_of_the_network_are_skipped() -> None:
    other = check("other", lambda _: ok(""), platforms=("win32",))
    network = check("network", lambda _: ok("reached"), needs="network")
    assert [r.status for r in run_checks([other, network], linux())] == ["skip", "skip"]
    assert [r.status for r in run_checks([network], linux(), allowed={"network"})] == ["ok"]


def test_warnings_fail_with_strict_alone() -> None:
    examination = Examination(
        results=run_checks([check("w", lambda _: warn("w", fix="f"))], linux())
    )
    assert examination.status == "warn"
    assert examination.exit_code() == 0
    assert examination.exit_code(strict=True) == 1


def test_checks_import_nothing_of_ours_in_their_threads() -> None:
    """Threads that import a package and a part of it at once block each other (seen in Wine)."""
    for path in sorted(Path(mlcbuild.doctor.checks.__file__).parent.glob("[a-z]*.py")):
        late = {
            node.module
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlcbuild.")
        }
        own = {
            check_id for ids in CHECKS.values() for check_id in ids if ids[check_id] == path.stem
        }
        assert late <= {name for each in own for name in load_check(each).imports}, path.name


def test_what_a_check_imports_late_is_brought_before_it_runs() -> None:
    sys.modules.pop("colorsys", None)
    seen = []

    def look(_: System) -> Outcome:
        seen.append("colorsys" in sys.modules)
        return ok("fine")

    run_checks([check("late", look, imports=("colorsys", "no.such.module"))], linux())
    assert seen == [True]
