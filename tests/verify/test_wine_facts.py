"""What Wine's log means for Windows: the wheel's fault, or Wine's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import FailedError
from mlcbuild.loader.systemdata import builtin_system
from mlcbuild.verify import wine
from mlcbuild.verify.winefacts import Judgement, judge, read_log, refused, without_log

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = SimpleNamespace(programs=SimpleNamespace(version="wine-8.0"))

#: Lines as Wine 8 prints them.
STUB = "wine: Call from 000000007B013D7E to unimplemented function ucrtbase.dll.crealf, aborting"
NO_EXPORT = (
    "0120:warn:module:import_dll No implementation for {} imported from "
    r'L"Z:\\tmp\\x\\mid.pyd", setting to 0000000001600000'
)
NO_DLL = r'0100:err:module:import_dll Library {} (which is needed by L"Z:\\tmp\\x\\{}") not found'
BAD_DLL = (
    "0160:err:module:import_dll Loading library leaf.dll (which is needed by "
    r'L"Z:\\tmp\\x\\mid.dll") failed (error c000007b).'
)
NO_START = '020c:warn:module:process_attach Initialization of L"leaf.dll" failed'
LOAD_FAILED = "ImportError: DLL load failed while importing x: Module not found."


def judged(log: str, error: str = LOAD_FAILED, code: int = 1) -> Judgement:
    return judge(read_log(log), error=error, code=code, system=builtin_system(), wine="Wine 8.0")


def test_what_a_program_says_is_shown_without_wines_log() -> None:
    said = "\n".join((NO_DLL.format("a.dll", "b.dll"), "ValueError: no", NO_START, STUB, ""))
    assert without_log(said) == f"ValueError: no\n{STUB}\n"


def test_a_function_that_windows_has_and_wine_has_in_name_only_is_wines_lack() -> None:
    found = judged(STUB, error="the process died", code=0x80000100)
    assert (found.verdict, found.lacks) == ("cannot-tell", ("ucrtbase.dll!crealf",))
    assert found.reason == "Wine 8.0 lacks ucrtbase.dll!crealf, which Windows has"


def test_a_missing_export_of_the_wheels_own_dll_is_the_wheels_fault() -> None:
    found = judged(NO_EXPORT.format("leaf.dll.vanished"), error="died", code=0x80000100)
    assert found.verdict == "broken"
    assert "mid.pyd imports vanished from leaf.dll, which does not export it (127)" in found.reason


def test_a_missing_export_that_no_windows_has_either_is_the_wheels_fault() -> None:
    found = judged(NO_EXPORT.format("KERNEL32.dll.NoWindowsEverHadThis"))
    assert found.verdict == "broken"


def test_a_missing_export_that_windows_has_is_wines_lack_only_when_it_is_called() -> None:
    imported = NO_EXPORT.format("KERNEL32.dll.CopyFile2")
    assert judged(imported, error="RuntimeError: no good").verdict == "broken"
    called = STUB.replace("ucrtbase.dll.crealf", "KERNEL32.dll.CopyFile2")
    found = judged(f"{imported}\n{called}", error="the process died", code=0x80000100)
    assert (found.verdict, found.lacks) == ("cannot-tell", ("KERNEL32.dll!CopyFile2",))


def test_an_import_that_worked_is_refused_for_an_export_that_nobody_has() -> None:
    log = "\n".join(NO_EXPORT.format(what) for what in ("leaf.dll.gone", "USER32.dll.MessageBoxW"))
    assert list(refused(read_log(log), builtin_system())) == [
        "mid.pyd imports gone from leaf.dll, which does not export it (127)"
    ]


def test_the_deepest_missing_dll_is_named_and_not_those_that_need_it() -> None:
    log = "\n".join((NO_DLL.format("leaf.dll", "mid.dll"), NO_DLL.format("mid.dll", "x.pyd")))
    assert read_log(log).missing == (("leaf.dll", "mid.dll"),)
    found = judged(log)
    assert found.verdict == "broken"
    assert found.reason.startswith("mid.dll needs leaf.dll, which neither the wheel")


def test_a_missing_dll_that_windows_has_is_wines_lack() -> None:
    found = judged(NO_DLL.format("WINBIO.dll", "x.pyd"))
    assert (found.verdict, found.lacks) == ("cannot-tell", ("WINBIO.dll",))


def test_an_image_of_another_machine_is_the_wheels_fault() -> None:
    found = judged("\n".join((BAD_DLL, NO_DLL.format("mid.dll", "x.pyd"))))
    assert found.verdict == "broken"
    assert "mid.dll needs leaf.dll, which is not an image for this process (193)" in found.reason


def test_an_initialiser_that_fails_is_the_wheels_fault_unless_wine_lacks_something() -> None:
    assert judged(NO_START).reason.startswith("the initialiser of leaf.dll fails (1114)")
    assert judged(NO_START).verdict == "broken"
    assert judged(f"{NO_START}\n{STUB}").verdict == "cannot-tell"


def test_a_crash_without_a_cause_is_not_held_against_the_wheel() -> None:
    found = judged("", error="the process died", code=0xC0000005)
    assert found.verdict == "cannot-tell"
    assert "STATUS_ACCESS_VIOLATION" in found.reason


def test_a_function_that_python_asked_for_and_windows_has_is_wines_lack() -> None:
    has = "AttributeError: function 'AddResourceAttributeAce' not found"
    assert judged("", error=has).verdict == "cannot-tell"
    none_has = "AttributeError: function 'NoWindowsEverHadThis' not found"
    assert judged("", error=none_has).verdict == "broken"


def test_an_exception_of_python_is_the_wheels_fault() -> None:
    assert judged("", error="RuntimeError: no good") == Judgement(
        verdict="broken", reason="RuntimeError: no good"
    )


def test_a_process_that_wine_cannot_start_says_nothing_about_the_wheel() -> None:
    found = judged("", error="OSError: [WinError 1359] Internal error")
    assert found.verdict == "cannot-tell"
    assert found.reason == (
        "Wine 8.0 reports OSError: [WinError 1359] Internal error, without a cause"
    )


def test_a_step_for_which_wine_could_not_start_a_process_is_done_once_more(tmp_path: Path) -> None:
    place = wine.WinePlace(
        folder=tmp_path, log=tmp_path / "log", lab=SimpleNamespace(prefix=PREFIX)
    )  # type: ignore[arg-type]
    place.log.touch()
    answers = [FailedError("OSError: [WinError 1359] Internal error"), "well"]

    def step() -> str:
        answer = answers.pop(0)
        if isinstance(answer, FailedError):
            raise answer
        return answer

    assert wine.judged(place, step) == "well"
    answers[:] = [FailedError("[WinError 1359]")] * 3
    with pytest.raises(wine.CannotTellError, match="without a cause"):
        wine.judged(place, step)
    assert len(answers) == 1
