from __future__ import annotations

from check_report import finding, full_report, wheel_target
from mlcbuild.report import as_markdown
from mlcbuild.report.result import Report


def test_every_target_has_its_verdict_and_a_table_of_findings() -> None:
    text = as_markdown.render(full_report())
    assert "### FAILS: `pkg-1.0-py3-none-win_amd64.whl`" in text
    assert "### GOOD: `good.dll`" in text
    assert "### UNREADABLE: `gone.whl`" in text
    assert (
        "| error | missing-dll | `pkg/mid.dll` | leaf.dll is not found | bundle leaf.dll |" in text
    )
    assert "`pkg/user.dll` → `mid.dll` → `leaf.dll`" in text


def test_hostile_names_cannot_break_the_table_or_inject_html() -> None:
    bad = finding(module="a|b`c\n.dll", message="<img src=x>|\n# title")
    text = as_markdown.render(Report(targets=(wheel_target(bad),)))
    (row,) = [line for line in text.splitlines() if line.startswith("| error |")]
    assert row.replace("\\|", "").count("|") == 6
    assert "<img" not in row.replace("\\<", "")
    assert "\n# title" not in text


def test_one_error_is_counted_in_the_singular() -> None:
    text = as_markdown.render(Report(targets=(wheel_target(finding()),)))
    assert text.endswith("\n1 error, 0 warnings, 0 notes.\n")
