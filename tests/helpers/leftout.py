"""Leave out the tests whose needs this machine lacks, and say at the end what they were.

A pytest plugin. The needs are in needs.py; ``slow`` is one more, which ``--slow`` grants.
``--everything`` makes an error of whatever is left out and could have run here: it implies
``--slow``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from needs import BY_NAME, NEEDS, lacking, require

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = "needs_"
_SLOW = "slow: a real build, over five seconds, or one of many alike"
_SLOW_ADVICE = "python3 scripts/test.py --slow"


@dataclass(frozen=True, kw_only=True, order=True)
class Row:
    """One reason for which tests were left out."""

    number: int
    what: str
    why: str
    advice: str
    #: They could have run here.
    wrong: bool


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare what the script asks for."""
    group = parser.getgroup("mlcbuild")
    group.addoption("--slow", action="store_true", help="run the slow tests too")
    group.addoption(
        "--everything",
        action="store_true",
        help="--slow, and an error where a test is left out that could have run here",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare one marker a need."""
    for need in NEEDS:
        config.addinivalue_line("markers", f"{_PREFIX}{need.name}: uses {need.what}")


def _slow_granted(config: pytest.Config) -> bool:
    options = config.option
    return bool(options.slow or options.everything or "slow" in (options.markexpr or ""))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests: the quick ones fill what is left of a process."""
    if _slow_granted(config):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out before its fixtures are made."""
    if item.get_closest_marker("slow") and not _slow_granted(item.config):
        pytest.skip(_SLOW)
    for marker in item.iter_markers():
        if marker.name.startswith(_PREFIX):
            require(marker.name.removeprefix(_PREFIX))


def rows(reasons: Iterable[str]) -> list[Row]:
    """Sum up the reasons of skipped tests by what lacks, the most frequent first."""
    counted: Counter[str] = Counter()
    whys: dict[str, set[str]] = {}
    for reason in reasons:
        found = re.match(rf"{_PREFIX}(\w+): (.*)", reason, re.DOTALL)
        name, why = (found[1], found[2]) if found and found[1] in BY_NAME else (reason, "")
        counted[name] += 1
        whys.setdefault(name, set()).add(why)
    made = (_row(name, number, "; ".join(sorted(whys[name]))) for name, number in counted.items())
    return sorted(made, reverse=True)


def _row(name: str, number: int, why: str) -> Row:
    """Judge one reason; one that no need gives is a bare skip, which nothing excuses."""
    need = BY_NAME.get(name)
    if need is None:
        advice = _SLOW_ADVICE if name == _SLOW else ""
        return Row(number=number, what=name, why="", advice=advice, wrong=True)
    # What --setup brings, it should have brought; a server that does not answer is no fault here.
    wrong = not need.provided_by
    if need.made_from:
        wrong = need.made_from != name and not lacking(need.made_from)
    return Row(number=number, what=need.what, why=why, advice=need.advice, wrong=wrong)


def _reasons(terminalreporter: pytest.TerminalReporter) -> list[str]:
    skipped = terminalreporter.stats.get("skipped", ())
    return [str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where everything was asked for and something that could run did not."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not session.config.option.everything:
        return
    if session.exitstatus == pytest.ExitCode.OK and any(r.wrong for r in rows(_reasons(reporter))):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table: how many tests, what they use, what brings it."""
    table = rows(_reasons(terminalreporter))
    if not table:
        return
    terminalreporter.section(f"left out: {sum(row.number for row in table)} tests")
    for row in table:
        terminalreporter.write_line(f"{row.number:6}  {row.what}{row.why and f': {row.why}'}")
        if row.advice:
            terminalreporter.write_line(f"        {row.advice}")
    if terminalreporter.config.option.everything:
        for row in table:
            if row.wrong:
                terminalreporter.write_line(
                    f"error: {row.number} tests could have run here: {row.what}", red=True
                )
