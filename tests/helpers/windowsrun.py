"""Which tests scripts/test_windows.py leaves out under Windows CPython in Wine, and why.

A pytest plugin (``-p windowsrun``). Nothing is left out silently: every entry of ``NOT_RUN`` has
its reason and is counted at the end, beside the tests' own skips; one that fits no test fails.
On Windows itself all of these run.
"""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

_ZIG = "zig's compiler does not run in Wine 8"
_GIT = "needs Git for Windows, which no package index brings"
_CARGO = "needs Cargo for Windows, which no package index brings"
_JUDGE = "asks Wine for its verdict, as the same test does on Linux"
_LINUX = "about a part that is Linux's alone"
_POSIX = "about what POSIX has: c++, symbolic links, signals"
_AGAIN = "builds all cases of the loader's model again; test_loader_verdicts.py runs them"
_BROWSER = "needs Chromium for Windows, which no package index brings"
_OWN = "cibuildwheel and pre-commit make environments of their own: minutes in Wine"
_SHELL = "runs bash or sha256sum, which no package index brings for Windows"
_ELF = "about ELF libraries, which GCC of Linux makes"
_BUILDS = "real builds by the dozen, of GCC's names; Windows' pip builds one in tests/lab"
_STUDIO = "needs Visual Studio's compiler"
_TIME = "a limit on time that Wine on a busy machine does not keep"
_RECORDED = "a recorded answer of Windows, which Windows itself would give anew"
_DOCUMENTS = "about the documents, which are the same everywhere; Linux has the browser"
#: (pattern of the test's address, reason). Brackets stand for themselves, * for anything.
NOT_RUN: tuple[tuple[str, str], ...] = (
    ("tests/docs/*", _DOCUMENTS),
    ("tests/lab/*", _LINUX),
    ("tests/ci/test_workflows.py*", _SHELL),
    ("tests/ci/test_matrix_command.py::test_the_toolchain_is_said_*", _STUDIO),
    ("tests/ci/test_matrix_command.py::test_values_of_several_lines_*", _STUDIO),
    ("tests/verify/test_verify_command.py::test_a_hanging_import_*", _POSIX),
    ("tests/page/test_page_in_browser.py*", _BROWSER),
    ("tests/page/test_page_accessible.py*", _BROWSER),
    ("tests/pe/test_pe_robust.py::test_descriptors_that_share_*", _TIME),
    ("tests/builder/test_backend_hooks.py::test_a_missing_cargo_*", _POSIX),
    ("tests/builder/test_backend_hooks.py::test_sources_that_cannot_be_had_*", _CARGO),
    ("tests/loader/test_loader_wine.py*", _JUDGE),
    ("tests/loader/test_sick_dlls.py*", _JUDGE),
    ("tests/loader/test_loader_command.py*", _AGAIN),
    ("*[zig*", _ZIG),
    ("*a_zig_dll*", _ZIG),
    ("tests/pe/test_pe_against_pefile.py::test_zig_*", _ZIG),
    ("tests/linker/test_windows_link.py::test_tvm_ffi_is_imported_*", _ZIG),
    ("tests/linker/test_windows_link.py::test_arm64_objects_*", _ZIG),
    ("tests/linker/test_windows_link.py::test_a_function_that_nobody_has_*", _ZIG),
    ("tests/model/test_model_request.py::test_for_windows_the_compilers_*", _ZIG),
    ("tests/check/test_check_ecosystem.py::test_cibuildwheels_*", _OWN),
    ("tests/check/test_check_ecosystem.py::test_the_pre_commit_*", _OWN),
    ("tests/check/test_check_ecosystem.py::test_the_action_*", _SHELL),
    ("tests/check/test_check_ecosystem.py::test_an_input_of_the_action_*", _SHELL),
    ("tests/builder/test_elf.py*", _ELF),
    ("tests/doctor/test_doctor_wine.py*", _LINUX),
    ("tests/doctor/test_doctor_command.py::test_whatever_is_wrong_*", _GIT),
    ("tests/doctor/test_doctor_command.py::test_it_answers_within_a_second*", _TIME),
    ("tests/builder/test_gate_wheel.py*", _BUILDS),
    ("tests/builder/test_gate_windows.py*", _BUILDS),
    ("tests/builder/test_policy.py*", _BUILDS),
    ("tests/builder/test_policy_windows.py*", _BUILDS),
    ("tests/builder/test_skbuild_backend.py*", _BUILDS),
    ("tests/builder/test_provider.py::test_only_states_*", _STUDIO),
    ("tests/builder/test_provider.py::test_a_cmake_that_would_*", _STUDIO),
    ("tests/builder/test_provider.py::test_flattened_settings_*", _STUDIO),
    ("tests/builder/test_judge.py::test_a_symbol_that_nobody_defines_*", _ELF),
    ("tests/release/test_release_command.py::test_the_hashes_are_*", _SHELL),
    ("tests/doctor/test_doctor_trial.py::test_a_library_is_built_*", _STUDIO),
    ("tests/doctor/test_doctor_trial.py::test_a_compiler_that_does_not_work_*", _STUDIO),
    ("tests/locator/test_locator_choice.py::test_a_number_of_windows_*", _RECORDED),
    ("tests/sources/test_fetch_git.py*", _GIT),
    ("tests/sources/test_fetch_sdist.py*", _GIT),
    ("tests/sources/test_hostile_answers.py::test_trees_*", _GIT),
    ("tests/sources/test_hostile_answers.py::test_a_tree_*", _GIT),
    ("tests/sources/test_hostile_answers.py::test_a_file_beyond_*", _GIT),
    ("tests/sources/test_patches.py*", _GIT),
    ("tests/sources/test_crates.py*", _CARGO),
)


