"""What an attacker gains from a wheel: no wrong verdict, and no cost above the wheel's size."""

from __future__ import annotations

import json
import os
import subprocess
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cost import cost
from hostilewheels import chain, cycle, mesh, record_of_nothing
from mlcbuild.check import check
from mlcbuild.check.settings import Settings
from mlcbuild.cli import main
from mlcbuild.package.targets import open_package
from pefactory import make_pe
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.report.result import Target


def checked(path: Path) -> Target:
    (target,) = check([str(path)], Settings()).targets
    return target


def test_two_names_that_differ_in_case_are_both_judged_and_told(tmp_path: Path) -> None:
    files = {"p/a.dll": make_pe(), "p/A.DLL": make_pe(imports={"gone.dll": ["f"]})}
    target = checked(make_wheel(tmp_path, files))
    verdicts = {module.path: module.load.verdict for module in target.modules}
    assert verdicts == {"p/a.dll": "loads", "p/A.DLL": "fails"}
    said = [f for f in target.findings if f.rule == "member-name"]
    assert [(f.module, f.evidence["kind"]) for f in said] == [("p/A.DLL", "same-file")]


def test_a_member_that_installs_over_another_is_judged_too(tmp_path: Path) -> None:
    files = {"p/a.dll": make_pe(), "demo-1.0.data/platlib/P/a.dll": b"no image"}
    target = checked(make_wheel(tmp_path, files))
    assert {module.load.verdict for module in target.modules} == {"loads", "fails"}
    assert "member-name" in {finding.rule for finding in target.findings}


