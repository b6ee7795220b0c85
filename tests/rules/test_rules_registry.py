from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import mlcbuild.rules
import pytest
from check_facts import broken_load, image, need, subject
from mlcbuild.rules import RULE_IDS, all_rules, judge, load_rule
from mlcbuild.rules.finding import Rule

CONTRACT = {
    "missing-dll", "missing-export", "wrong-machine", "not-a-pe", "debug-crt", "mutex-abi",
    "redist-too-old", "runtime-bundled-unmangled", "driver-dll-bundled", "driver-dll-needed",
    "ambiguous-dll", "delay-load-missing", "static-crt-mix", "openmp-duplicate", "stamp-mismatch",
    "wheel-tag-mismatch", "record-mismatch", "path-too-long",
}  # fmt: skip


def test_every_rule_of_the_contract_exists() -> None:
    assert set(RULE_IDS) >= CONTRACT


@pytest.mark.parametrize("rule_id", RULE_IDS)
def test_a_rule_explains_itself(rule_id: Any) -> None:
    rule = load_rule(rule_id)
    assert rule.id == rule_id
    assert rule.severity.startswith(("error", "warning", "note"))
    assert all([rule.title, rule.why, rule.source, rule.fix])
    assert rule.why.endswith(".")


def test_every_rule_is_registered() -> None:
    folder = Path(mlcbuild.rules.__file__).parent
    found = [
        name.replace("_", "-")
        for path in folder.glob("[a-z]*.py")
        for name, value in vars(import_module(f"mlcbuild.rules.{path.stem}")).items()
        if isinstance(value, Rule)
    ]
    assert sorted(found) == sorted(RULE_IDS)
    assert len(all_rules()) == len(found)


def test_an_unknown_rule_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_rule("no-such-rule")


def test_worst_findings_come_first_and_ignored_rules_are_silent() -> None:
    user = image("user.dll", imports={"gone.dll": ["f"], "vulkan-1.dll": ["g"]})
    load = broken_load(
        "missing-dll",
        126,
        ["user.dll", "gone.dll"],
        need("gone.dll", "missing"),
        need("vulkan-1.dll", "driver"),
    )
    found = judge(subject(user, loads_of={"user.dll": load}))
    assert [f.rule for f in found] == ["missing-dll", "driver-dll-needed"]
    left = judge(subject(user, loads_of={"user.dll": load}), ignore={"missing-dll"})
    assert [f.rule for f in left] == ["driver-dll-needed"]


def test_a_rule_can_be_ignored_for_some_modules() -> None:
    paths = ["pkg/plugins/sql/a.dll", "pkg/b.dll"]
    judged = subject(
        *map(image, paths),
        loads_of={path: broken_load("missing-dll", 126, [path, "gone.dll"]) for path in paths},
    )
    found = judge(judged, ignore={"missing-dll:pkg/plugins/*"})
    assert [f.module for f in found] == ["pkg/b.dll"]


def test_the_same_is_not_said_twice_of_a_module() -> None:
    load = broken_load("missing-dll", 126, ["a.dll", "one.dll", "gone.dll"])
    other = broken_load("missing-dll", 126, ["a.dll", "two.dll", "gone.dll"])
    both = replace(load, problems=(*load.problems, *other.problems))
    found = judge(subject(image("a.dll"), loads_of={"a.dll": both}))
    assert [f.rule for f in found] == ["missing-dll"]


def test_a_healthy_package_has_no_findings() -> None:
    user = image("pkg/user.dll", imports={"kernel32.dll": ["ExitProcess"]})
    assert judge(subject(user)) == ()


def test_importing_the_registry_imports_no_rule() -> None:
    code = (
        "import sys, mlcbuild.rules;"
        "print([m for m in sys.modules if m.startswith('mlcbuild.rules.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(Path(mlcbuild.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
