"""``mlcbuild doctor`` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import mlcbuild
import pytest

SCHEMA = json.loads(
    (Path(mlcbuild.__file__).parent / "doctor/schemas/doctor-1.json").read_text(encoding="utf-8")
)


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlcbuild", "doctor", *arguments],
        env=os.environ | {"PYTHONPATH": str(Path(mlcbuild.__file__).parents[1])} | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


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
    assert "there is no check or group 'nonsense'" in done.stderr


def test_only_and_skip_take_checks_and_groups() -> None:
    done = doctor("--json", "--only", "python,cmake", "--skip", "cmake")
    assert {check["category"] for check in json.loads(done.stdout)["checks"]} == {"python"}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_checks_are_listed(form: tuple[str, ...]) -> None:
    done = doctor("--list-checks", *form)
    assert done.returncode == 0
    assert "path-entries" in done.stdout


def test_neither_tvm_nor_mlc_llm_nor_anything_heavy_is_imported() -> None:
    code = (
        "import sys; from mlcbuild.cli import main; main(['doctor', '--json']);"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(Path(mlcbuild.__file__).parents[1])},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    modules = set(done.stderr.split())
    assert "mlcbuild.doctor.examine" in modules
    assert not modules & {"tvm", "mlc_llm", "numpy", "rich", "pefile", "urllib.request", "asyncio"}