@pytest.mark.parametrize(
    "name",
    [
        "p/con.dll",
        "nul",
        "aux/b.dll",
        "p/COM1.txt.dll",
        "p/lpt\u00b9.dll",
        "p/a.dll.",
        "p/a /b.dll",
        "p/a?.dll",
        "p/\x01.dll",
    ],
)
def test_a_name_that_windows_makes_no_file_of_is_refused(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_wheel(tmp_path, {name: make_pe()})
    assert main(["check", str(path), "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["targets"][0]["findings"]
    errors = [(f["rule"], f["module"]) for f in findings if f["severity"] == "error"]
    assert errors == [("member-name", name)]


def test_names_that_only_look_reserved_are_fine(tmp_path: Path) -> None:
    names = [
        "p/console.dll",
        "p/auxiliary/b.dll",
        "p/com10.dll",
        "p/.hidden",
        "p/a b.dll",
        "p/null",
    ]
    target = checked(make_wheel(tmp_path, {name: make_pe() for name in names}))
    assert not [finding for finding in target.findings if finding.rule == "member-name"]


def test_a_file_and_a_folder_of_one_name_are_told(tmp_path: Path) -> None:
    target = checked(make_wheel(tmp_path, {"p/x": b"1", "P/X/b.dll": make_pe()}))
    assert "member-name" in {finding.rule for finding in target.findings}


def messages(target: Target, rule: str) -> str:
    return "\n".join(finding.message for finding in target.findings if finding.rule == rule)


def test_a_record_of_a_hundred_thousand_absent_files_costs_no_more_than_its_size(
    tmp_path: Path,
) -> None:
    small, large = record_of_nothing(tmp_path, 10_000), record_of_nothing(tmp_path, 100_000)
    checked(small)
    assert cost(lambda: checked(large)) < 20 * cost(lambda: checked(small)) + 0.5
    assert "99000 more files that are not in the wheel; 1000 are named" in messages(
        checked(large), "record-mismatch"
    )


def test_record_cannot_say_two_things_of_a_file(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, {"p/a.py": b"x", "p/b.py": b"y"})
    with_row = _with_record_row(path, "p/a.py,sha256=AAAA,1\n")
    assert "two rows of this file" in messages(checked(with_row), "record-mismatch")


def test_a_weak_hash_in_record_is_told(tmp_path: Path) -> None:
    path = _with_record_row(make_wheel(tmp_path, {"p/a.py": b"x"}), "p/a.py,md5=AA,1\n", only=True)
    assert "must be sha256 or better" in messages(checked(path), "record-mismatch")


def _with_record_row(path: Path, row: str, *, only: bool = False) -> Path:
    """Put a row in front of RECORD; ``only`` takes the file's own row out."""
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    record = next(name for name in files if name.endswith("/RECORD"))
    rows = files[record].decode().splitlines(keepends=True)
    kept = [each for each in rows if not (only and each.startswith(row.partition(",")[0] + ","))]
    files[record] = (row + "".join(kept)).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_mesh_costs_as_much_as_it_has_imports(tmp_path: Path) -> None:
    small, large = mesh(tmp_path, 40, 10), mesh(tmp_path, 240, 10)
    checked(small)
    assert cost(lambda: checked(large)) < 6 * 3 * cost(lambda: checked(small))


def test_a_chain_whose_last_misses_one_costs_as_much_as_it_is_long(tmp_path: Path) -> None:
    small, large = chain(tmp_path, 200, every=200), chain(tmp_path, 800, every=800)
    checked(small)
    assert cost(lambda: checked(large)) < 4 * 3 * cost(lambda: checked(small))


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    work()
    found: Any = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return int(found)


def test_a_chain_that_misses_one_each_takes_memory_by_its_length(tmp_path: Path) -> None:
    small, large = chain(tmp_path, 50), chain(tmp_path, 200)
    checked(small)
    assert peak(lambda: checked(large)) < 4 * 3 * peak(lambda: checked(small))


def test_the_verdict_of_a_far_fault_is_exact(tmp_path: Path) -> None:
    target = checked(chain(tmp_path, 150, every=150))
    first = target.modules[0].load
    assert (first.verdict, first.winerror) == ("fails", 126)
    assert first.chain[0] == "p/d0.dll"
    assert first.chain[-2:] == ("d149.dll", "gone149.dll")
    (finding,) = [finding for finding in target.findings if finding.rule == "missing-dll"]
    assert finding.module == "p/d149.dll"
    assert len({module.load.verdict for module in target.modules}) == 1


def test_every_image_of_a_circle_fails_for_the_one_that_is_missing(tmp_path: Path) -> None:
    target = checked(cycle(tmp_path, 50))
    assert {module.load.chain[-1] for module in target.modules} == {"gone.dll"}
    assert [len(module.load.chain) for module in target.modules] == [51 - at for at in range(50)]


def test_a_stamp_of_a_hundred_thousand_brackets_is_told_and_the_next_target_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stamped = {"p/a.dll": make_pe(exports=["f"]), "p/_build.json": b"[" * 100_000}
    bad = make_wheel(tmp_path, stamped)
    good = make_wheel(tmp_path, {"p/a.dll": make_pe(exports=["f"])}, name="good")
    assert main(["check", str(bad), str(good), "--json"]) == 1
    first, second = json.loads(capsys.readouterr().out)["targets"]
    assert [finding["rule"] for finding in first["findings"]] == ["stamp-mismatch"]
    assert [module["load"]["verdict"] for module in second["modules"]] == ["loads"]


@pytest.mark.parametrize("value", [5, None, [], {"a": 1}, ["x"]])
@pytest.mark.parametrize("key", ["files", "sources", "devices", "compiler", "configuration"])
def test_a_stamp_of_the_wrong_shape_is_a_finding(tmp_path: Path, key: str, value: object) -> None:
    stamp = {"schema_version": 1, "configuration": "Release", "generator": "", "crt": "dynamic"}
    stamp |= {"compiler": {"id": "", "version": ""}, "target": {"system": "", "machine": ""}}
    stamp |= {"devices": [], "sources": [], "files": [{"path": 5, "sha256": [], "size": "x"}]}
    stamp[key] = value
    files = {"p/a.dll": make_pe(exports=["f"]), "p/_build.json": json.dumps(stamp).encode()}
    target = checked(make_wheel(tmp_path, files))
    assert not target.error
    assert "stamp-mismatch" in {finding.rule for finding in target.findings}


def test_a_fault_of_ours_in_one_target_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = make_wheel(tmp_path, {"p/a.dll": make_pe(exports=["f"])})
    good = make_wheel(tmp_path, {"p/a.dll": make_pe(exports=["f"])}, name="good")
    real = open_package

    def fails(target: str, **options: Any) -> Any:
        if target == str(bad):
            raise RecursionError("too deep")
        return real(target, **options)

    monkeypatch.setattr("mlcbuild.check.open_package", fails)
    assert main(["check", str(bad), str(good), "--json"]) == 3
    first, second = json.loads(capsys.readouterr().out)["targets"]
    assert "RecursionError: too deep" in first["error"]["message"]
    assert [module["load"]["verdict"] for module in second["modules"]] == ["loads"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_pipes_and_loops_of_links_are_no_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.dll").write_bytes(make_pe(exports=["f"]))
    (tmp_path / "loop.dll").symlink_to("loop.dll")
    (tmp_path / "ring").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.dll")
    assert [module.path for module in checked(tmp_path).modules] == ["a.dll"]
    for name in ("pipe.dll", "loop.dll"):
        assert main(["check", str(tmp_path / name)]) == 3
    assert "not a file" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no folders as deep")
def test_a_folder_below_thirteen_hundred_others_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1300):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.dll").write_bytes(make_pe(exports=["f"]))
    monkeypatch.chdir(tmp_path)
    try:
        (module,) = checked(Path("d")).modules
    finally:  # pytest's own tidying calls itself for every folder
        subprocess.run(["rm", "-rf", "d"], check=True)
    assert module.load.verdict == "loads"
