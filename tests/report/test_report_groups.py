"""Findings that say the same, as one entry of the forms made for reading."""

from __future__ import annotations

from mlcbuild.report.groups import grouped
from mlcbuild.rules.finding import Finding

WHERE = "is not found in its folder, Python's, the added folders or System32"


def missing(module: str, dll: str, *, fix: str = "bundle {} (mlcbuild repair)") -> Finding:
    return Finding(
        rule="missing-dll",
        severity="error",
        module=module,
        message=f"{dll} {WHERE}",
        evidence={"dll": dll},
        fix=fix.format(dll),
    )


def test_a_dll_that_many_modules_lack_is_one_entry_with_a_count() -> None:
    (group,) = grouped([missing(f"{name}.pyd", "leaf.dll") for name in "abc"])
    assert (group.count, group.modules) == (3, ("a.pyd", "b.pyd", "c.pyd"))
    assert group.message == f"leaf.dll {WHERE}"


def test_many_dlls_that_one_module_lacks_are_one_entry_with_a_count() -> None:
    names = [f"{name}.dll" for name in ("xerces", "zlib", "proj", "geos", "gdal")]
    (group,) = grouped([missing("user.pyd", dll) for dll in names])
    assert group.count == 5
    assert group.message == "xerces.dll, zlib.dll, proj.dll and 2 more are " + WHERE[3:]
    assert group.fix == "bundle them (mlcbuild repair)"


def test_what_has_another_fix_or_other_victims_stays_apart() -> None:
    findings = [
        missing("user.pyd", "zlib.dll"),
        missing("user.pyd", "tbb12.dll", fix="tbb brings it"),
        missing("user.pyd", "both.dll"),
        missing("other.pyd", "both.dll"),
    ]
    groups = grouped(findings)
    assert [(g.message.partition(" ")[0], g.modules) for g in groups] == [
        ("zlib.dll", ("user.pyd",)),
        ("tbb12.dll", ("user.pyd",)),
        ("both.dll", ("user.pyd", "other.pyd")),
    ]
    assert sum(group.count for group in groups) == len(findings)
