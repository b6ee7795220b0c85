from __future__ import annotations

import io
from dataclasses import replace

import pytest
from check_report import finding, full_report, module, wheel_target
from mlcbuild.report import as_markdown, as_text
from mlcbuild.report.result import Report, Target


def test_the_verdict_is_the_first_line() -> None:
    first = as_text.render(full_report()).splitlines()[0]
    assert first == "FAILS  pkg-1.0-py3-none-win_amd64.whl"


def test_the_chain_the_message_and_the_fix_are_shown() -> None:
    text = as_text.render(full_report())
    assert "pkg/user.dll  WinError 126" in text
    assert "pkg/user.dll -> mid.dll -> leaf.dll" in text
    assert "error missing-dll  pkg/mid.dll" in text
    assert "fix: bundle leaf.dll" in text
    assert text.endswith("1 error, 1 warning, 1 note; 1 target could not be read\n")


def test_many_findings_still_fit_a_screen_and_verbose_shows_all() -> None:
    many = [finding(module=f"pkg/m{n}.dll", message=f"dll{n} is not found") for n in range(40)]
    report = Report(targets=(wheel_target(*many),))
    short = as_text.render(report).splitlines()
    assert len(short) < 40
    assert any("34 more findings (-v shows all)" in line for line in short)
    assert "dll39 is not found" in as_text.render(report, verbose=True)


def test_the_same_message_of_many_modules_is_one_entry() -> None:
    same = [finding(module=f"pkg/m{n}.dll") for n in range(9)]
    text = as_text.render(Report(targets=(wheel_target(*same),)))
    assert text.count("leaf.dll is not found") == 1
    assert "pkg/m0.dll, pkg/m1.dll and 7 more" in text


def test_only_file_names_can_bring_characters_beyond_ascii() -> None:
    assert as_text.render(full_report(), verbose=True).isascii()


def test_rich_output_says_the_same_words() -> None:
    stream = io.StringIO()
    as_text.print_rich(full_report(), stream)
    printed = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert printed == as_text.render(full_report()).splitlines()


def test_markup_in_a_file_name_is_printed_as_it_is() -> None:
    report = Report(targets=(wheel_target(finding(message="[red]x[/red] is not found")),))
    stream = io.StringIO()
    as_text.print_rich(report, stream)
    assert "[red]x[/red]" in stream.getvalue()


def test_strict_says_that_warnings_fail() -> None:
    report = Report(targets=(wheel_target(finding(severity="warning")),), strict=True)
    assert "--strict" in as_text.render(report)


def test_escape_sequences_in_a_name_do_not_reach_the_terminal() -> None:
    bad = finding(module="a\x1b[2J\nb.dll", message="\u202ellatsni\x07 is not found")
    report = Report(targets=(wheel_target(bad, name="x\x1b]0;title\x07.whl"),))
    stream = io.StringIO()
    as_text.print_rich(report, stream)
    for text in (as_text.render(report), stream.getvalue()):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
        assert "a\\x1b[2J\\x0ab.dll" in text


@pytest.mark.parametrize(
    ("machines", "expected"),
    [
        (["x86_64"], "1 image: 1 will load"),
        (["x86"], "1 image for 32-bit x86: 1 will load"),
        (["arm64", "arm64"], "2 images for ARM64: 2 will load"),
        (["x86", "unknown"], "2 images for 32-bit x86: 2 will load"),
        (["x86", "x86_64"], "2 images: 2 will load"),
    ],
)
def test_a_machine_that_is_not_the_usual_one_is_named(machines: list[str], expected: str) -> None:
    modules = tuple(module(f"{at}.dll", machine=each) for at, each in enumerate(machines))
    text = as_text.render(Report(targets=(Target(name="t", kind="folder", modules=modules),)))
    assert text.splitlines()[1].strip() == expected


def test_machines_on_which_less_loads_are_named_below_the_verdict() -> None:
    lacking = replace(
        finding("redist-needed", "warning", None), evidence={"count": 2, "winerror": 126}
    )
    report = Report(targets=(wheel_target(lacking),))
    line = "on Windows without the redistributable: 2 will not, WinError 126"
    assert as_text.render(report).splitlines()[2] == f"  {line}"
    assert f"{line}.\n" in as_markdown.render(report)
    assert line not in as_text.render(Report(targets=(wheel_target(),)))
