"""What a user gets from ``mlcbuild report``: the page, the lines, the exit code."""

from __future__ import annotations

import json
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import MlcbuildError
from mlcbuild.extras import install_extra
from mlcbuild.page.causes import causes_of
from mlcbuild.page.compare import differences, failed_of, rows_of
from mlcbuild.page.read import Section
from mlcbuild.page.render import render
from mlcbuild.page.verdict import verdict_of
from mlcbuild.rules.finding import Finding
from pefactory import make_pe
from standin import Reply, chat_app, serving
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]


class Words(HTMLParser):
    """The words a reader sees, and everything that could make a request."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.words = ""
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = page.read_text(encoding="ascii")
        self._skip = ""
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._skip = tag if tag in {"script", "style"} else self._skip
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "srcset"}]

    def handle_endtag(self, tag: str) -> None:
        self._skip = "" if tag == self._skip else self._skip

    def handle_data(self, data: str) -> None:
        self.words += "" if self._skip else data


def sick_wheel(folder: Path, name: str = "demo") -> Path:
    image = make_pe(imports={"gone.dll": ["f"], "KERNEL32.dll": ["CreateFileW"]})
    return make_wheel(folder, {f"{name}/a.dll": image, f"{name}/x.py": b"x = 1\n"}, name=name)


def report(capsys: Capture, folder: Path, *words: str, code: int) -> tuple[Words, str]:
    output = folder / "re port.html"
    assert main(["report", *words, "-o", str(output)]) == code
    return Words(output), capsys.readouterr().out


def test_a_bad_wheel_is_said_first_and_fails(capsys: Capture, tmp_path: Path) -> None:
    page, out = report(capsys, tmp_path, str(sick_wheel(tmp_path)), code=1)
    assert out.startswith("FAILS: demo-1.0-py3-none-win_amd64.whl: 0 of 1 image will load")
    words = " ".join(page.words.split())
    assert words.index("FAILS") < words.index("missing-dll") < words.index("Who needs whom")
    for said in ("gone.dll", "demo 1.0", "14.44", "VS 2022", "demo/x.py", "when installed"):
        assert said in words
    assert all(link.startswith("#") for link in page.links)
    assert not {"link", "img", "iframe", "object"} & page.tags


def test_the_page_of_a_json_is_the_one_of_the_wheel_but_for_sizes(
    capsys: Capture, tmp_path: Path
) -> None:
    wheel = str(sick_wheel(tmp_path))
    assert main(["check", wheel, "--json"]) == 1
    result = tmp_path / "check.json"
    result.write_text(capsys.readouterr().out, encoding="utf-8")
    page, _ = report(capsys, tmp_path, str(result), code=1)
    assert "Who needs whom" in page.words
    assert "missing-dll" in page.words
    assert "when installed" not in page.words


def test_a_good_folder_is_good_and_its_files_belong_to_distributions(
    capsys: Capture, tmp_path: Path
) -> None:
    site = tmp_path / "site-packages"
    for path, data in {
        "one/one.pyd": make_pe(imports={"KERNEL32.dll": ["CreateFileW"]}),
        "one_core/two.pyd": make_pe(),
        "one-2.5.dist-info/RECORD": b"one/one.pyd,,\none_core/two.pyd,,\n",
    }.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
    page, out = report(capsys, tmp_path, str(site), code=0)
    assert out.startswith("GOOD")
    assert "2 of 2 images will load" in page.words
    assert page.words.count("one 2.5") == 1  # one frame round both


def test_a_bench_and_a_doctor_are_shown_on_the_same_page(capsys: Capture, tmp_path: Path) -> None:
    bench, doctor = tmp_path / "bench.json", tmp_path / "doctor.json"
    with serving(chat_app()) as server:
        words = ["--concurrency", "1,2", "--requests", "6", "--output", str(bench)]
        assert main(["bench", server.url, *words]) == 0
    assert main(["doctor", "--json", "--only", "cmake"]) in {0, 1}
    table = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    table["checks"][0] |= {"status": "fail", "finding": "no CMake <here>", "fix": "get it"}
    doctor.write_text(json.dumps(table), encoding="utf-8")
    page, out = report(capsys, tmp_path, str(bench), str(doctor), code=1)
    assert [line.partition(":")[0] for line in out.splitlines()] == ["GOOD", "NOT READY", "written"]
    for said in ("Time to first token", "Successes per second", "2 users", "no CMake <here>"):
        assert said in page.words


def test_a_failed_bench_shows_its_failures_and_no_figures(capsys: Capture, tmp_path: Path) -> None:
    bench = tmp_path / "bench.json"
    with serving(lambda _: Reply(500, pieces=[(0, b"<b>boom</b>")])) as server:
        assert main(["bench", server.url + "/x", "--output", str(bench)]) == 1
    page, _ = report(capsys, tmp_path, str(bench), code=1)
    assert "FAILED" in page.words
    assert "<b>boom</b>" in page.words
    assert "b" not in page.tags
    assert "Latency" not in page.words


def missing(dll: str, module: str, *also: str, fix: str = "ask its maker") -> Finding:
    return Finding(
        rule="missing-dll",
        severity="error",
        module=module,
        message=f"{dll} is not found",
        evidence={"dll": dll, "fails_too": list(also)},
        fix=fix,
    )


def test_missing_dlls_are_one_cause_where_one_fix_mends_them() -> None:
    findings = [
        missing("a.dll", "x.pyd"),
        missing("b.dll", "x.pyd", "y.pyd", "z.pyd"),
        missing("b.dll", "z.pyd"),
        missing("c.dll", "x.pyd", fix="the wheel c-core has c.dll"),
    ]
    two, one = causes_of(findings)
    assert (two.message, two.fix) == ("2 DLLs are not found", "ask its maker")
    assert [(each.name, each.files) for each in two.culprits] == [
        ("b.dll", ("x.pyd", "y.pyd", "z.pyd")),
        ("a.dll", ("x.pyd",)),
    ]
    assert two.files == ("x.pyd", "y.pyd", "z.pyd")
    assert (one.message, one.fix) == ("c.dll is not found", "the wheel c-core has c.dll")


def test_findings_after_the_fifth_are_folded(capsys: Capture, tmp_path: Path) -> None:
    image = make_pe(imports={f"gone{n}.dll": ["f"] for n in range(7)})
    wheel = make_wheel(tmp_path, {"demo/a.dll": image}, name="demo")
    page, _ = report(capsys, tmp_path, str(wheel), code=1)
    assert "7 DLLs are not found" in page.words
    assert "2 more DLLs" in page.words


def load_test(rate: float, p50: float, users: int = 2, **target: str) -> dict[str, Any]:
    spread = {"p50": p50, "p90": p50, "p99": p50, "curve": [[0, p50], [100, p50]]}
    run = {
        "load": {"rate": None, "concurrency": users, "arrivals": None},
        "throughput_rps": rate,
        "failed": 3,
        "latency_s": spread,
        "ttft_s": None,
        "completion_tokens_per_s": None,
        "timeline": [],
        "successes": 5,
        "ended": "complete",
        "failures": [
            {"kind": "http-503", "status": 503, "example": "full", "count": 3, "first_at_s": 0.5}
        ],
    }
    facts = {"url": "u", "method": "POST", "api": "chat", "model": "m", "stream": True, **target}
    table = {"ok": False, "headline": "FAILED: 3 of 8", "interrupted": False, "notes": []}
    return {**table, "started": "now", "target": facts, "runs": [run]}


def test_two_load_tests_are_compared_load_by_load() -> None:
    rows = rows_of([load_test(10, 0.02), load_test(15, 0.01)])
    assert {row.figure: row.values for row in rows} == {
        "successes a second": (("10", "+0.0 %"), ("15", "+50.0 %")),
        "failed": (("3", "+0.0 %"), ("3", "+0.0 %")),
        "latency p50": (("20 ms", "+0.0 %"), ("10 ms", "-50.0 %")),
        "latency p99": (("20 ms", "+0.0 %"), ("10 ms", "-50.0 %")),
    }


def test_what_cannot_be_compared_is_said_and_not_compared() -> None:
    pair = [load_test(10, 0.02), load_test(15, 0.01, users=1, model="big")]
    assert rows_of(pair) == []
    assert differences(pair) == ["model: m / big", "not measured in all: 2 users, 1 user"]


def test_the_same_failure_of_several_loads_is_told_once_with_its_loads() -> None:
    runs = [*load_test(1, 1)["runs"], *load_test(1, 1, users=4)["runs"]]
    (failed,) = failed_of(runs)
    assert (failed.words, failed.example) == ("HTTP 503", "full")
    assert failed.runs == (("2 users", 3, 0.5), ("4 users", 3, 0.5))


def test_charts_of_two_load_tests_have_one_scale(tmp_path: Path) -> None:
    tables = [load_test(10, 0.02), load_test(15, 0.9)]
    sections = [Section(kind="bench", title=f"{n}.json", table=t) for n, t in enumerate(tables)]
    page = tmp_path / "page.html"
    page.write_text(render(sections), encoding="ascii")
    words = Words(page).words
    assert words.index("Side by side") < words.index("Latency")
    assert words.count("750 ms") == 2
    assert "FAILED: 3 of 8" not in words  # the word stands before it, once


def test_results_of_one_name_are_told_apart(capsys: Capture, tmp_path: Path) -> None:
    paths = [tmp_path / "before" / "x.json", tmp_path / "after" / "x.json"]
    for path in paths:
        path.parent.mkdir()
        path.write_text(json.dumps({"schema_version": 1, **load_test(10, 0.02)}), encoding="utf-8")
    page, out = report(capsys, tmp_path, *map(str, paths), code=1)
    assert f"FAILED: {paths[0].as_posix()}: 3 of 8" in out
    assert "before/x.json" in page.words


def test_hostile_names_stay_words(capsys: Capture, tmp_path: Path) -> None:
    bad = '</script><script>alert(1)</script>"&.dll'
    result = {
        "schema_version": 1,
        "summary": {"errors": 0, "warnings": 0, "notes": 0},
        "targets": [
            {
                "name": bad,
                "kind": "folder",
                "findings": [],
                "modules": [
                    {
                        "path": bad,
                        "machine": "x86_64",
                        "toolset": None,
                        "crt": "none",
                        "load": {"verdict": "loads", "winerror": None, "chain": [], "reason": ""},
                        "needs": [{"name": bad + "2", "from": "missing", "path": None}],
                    }
                ],
            }
        ],
    }
    path = tmp_path / "check.json"
    path.write_text(json.dumps(result), encoding="utf-8")
    page, _ = report(capsys, tmp_path, str(path), code=0)
    assert page.text.count("<script") == 2
    assert page.text.count("</script>") == 2
    assert bad in page.words


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON"),
        (b"[]", "was not written by"),
        (b'{"a": 1}', "was not written by"),
        (b'{"runs": [], "schema_version": 2}', "schema version 2"),
        (b"\xff\xfe", "not JSON"),
        (None, "cannot read"),
    ],
)
def test_a_file_that_is_no_result_is_one_line(
    capsys: Capture, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    output = tmp_path / "out.html"
    assert main(["report", str(path), "-o", str(output)]) == 3
    seen = capsys.readouterr()
    assert said in seen.err
    assert seen.err.count("\n") == 1
    assert not output.exists()


def pruned(table: Any) -> Iterator[Any]:
    """Yield copies of a table, each with one thing of it gone or of another type."""
    entries = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in list(entries)[:12]:
        for wrong in (None, "x", 7, [], {}):
            changed = dict(table) if isinstance(table, dict) else list(table)
            changed[key] = wrong
            yield changed
        if isinstance(table, dict):
            yield {name: kept for name, kept in table.items() if name != key}
        if isinstance(value, dict | list):
            for inner in pruned(value):
                changed = dict(table) if isinstance(table, dict) else list(table)
                changed[key] = inner
                yield changed


def test_a_damaged_result_is_a_page_or_one_line_and_never_a_crash(
    capsys: Capture, tmp_path: Path
) -> None:
    main(["check", str(sick_wheel(tmp_path)), "--json"])
    table = json.loads(capsys.readouterr().out)
    tried = list(pruned(table))[::21]
    refused = []
    for damaged in tried:
        section = Section(kind="check", title="x.json", table=damaged)
        try:
            render([section])
            verdict_of(section)
        except MlcbuildError as error:
            refused.append(str(error))
    assert 0 < len(refused) < len(tried)
    assert not any("\n" in line for line in refused)


def test_a_target_that_cannot_be_read_is_on_the_page_and_exits_3(
    capsys: Capture, tmp_path: Path
) -> None:
    page, out = report(capsys, tmp_path, str(tmp_path / "gone.whl"), code=3)
    assert out.startswith("UNREADABLE")
    assert "gone.whl" in page.words


def test_a_report_is_not_written_over_by_a_failing_one(capsys: Capture, tmp_path: Path) -> None:
    output = tmp_path / "absent" / "x.html"
    assert main(["report", str(sick_wheel(tmp_path)), "-o", str(output)]) == 3
    assert "cannot write" in capsys.readouterr().err


def test_without_jinja2_one_line_says_what_to_install(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["report", str(sick_wheel(tmp_path)), "-o", str(tmp_path / "x.html")]) == 2
    assert install_extra("report") in capsys.readouterr().err


def test_needs_of_a_companion_are_named_in_the_json(capsys: Capture, tmp_path: Path) -> None:
    leaf = make_wheel(tmp_path, {"leaf/leaf.dll": make_pe(exports=["f"])}, name="leaf")
    image = make_pe(imports={"leaf.dll": ["f"]})
    user = make_wheel(tmp_path, {"user/u.dll": image}, name="user")
    words = ["--with", str(leaf), "--add-dir", "leaf"]
    main(["check", str(user), *words, "--json"])
    table: dict[str, Any] = json.loads(capsys.readouterr().out)
    (need,) = table["targets"][0]["modules"][0]["needs"]
    assert (need["from"], need["provider"]) == ("companion", f"{leaf.name}!leaf/leaf.dll")


@pytest.mark.parametrize(
    ("load", "optional", "word"),
    [
        (("loads", None, []), False, "GOOD"),
        (("may-fail", 126, ["a.pyd", "b.dll"]), False, "MAY FAIL"),
        (("fails", 126, ["a.pyd", "b.dll"]), True, "GOOD, with warnings"),
        (("fails", 193, ["a.dll"]), False, "GOOD, with warnings"),  # a helper for 32 bits
    ],
)
def test_the_page_has_the_headline_of_the_text_form(load: Any, optional: Any, word: str) -> None:
    verdict, winerror, chain = load
    module = {"load": {"verdict": verdict, "winerror": winerror, "chain": chain}}
    module["optional"] = optional
    table = {
        "targets": [{"name": "a.whl", "modules": [module], "findings": []}],
        "summary": {"errors": 0, "warnings": 0, "notes": 0},
    }
    section = Section(kind="check", title="a.json", table=table)
    assert verdict_of(section).word == word
