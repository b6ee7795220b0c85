"""WinError 1114 in the verdict: an old C++ runtime under a constexpr std::mutex."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from check_facts import broken_load, image, loads, need, run_rule, subject
from mlcbuild.check.corrections import with_initialiser_failures
from mlcbuild.rules.finding import Neighbour

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load

LOCKS = {"msvcp140.dll": ["_Mtx_lock"]}
FROM_SYSTEM = need("msvcp140.dll", "system", importer="pkg/a.dll")


def load_of(path: str, **facts: object) -> Load:
    """Return the load of one module of: top.dll -> mid.dll -> a.dll, which locks a mutex."""
    settings = {"msvcp140": (14, 29), **facts}
    judged = subject(
        image("pkg/top.dll", imports={"mid.dll": ["f"]}),
        image("pkg/mid.dll", imports={"a.dll": ["f"]}),
        image("pkg/a.dll", imports=LOCKS),
        loads_of={
            "pkg/a.dll": loads(FROM_SYSTEM),
            "pkg/mid.dll": loads(
                need("a.dll", "dll-dir", "pkg/a.dll", importer="pkg/mid.dll"), FROM_SYSTEM
            ),
            "pkg/top.dll": loads(
                need("mid.dll", "dll-dir", "pkg/mid.dll", importer="pkg/top.dll"),
                need("a.dll", "dll-dir", "pkg/a.dll", importer="pkg/mid.dll", direct=False),
                FROM_SYSTEM,
            ),
        },
        **settings,
    )
    return with_initialiser_failures(judged).loads[path]


def test_a_module_that_finds_all_its_dlls_still_fails_with_1114() -> None:
    load = load_of("pkg/a.dll")
    assert (load.verdict, load.winerror) == ("fails", 1114)
    assert load.chain == ("pkg/a.dll",)
    assert "14.40" in load.reason
    assert "14.29" in load.reason


def test_whoever_needs_it_fails_too_and_the_chain_leads_to_it() -> None:
    load = load_of("pkg/top.dll")
    assert (load.verdict, load.winerror) == ("fails", 1114)
    assert load.chain == ("pkg/top.dll", "mid.dll", "a.dll")


def test_on_a_new_runtime_everything_loads() -> None:
    for version in ((14, 40), (14, 38), None):
        assert load_of("pkg/top.dll", msvcp140=version).verdict == "loads"


def test_a_missing_dll_is_what_windows_reports_first() -> None:
    judged = subject(
        image("a.dll", imports=LOCKS),
        loads_of={"a.dll": broken_load("missing-dll", 126, ["a.dll", "gone.dll"], FROM_SYSTEM)},
        msvcp140=(14, 29),
    )
    assert with_initialiser_failures(judged).loads["a.dll"].winerror == 126


def test_a_delay_loaded_crash_does_not_stop_the_load() -> None:
    judged = subject(
        image("user.dll", delayed={"a.dll": ["f"]}),
        image("a.dll", imports=LOCKS),
        loads_of={
            "a.dll": loads(FROM_SYSTEM),
            "user.dll": loads(need("a.dll", "dll-dir", "a.dll", importer="user.dll", delayed=True)),
        },
        msvcp140=(14, 29),
    )
    assert with_initialiser_failures(judged).loads["user.dll"].verdict == "loads"


def test_where_only_some_copies_are_too_old_it_may_fail() -> None:
    judged = subject(
        image("a.dll", imports=LOCKS),
        image("old/msvcp140.dll", version=(14, 27, 0, 0)),
        image("new/msvcp140.dll", version=(14, 44, 0, 0)),
        loads_of={
            "a.dll": loads(
                need(
                    "msvcp140.dll",
                    "added-dir",
                    "new/msvcp140.dll",
                    key="new/msvcp140.dll",
                    alternatives=("old/msvcp140.dll",),
                )
            )
        },
    )
    load = with_initialiser_failures(judged).loads["a.dll"]
    assert (load.verdict, load.winerror) == ("may-fail", 1114)


def test_a_certain_crash_outweighs_what_a_machine_may_lack() -> None:
    gpu = broken_load("driver", 126, ["a.dll", "vulkan-1.dll"], FROM_SYSTEM, certain=False)
    judged = subject(image("a.dll", imports=LOCKS), loads_of={"a.dll": gpu}, msvcp140=(14, 29))
    load = with_initialiser_failures(judged).loads["a.dll"]
    assert (load.verdict, load.winerror) == ("fails", 1114)


def test_a_companion_that_crashes_takes_its_user_along() -> None:
    companion = "tvm.whl!tvm/tvm.dll"
    judged = subject(
        image("pkg/user.dll", imports={"tvm.dll": ["f"]}),
        loads_of={
            "pkg/user.dll": loads(
                need("tvm.dll", "companion", key=companion, importer="pkg/user.dll"),
                need("msvcp140.dll", "system", importer="tvm/tvm.dll", direct=False),
            )
        },
        neighbours=(
            Neighbour(
                path=companion, origin="companion", image=image("tvm/tvm.dll", imports=LOCKS)
            ),
        ),
        msvcp140=(14, 29),
    )
    load = with_initialiser_failures(judged).loads["pkg/user.dll"]
    assert (load.verdict, load.winerror) == ("fails", 1114)
    assert load.chain == ("pkg/user.dll", "tvm.dll")
    (finding,) = run_rule("mutex-abi", judged)
    assert (finding.severity, finding.module) == ("error", None)
    assert "tvm.dll" in finding.message
    fine = replace(judged, msvcp140=(14, 44))
    assert with_initialiser_failures(fine).loads["pkg/user.dll"].verdict == "loads"
    assert run_rule("mutex-abi", fine) == []
