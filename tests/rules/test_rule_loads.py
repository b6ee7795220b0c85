"""Rules that turn the loader's problems into findings."""

from __future__ import annotations

from typing import Any

import pytest
from check_facts import broken_load, image, loads, need, run_rule, subject, wheel


def test_a_missing_dll_is_one_finding_at_its_importer_however_many_suffer() -> None:
    top, mid = image("pkg/top.dll"), image("pkg/mid.dll")
    judged = subject(
        top,
        mid,
        loads_of={
            "pkg/top.dll": broken_load("missing-dll", 126, ["pkg/top.dll", "mid.dll", "leaf.dll"]),
            "pkg/mid.dll": broken_load("missing-dll", 126, ["pkg/mid.dll", "leaf.dll"]),
        },
    )
    (finding,) = run_rule("missing-dll", judged)
    assert (finding.severity, finding.module) == ("error", "pkg/mid.dll")
    assert finding.evidence["dll"] == "leaf.dll"
    assert finding.evidence["fails_too"] == ["pkg/top.dll"]


def test_a_dll_missing_behind_a_companion_is_reported_at_the_module_that_suffers() -> None:
    judged = subject(
        image("a.dll"),
        loads_of={"a.dll": broken_load("missing-dll", 126, ["a.dll", "other.dll", "gone.dll"])},
    )
    (finding,) = run_rule("missing-dll", judged)
    assert finding.module == "a.dll"
    assert finding.evidence["chain"] == ["a.dll", "other.dll", "gone.dll"]


def test_a_missing_dll_that_lies_elsewhere_in_the_package_names_the_folder_to_add() -> None:
    judged = subject(
        image("pkg/user.dll"),
        image("pkg/libs/leaf.dll"),
        loads_of={
            "pkg/user.dll": broken_load("missing-dll", 126, ["pkg/user.dll", "leaf.dll"]),
        },
    )
    (finding,) = run_rule("missing-dll", judged)
    assert finding.evidence["elsewhere"] == ["pkg/libs/leaf.dll"]
    assert "--add-dir pkg/libs" in finding.fix


def test_a_dll_that_only_some_machines_have_is_a_warning() -> None:
    judged = subject(
        image("a.dll"),
        loads_of={"a.dll": broken_load("old-redist", 126, ["a.dll", "msvcr90.dll"], certain=False)},
    )
    (finding,) = run_rule("missing-dll", judged)
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("cause", "code"), [("missing-export", 127), ("missing-ordinal", 182), ("no-exports", 127)]
)
def test_a_missing_symbol_is_an_error_that_names_it(cause: Any, code: Any) -> None:
    judged = subject(
        image("a.dll"),
        image("b.dll"),
        loads_of={"a.dll": broken_load(cause, code, ["a.dll", "b.dll"], symbol="f")},
    )
    (finding,) = run_rule("missing-export", judged)
    assert (finding.severity, finding.module) == ("error", "a.dll")
    assert finding.evidence["symbol"] == "f"
    assert finding.evidence["winerror"] == code


def test_two_missing_symbols_are_two_findings() -> None:
    problem = broken_load("missing-export", 127, ["a.dll", "b.dll"], symbol="f")
    other = broken_load("missing-export", 127, ["c.dll", "b.dll"], symbol="g")
    judged = subject(image("a.dll"), image("c.dll"), loads_of={"a.dll": problem, "c.dll": other})
    assert len(run_rule("missing-export", judged)) == 2


def test_a_dependency_for_another_processor_is_an_error() -> None:
    judged = subject(
        image("a.dll"),
        image("b.dll", machine="x86"),
        loads_of={"a.dll": broken_load("wrong-machine", 193, ["a.dll", "b.dll"])},
        wheel=wheel(),
    )
    (finding,) = run_rule("wrong-machine", judged)
    assert (finding.severity, finding.module) == ("error", "a.dll")


def test_a_wheels_helper_for_another_processor_is_left_to_the_tag_rule() -> None:
    helper = broken_load("wrong-machine", 193, ["helper.dll"])
    judged = subject(
        image("helper.dll", machine="x86"), loads_of={"helper.dll": helper}, wheel=wheel()
    )
    assert run_rule("wrong-machine", judged) == []


def test_a_delay_loaded_dll_that_is_nowhere_is_a_warning_and_not_a_missing_dll() -> None:
    judged = subject(
        image("a.dll"),
        loads_of={"a.dll": broken_load("missing-dll", 126, ["a.dll", "late.dll"], delayed=True)},
    )
    (finding,) = run_rule("delay-load-missing", judged)
    assert finding.severity == "warning"
    assert finding.evidence["dll"] == "late.dll"
    assert run_rule("missing-dll", judged) == []


def test_a_driver_dll_is_a_warning_that_says_who_brings_it() -> None:
    judged = subject(
        image("a.dll", imports={"vulkan-1.dll": ["vkCreateInstance"]}),
        loads_of={"a.dll": loads(need("vulkan-1.dll", "driver"))},
    )
    (finding,) = run_rule("driver-dll-needed", judged)
    assert finding.severity == "warning"
    assert "driver" in finding.message
    assert run_rule("missing-dll", judged) == []


def test_a_delay_loaded_driver_dll_is_a_note() -> None:
    judged = subject(
        image("a.dll", delayed={"nvcuda.dll": ["cuInit"]}),
        loads_of={"a.dll": loads(need("nvcuda.dll", "driver", delayed=True))},
    )
    (finding,) = run_rule("driver-dll-needed", judged)
    assert finding.severity == "note"


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("nvcuda.dll", "error"),
        ("nvml-0123456789abcdef0123456789abcdef.dll", "error"),
        ("vulkan-1.dll", "warning"),
        ("OpenCL-0123456789abcdef0123456789abcdef.dll", "warning"),
    ],
)
def test_a_bundled_driver_dll_is_found_under_its_mangled_name_too(name: Any, severity: Any) -> None:
    (finding,) = run_rule("driver-dll-bundled", subject(image(f"pkg.libs/{name}")))
    assert finding.severity == severity


def test_checking_the_drivers_own_dll_is_no_bundling() -> None:
    assert run_rule("driver-dll-bundled", subject(image("nvcuda.dll"), kind="image")) == []


def test_a_program_in_a_package_may_find_its_dll_on_path() -> None:
    load = {"tool.exe": broken_load("missing-dll", 126, ["tool.exe", "gone.dll"])}
    program = image("tool.exe")
    (finding,) = run_rule("missing-dll", subject(program, loads_of=load))
    assert finding.severity == "warning"
    (finding,) = run_rule("missing-dll", subject(program, loads_of=load, kind="image"))
    assert finding.severity == "error"


def test_a_missing_part_of_windows_is_not_to_be_bundled() -> None:
    load = broken_load("optional", 126, ["a.dll", "mfplat.dll"], certain=False)
    (finding,) = run_rule("missing-dll", subject(image("a.dll"), loads_of={"a.dll": load}))
    assert finding.severity == "warning"
    assert "bundle" not in finding.fix


def test_what_depends_on_the_order_of_imports_is_a_warning() -> None:
    load = broken_load("missing-dll", 126, ["pkg/sub/_b.pyd", "common.dll"], certain=False)
    judged = subject(
        image("pkg/sub/_b.pyd"), image("pkg/common.dll"), loads_of={"pkg/sub/_b.pyd": load}
    )
    (finding,) = run_rule("missing-dll", judged)
    assert finding.severity == "warning"
    assert "--add-dir pkg" in finding.fix
