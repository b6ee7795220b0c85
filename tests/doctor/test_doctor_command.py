"""``mlcbuild doctor`` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import mlcbuild
import pytest
from commands import run_mlcbuild

SCHEMA = json.loads(
    (Path(mlcbuild.__file__).parent / "doctor/schemas/doctor-1.json").read_text(encoding="utf-8")
)


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_mlcbuild("doctor", *arguments, **environment)


def test_json_of_this_machine_is_what_the_schema_says() -> None:
    done = doctor("--json")
    table = json.loads(done.stdout)
    jsonschema.validate(table, SCHEMA)
    assert done.returncode == (1 if table["summary"]["fail"] + table["summary"]["crash"] else 0)
    assert sum(table["summary"][s] for s in ("ok", "warn", "fail", "skip", "crash")) == len(
        table["checks"]
    )


def test_an_unknown_check_is_wrong_use() -> None:
    done = doctor("--only", "nonsense")
    assert done.returncode == 2
    assert "no such check or group: 'nonsense'" in done.stderr


def test_only_and_skip_take_checks_and_groups() -> None:
    done = doctor("--json", "--only", "python,cmake", "--skip", "cmake")
    assert {check["category"] for check in json.loads(done.stdout)["checks"]} == {"python"}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_checks_are_listed(form: tuple[str, ...]) -> None:
    done = doctor("--list-checks", *form)
    assert done.returncode == 0
    assert "path-entries" in done.stdout


def test_neither_tvm_nor_mlc_llm_nor_anything_heavy_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from mlcbuild.cli import main; main(['doctor', '--json']);"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(Path(mlcbuild.__file__).parents[1])},
        cwd=tmp_path,  # a build tree with a DLL in it would have it read
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    modules = set(done.stderr.split())
    assert "mlcbuild.doctor.runner" in modules
    heavy = {"tvm", "mlc_llm", "numpy", "rich", "urllib.request", "asyncio"}
    assert not modules & heavy


def test_an_output_that_is_not_utf8_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / "Übung-\u4e2d\u6587"
    folder.mkdir()
    for form in ((), ("--json",), ("-v",)):
        done = subprocess.run(
            [sys.executable, "-m", "mlcbuild", "doctor", "--only", "paths", *form],
            env=os.environ
            | {
                "PYTHONPATH": str(Path(mlcbuild.__file__).parents[1]),
                "PYTHONIOENCODING": "cp1252",
                "TVM_LIBRARY_PATH": str(folder / "gone"),
            },
            cwd=folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        assert b"Traceback" not in done.stderr
        assert b"library-variables" in done.stdout


def test_a_closed_pipe_is_no_crash() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "mlcbuild", "doctor", "-v"],
        env=os.environ | {"PYTHONPATH": str(Path(mlcbuild.__file__).parents[1])},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr


def test_a_path_of_dead_and_unreadable_entries_does_not_matter(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    entries = [str(tmp_path / "gone"), str(locked), str(loop), "", "\udcff", "a" * 5000]
    done = doctor(
        "--json", "--skip", "network", PATH=os.pathsep.join([*entries, os.environ["PATH"]])
    )
    table = json.loads(done.stdout)
    assert table["summary"]["crash"] == 0, table
    assert "gone" in done.stdout


def test_damaged_metadata_of_pip_does_not_matter(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    for name, data in {
        "pip-25.0.dist-info/METADATA": b"\xff\xfe\x00garbage",
        "apache_tvm-0.26.0.dist-info/METADATA": b"",
        "mlc_llm-1.0.dist-info/direct_url.json": b"[not json",
        "broken.dist-info/RECORD": b"",
        "-.dist-info/METADATA": b"Name:\n",
        "~ip-24.0.dist-info/METADATA": b"",
    }.items():
        path = site / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    done = doctor(
        "--json", PYTHONPATH=os.pathsep.join([str(Path(mlcbuild.__file__).parents[1]), str(site)])
    )
    table = json.loads(done.stdout)
    found = {check["id"]: check for check in table["checks"]}
    assert table["summary"]["crash"] == 0, table
    assert found["damaged-distributions"]["status"] == "warn"


@pytest.mark.parametrize("ending", ["md", "html"])
def test_a_report_is_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"bug.{ending}"
    done = doctor("--output", str(path), "--only", "python")
    assert done.returncode in {0, 1}, "whatever this machine's Python is like"
    assert "mlcbuild doctor" in path.read_text(encoding="utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    assert doctor("--output", str(tmp_path / "gone" / "x.md"), "--only", "python").returncode == 3
    assert doctor("--output", str(tmp_path / "x.txt")).returncode == 2


def test_a_dry_run_needs_a_fix() -> None:
    assert doctor("--dry-run").returncode == 2


def test_a_stale_config_is_mended_for_real(tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text("project(x)")
    config = tmp_path / "config.cmake"
    config.write_text("set(CMAKE_BUILD_TYPE Debug)\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run_mlcbuild("doctor", "--only", "config-cmake", *arguments, cwd=tmp_path)

    assert run("--strict").returncode == 1
    assert "would be done" in run("--fix", "--dry-run").stdout
    assert config.exists()
    done = json.loads(run("--fix", "--json", "--strict").stdout)
    jsonschema.validate(done, SCHEMA)
    assert done["repairs"][0]["outcome"] == "done"
    assert done["summary"]["warn"] == 0
    assert (tmp_path / "config.cmake.1.bak").read_text() == "set(CMAKE_BUILD_TYPE Debug)\n"


def test_whatever_is_wrong_with_this_machine_is_said_with_its_remedy() -> None:
    """Nothing is known of the machine that runs the tests, but that no check may crash on it."""
    table = json.loads(doctor("--json").stdout)
    said = [c for c in table["checks"] if c["status"] in ("warn", "fail", "crash")]
    assert [c for c in said if c["status"] == "crash" or not (c["finding"] and c["fix"])] == []
    ready = table["summary"]["fail"] == 0
    assert ("ready to build" in doctor().stdout) == ready


def test_it_answers_within_a_second() -> None:
    def seconds() -> float:
        began = time.monotonic()
        doctor("--json")
        return time.monotonic() - began

    # On a machine that others use, a share of it counts for the whole.
    share = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)) if os.name == "posix" else 3.0
    assert any(seconds() < 1.0 * share for _ in range(5))


def test_the_page_names_every_option() -> None:
    page = (Path(mlcbuild.__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    options = {word.strip(",[]:") for word in doctor("--help").stdout.split() if "--" in word}
    named = {option for option in options if option.startswith("--") and f"`{option}" in page}
    assert options - named <= {"--help", "--verbose", "--dry-run", "--log"}
