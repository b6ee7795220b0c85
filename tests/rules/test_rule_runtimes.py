"""Rules about the C and C++ runtimes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from check_facts import image, loads, need, run_rule, subject
from mlcbuild.pe.facts import ImportedDll, ImportedSymbol
from mlcbuild.rules.cpp_runtime import needed_redist
from mlcbuild.rules.finding import Neighbour
from mlcbuild.rules.names import is_mangled, original_name
from mlcbuild.rules.redist import minimum_msvcp140

MANGLED = "msvcp140-0123456789abcdef0123456789abcdef.dll"


def locks(name: Any = "msvcp140.dll", *extra: Any) -> Any:
    return {name: ["_Mtx_lock", "_Mtx_unlock", *extra]}


def from_system(path: Any = "a.dll", **facts: Any) -> Any:
    return (
        image(path, imports=facts.pop("imports", locks()), **facts),
        {path: loads(need("msvcp140.dll", "system"))},
    )


@pytest.mark.parametrize("name", ["msvcp140d.dll", "vcruntime140_1d.dll", "UCRTBASED.dll"])
def test_an_image_that_imports_a_debug_runtime_is_an_error(name: Any) -> None:
    (finding,) = run_rule("debug-crt", subject(image("a.dll", imports={name: ["f"]})))
    assert (finding.severity, finding.module) == ("error", "a.dll")
    assert name in finding.message


def test_a_bundled_debug_runtime_is_an_error_even_mangled() -> None:
    name = "vcruntime140d-0123456789abcdef0123456789abcdef.dll"
    judged = subject(image("a.dll", imports={name: ["f"]}), image(f"a.libs/{name}"))
    assert [f.severity for f in run_rule("debug-crt", judged)] == ["error", "error"]


def test_release_runtimes_are_no_debug_finding() -> None:
    names = ["msvcp140.dll", "vcruntime140_1.dll", "ucrtbase.dll", "kernel32.dll", "old.dll"]
    judged = subject(image("a.dll", imports={name: ["f"] for name in names}))
    assert run_rule("debug-crt", judged) == []


@pytest.mark.parametrize(
    ("given", "severity"),
    [((14, 29), "error"), ((14, 37, 32822), "error"), ((14, 38), "warning"), ((14, 39), "warning")],
)
def test_a_constexpr_mutex_on_an_older_system_runtime_is_found(given: Any, severity: Any) -> None:
    module, load = from_system()
    (finding,) = run_rule("mutex-abi", subject(module, loads_of=load, msvcp140=given))
    assert (finding.severity, finding.module) == (severity, "a.dll")
    assert finding.evidence["minimum_msvcp140"] == "14.40"


@pytest.mark.parametrize("given", [(14, 40), (14, 40, 33810), (14, 51)])
def test_a_constexpr_mutex_on_a_new_runtime_is_fine(given: Any) -> None:
    module, load = from_system()
    assert run_rule("mutex-abi", subject(module, loads_of=load, msvcp140=given)) == []


def test_an_unknown_system_runtime_is_a_warning_about_older_machines() -> None:
    module, load = from_system()
    (finding,) = run_rule("mutex-abi", subject(module, loads_of=load))
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    "facts",
    [
        {"linker_version": (14, 39), "toolset": (14, 39)},
        {"imports": {"msvcp140.dll": ["_Mtx_init_in_situ", "?cout@std@@"]}},
        {"imports": {"kernel32.dll": ["f"]}},
        {"imports": {"kernel32.dll": ["f"]}, "crt": "static"},
    ],
)
def test_images_that_cannot_hold_a_constexpr_mutex_are_safe(facts: Any) -> None:
    module, load = from_system(**facts)
    assert run_rule("mutex-abi", subject(module, loads_of=load, msvcp140=(14, 29))) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"linker_version": (14, 40), "toolset": (14, 40)},
        {"producer": "rust"},
        {"toolset": None, "linker_version": (14, 44)},
        {"linker_version": (14, 0), "producer": "clang"},
    ],
)
def test_any_object_of_14_40_or_a_linker_of_14_40_makes_it_certain(facts: Any) -> None:
    module, load = from_system(**facts)
    (finding,) = run_rule("mutex-abi", subject(module, loads_of=load, msvcp140=(14, 29)))
    assert (finding.severity, finding.evidence["use"]) == ("error", "certain")


def test_an_import_by_ordinal_is_no_lock() -> None:
    module = image("a.dll", imports={"msvcp140.dll": ["f"]})
    by_ordinal = ImportedDll(name="msvcp140.dll", symbols=(ImportedSymbol(name=None, ordinal=7),))
    judged = subject(replace(module, imports=(by_ordinal,)), msvcp140=(14, 29))
    assert run_rule("mutex-abi", judged) == []


def test_objects_of_mixed_origin_are_at_risk_not_certain() -> None:
    module, load = from_system(imports=locks("msvcp140.dll", "_Mtx_init_in_situ"))
    (finding,) = run_rule("mutex-abi", subject(module, loads_of=load, msvcp140=(14, 29)))
    assert finding.severity == "warning"
    assert finding.evidence["use"] == "at-risk"


def test_without_a_known_toolset_the_rule_says_that_it_cannot_tell() -> None:
    module, load = from_system(toolset=None, producer="clang", linker_version=(14, 0))
    (finding,) = run_rule("mutex-abi", subject(module, loads_of=load))
    assert finding.severity == "note"
    assert "unknown" in finding.message


def test_a_delay_loaded_runtime_counts() -> None:
    module = image("a.dll", delayed=locks())
    judged = subject(
        module,
        loads_of={"a.dll": loads(need("msvcp140.dll", "system", delayed=True))},
        msvcp140=(14, 29),
    )
    assert [f.severity for f in run_rule("mutex-abi", judged)] == ["error"]


@pytest.mark.parametrize(
    ("version", "severities"), [((14, 29, 0, 0), ["error"]), ((14, 44, 0, 0), [])]
)
def test_a_mangled_bundled_runtime_is_the_only_copy_that_counts(
    version: Any, severities: Any
) -> None:
    module = image("pkg/a.pyd", imports=locks(MANGLED))
    bundled = image(f"pkg.libs/{MANGLED}", version=version)
    judged = subject(
        module,
        bundled,
        loads_of={"pkg/a.pyd": loads(need(MANGLED, "added-dir", bundled.path))},
        msvcp140=(14, 29),
    )
    assert [f.severity for f in run_rule("mutex-abi", judged)] == severities


def test_an_old_copy_of_a_companion_can_be_loaded_first() -> None:
    module, load = from_system()
    old = Neighbour(
        path="other.whl: other/msvcp140.dll",
        origin="companion",
        image=image("other/msvcp140.dll", version=(14, 29, 30139, 0)),
    )
    judged = subject(module, loads_of=load, msvcp140=(14, 44), neighbours=(old,))
    (finding,) = run_rule("mutex-abi", judged)
    assert finding.severity == "warning"  # the system's may be first
    assert "other.whl" in finding.message


def test_pythons_own_old_copy_wins_over_the_system() -> None:
    module = image("a.dll", imports=locks())
    mine = Neighbour(
        path="C:/env/msvcp140.dll",
        origin="python-dir",
        image=image("msvcp140.dll", version=(14, 27, 0, 0)),
    )
    judged = subject(
        module,
        loads_of={"a.dll": loads(need("msvcp140.dll", "python-dir", "C:/env/msvcp140.dll"))},
        neighbours=(mine,),
    )
    (finding,) = run_rule("mutex-abi", judged)
    assert finding.severity == "error"
    assert finding.evidence["copies"] == [{"where": "C:/env/msvcp140.dll", "version": "14.27"}]


@pytest.mark.parametrize(
    ("toolset", "redist"),
    [((14, 44), (14, 44)), ((14, 43), (14, 42)), ((14, 41), (14, 40)), ((14, 29), (14, 29))],
)
def test_odd_toolsets_share_the_redistributable_before(toolset: Any, redist: Any) -> None:
    assert needed_redist(toolset) == redist


def test_an_old_bundled_runtime_is_a_warning_with_the_minimum() -> None:
    module = image("pkg/a.pyd", imports={MANGLED: ["?cout@std@@"]})
    bundled = image(f"pkg.libs/{MANGLED}", version=(14, 29, 30139, 0), toolset=(14, 29))
    judged = subject(
        module, bundled, loads_of={"pkg/a.pyd": loads(need(MANGLED, "added-dir", bundled.path))}
    )
    (finding,) = run_rule("redist-too-old", judged)
    assert finding.severity == "warning"
    assert finding.evidence["minimum_msvcp140"] == "14.44"


def test_a_needed_redistributable_is_one_warning_with_the_minimum_of_all_modules() -> None:
    first, one = from_system("a.dll", imports={"msvcp140.dll": ["f"]}, toolset=(14, 43))
    second, two = from_system("b.dll", imports={"msvcp140.dll": ["f"]}, toolset=(14, 29))
    user, three = (
        image("pkg/user.pyd"),
        {"pkg/user.pyd": loads(need("a.dll", "dll-dir", key="a.dll"))},
    )
    judged = subject(first, second, user, loads_of={**one, **two, **three})
    (finding,) = run_rule("redist-needed", judged)
    assert (finding.severity, finding.module) == ("warning", None)
    assert minimum_msvcp140(judged) == (14, 42)
    assert finding.message == (
        "WinError 126 on a Windows without the Visual C++ redistributable 14.42 or newer: "
        "3 images need msvcp140.dll of it"
    )
    assert finding.evidence["modules"] == ["a.dll", "b.dll", "pkg/user.pyd"]
    assert run_rule("redist-too-old", judged) == []


@pytest.mark.parametrize(
    "given",
    [
        need("msvcp140.dll", "dll-dir", "msvcp140.dll", key="msvcp140.dll"),  # bundled
        need("msvcp140.dll", "companion", key="x.whl!x/msvcp140.dll"),
        need("msvcp140.dll", "system", key="C:/Windows/System32/msvcp140.dll"),  # --system-dir
        need("vcruntime140_1.dll", "python-dir"),
        need("msvcp140.dll", "system", delayed=True),
        need("kernel32.dll", "system"),
    ],
)
def test_what_a_fresh_windows_and_the_package_have_needs_no_redistributable(given: Any) -> None:
    judged = subject(image("a.pyd"), loads_of={"a.pyd": loads(given)})
    assert run_rule("redist-needed", judged) == []


def test_a_machine_whose_runtime_is_given_has_the_redistributable() -> None:
    module, load = from_system()
    assert run_rule("redist-needed", subject(module, loads_of=load, msvcp140=(14, 29))) == []


def test_a_program_alone_may_find_the_redistributable_on_path() -> None:
    module, load = from_system("pkg/tool.exe")
    (finding,) = run_rule("redist-needed", subject(module, loads_of=load))
    assert finding.severity == "note"


def test_the_version_given_for_the_system_is_judged() -> None:
    module, load = from_system(imports={"msvcp140.dll": ["f"]})
    judged = subject(module, loads_of=load, msvcp140=(14, 40))
    assert [f.severity for f in run_rule("redist-too-old", judged)] == ["warning"]
    for enough in ((14, 44), (14, 44, 35211)):
        assert run_rule("redist-too-old", subject(module, loads_of=load, msvcp140=enough)) == []


def test_a_module_of_unknown_toolset_needs_no_certain_runtime() -> None:
    module, load = from_system(
        imports={"msvcp140.dll": ["f"]}, toolset=None, producer="clang", linker_version=(14, 0)
    )
    judged = subject(module, loads_of=load, msvcp140=(14, 16))
    assert run_rule("redist-too-old", judged) == []


def test_the_parts_of_the_runtime_are_not_judged_by_each_other() -> None:
    part, load = from_system("libs/msvcp140_1.dll", imports={"msvcp140.dll": ["f"]})
    judged = subject(part, loads_of=load, msvcp140=(14, 29))
    assert run_rule("redist-too-old", judged) == []


@pytest.mark.parametrize(
    ("name", "severity"),
    [("msvcp140.dll", "warning"), ("VCRUNTIME140.dll", "note"), ("ucrtbase.dll", "note")],
)
def test_an_unmangled_runtime_is_found(name: Any, severity: Any) -> None:
    (finding,) = run_rule("runtime-bundled-unmangled", subject(image(f"pkg/{name}")))
    assert finding.severity == severity


@pytest.mark.parametrize("name", [MANGLED, "vcomp140.dll", "mylib.dll"])
def test_mangled_runtimes_and_other_dlls_are_not(name: Any) -> None:
    assert run_rule("runtime-bundled-unmangled", subject(image(f"pkg/{name}"))) == []


def test_a_runtime_beside_a_program_is_deployed_for_that_program() -> None:
    judged = subject(image("tool/tool.exe"), image("tool/msvcp140.dll"))
    assert run_rule("runtime-bundled-unmangled", judged) == []


def test_mangled_names_are_understood() -> None:
    assert is_mangled(f"x/{MANGLED}")
    assert original_name(f"x/{MANGLED}") == "msvcp140.dll"
    assert not is_mangled("libomp140.x86_64.dll")


def test_cpp_objects_between_two_runtimes_are_a_warning_c_calls_a_note() -> None:
    provider = image("b.dll", crt="static")
    for symbol, severity in (
        ("?f@@YA?AV?$basic_string@DU?$char_traits@D@std@@@std@@XZ", "warning"),
        ("plain_c", "note"),
    ):
        judged = subject(
            image("a.dll", imports={"b.dll": [symbol]}),
            provider,
            loads_of={"a.dll": loads(need("b.dll", "dll-dir", "b.dll"))},
        )
        (finding,) = run_rule("static-crt-mix", judged)
        assert finding.severity == severity


def test_microsofts_own_runtimes_may_be_static() -> None:
    judged = subject(
        image("a.pyd", imports={"VCOMP140.DLL": ["omp_get_num_threads"]}),
        image("libs/vcomp140.dll", crt="static"),
        loads_of={"a.pyd": loads(need("VCOMP140.DLL", "added-dir", "libs/vcomp140.dll"))},
    )
    assert run_rule("static-crt-mix", judged) == []


def test_static_modules_that_nobody_links_to_are_fine() -> None:
    judged = subject(image("a.pyd", crt="static"), image("b.pyd"))
    assert run_rule("static-crt-mix", judged) == []


def test_two_runtimes_of_the_kmp_kind_are_a_warning() -> None:
    judged = subject(
        image("a.dll", imports={"libiomp5md.dll": ["f"]}),
        image("b.dll", imports={"libomp140.x86_64.dll": ["f"]}),
    )
    (finding,) = run_rule("openmp-duplicate", judged)
    assert finding.severity == "warning"


def test_the_same_runtime_shipped_and_imported_is_one() -> None:
    judged = subject(
        image("a.dll", imports={"libiomp5md.dll": ["f"]}), image("libs/libiomp5md.dll")
    )
    assert run_rule("openmp-duplicate", judged) == []


def test_a_runtime_of_a_companion_counts() -> None:
    judged = subject(
        image("a.dll", imports={"libiomp5md.dll": ["f"]}),
        neighbours=(
            Neighbour(path="t.whl!t/libomp.dll", origin="companion", image=image("t/libomp.dll")),
            Neighbour(path="C:/libomp140.x86_64.dll", origin="system", image=image("x.dll")),
        ),
    )
    (finding,) = run_rule("openmp-duplicate", judged)
    assert set(finding.evidence["runtimes"]) == {"libiomp5md.dll", "libomp.dll"}  # type: ignore[call-overload]


def test_images_without_an_msvc_runtime_mix_with_nothing() -> None:
    for mine, theirs in (("msvcrt", "static"), ("dynamic", "msvcrt"), ("none", "static")):
        judged = subject(
            image("a.dll", crt=mine, imports={"b.dll": ["f"]}),
            image("b.dll", crt=theirs),
            loads_of={"a.dll": loads(need("b.dll", "dll-dir", "b.dll"))},
        )
        assert run_rule("static-crt-mix", judged) == []


def test_different_kinds_of_openmp_are_a_note() -> None:
    judged = subject(
        image("a.dll", imports={"vcomp140.dll": ["f"], "libiomp5md.dll": ["f"]}),
    )
    (finding,) = run_rule("openmp-duplicate", judged)
    assert finding.severity == "note"