def reason_of(address: str) -> str | None:
    """Return why a test is not run here, None where it is."""
    plain = address.replace("[", "\0")
    for pattern, reason in NOT_RUN:
        if fnmatchcase(plain, pattern.replace("[", "\0")):
            return reason
    return None


def unused(addresses: Iterable[str]) -> list[str]:
    """Return the patterns that fit none of the tests."""
    plain = [address.replace("[", "\0") for address in addresses]
    return [
        pattern
        for pattern, _ in NOT_RUN
        if not any(fnmatchcase(address, pattern.replace("[", "\0")) for address in plain)
    ]


class _Counts:
    """What was left out, in this process or (pytest-xdist) in a worker."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.stale: list[str] = []


_COUNTS = _Counts()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare how the script says that all tests were asked for."""
    parser.addoption("--whole", action="store_true", help="fail where a pattern fits no test")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what cannot run here. Before that, ``-m`` and ``-k`` have chosen."""
    kept, gone = [], []
    for item in items:
        if item.get_closest_marker("slow") is not None:
            reason: str | None = "slow: real builds, for Windows itself"
        else:
            reason = reason_of(item.nodeid)
        if reason is None:
            kept.append(item)
        else:
            gone.append(item)
            _COUNTS.left_out[reason] += 1
    if config.getoption("whole"):
        _COUNTS.stale = unused(item.nodeid for item in items)
    items[:] = kept
    config.hook.pytest_deselected(items=gone)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts to the process that prints."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["windowsrun"] = (dict(_COUNTS.left_out), _COUNTS.stale)
    elif _COUNTS.stale and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take a worker's counts; every worker collects all tests."""
    left_out, stale = getattr(node, "workeroutput", {}).get("windowsrun", ({}, []))
    _COUNTS.left_out = Counter(left_out)
    _COUNTS.stale = stale


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was run and what was not."""
    count = {
        name: len(terminalreporter.stats.get(name, ())) for name in ("passed", "failed", "error")
    }
    skipped = Counter(
        f"skips itself: {report.longrepr[2].removeprefix('Skipped: ')}"
        for report in terminalreporter.stats.get("skipped", ())
    )
    reasons = _COUNTS.left_out + skipped
    run = sum(count.values())
    terminalreporter.section("Windows CPython")
    terminalreporter.write_line(
        f"{run} tests run: {count['passed']} passed, {count['failed'] + count['error']} not"
    )
    terminalreporter.write_line(f"{sum(reasons.values())} not run here:")
    for reason, number in reasons.most_common():
        terminalreporter.write_line(f"{number:6}  {reason}")
    for pattern in _COUNTS.stale:
        terminalreporter.write_line(f"tests/helpers/windowsrun.py: {pattern!r} fits no test")
