"""Run a job of a GitHub workflow here, step by step: the scripts as they are, the actions in short.

Understood is what our workflows use. An expression or an action that is not known raises, so that a
workflow cannot drift away from what is run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from wheelvenv import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Job", "Workplace", "evaluate", "load_workflow"]

_WORD = re.compile(r"\s*('(?:[^']|'')*'|==|!=|&&|\|\||[!(),]|[A-Za-z_][\w.\-]*|\d+)")


def load_workflow(path: Path) -> dict[str, Any]:
    """Read a workflow; YAML 1.1 takes the key ``on`` for a truth value."""
    table: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    table["on"] = table.pop(True, table.get("on"))
    return table


def evaluate(text: str, context: Mapping[str, Any]) -> Any:
    """Evaluate one expression as GitHub does: its operators give back operands."""
    words = _WORD.findall(text)
    assert "".join(words).replace(" ", "") == re.sub(r"\s", "", text), text

    def take(expected: str = "") -> str:
        word: str = words.pop(0)
        assert not expected or word == expected, text
        return word

    def either() -> Any:
        value = both()
        while words and words[0] == "||":
            take()
            other = both()
            value = value or other
        return value

    def both() -> Any:
        value = compared()
        while words and words[0] == "&&":
            take()
            other = compared()
            value = value and other
        return value

    def compared() -> Any:
        value = single()
        if words and words[0] in ("==", "!="):
            same = take() == "=="
            other = single()
            return (str(value).lower() == str(other).lower()) is same
        return value

    def single() -> Any:
        word = take()
        if word == "!":
            return not single()
        if word == "(":
            value = either()
            take(")")
            return value
        if word.startswith("'"):
            return word[1:-1].replace("''", "'")
        if words and words[0] == "(":
            return call(word)
        return looked_up(word)

    def call(name: str) -> Any:
        take("(")
        given = []
        while words[0] != ")":
            given.append(either())
            if words[0] == ",":
                take()
        take(")")
        functions: dict[str, Callable[..., Any]] = {
            "fromJSON": json.loads,
            "startsWith": lambda text, start: str(text).startswith(start),
            "always": lambda: True,
        }
        return functions[name](*given)

    def looked_up(path: str) -> Any:
        value: Any = context
        for part in path.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        return value

    value = either()
    assert not words, text
    return value


def filled(text: Any, context: Mapping[str, Any]) -> str:
    """Replace the expressions in a text."""

    def one(match: re.Match[str]) -> str:
        value = evaluate(match[1], context)
        return str(value).lower() if isinstance(value, bool) else str(value)

    return re.sub(r"\$\{\{(.*?)\}\}", one, str(text), flags=re.DOTALL)


@dataclass
class Job:
    """What a job did: the log, the outputs, and the steps that failed."""

    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    summary: str = ""


@dataclass
class Workplace:
    """A checkout, the artifacts of the jobs, and programs that stand in for others."""

    checkout: Path
    store: Path
    programs: Path
    env: dict[str, str]
    github: dict[str, Any] = field(default_factory=dict)

    def run(
        self,
        workflow: Mapping[str, Any],
        name: str,
        *,
        matrix: Mapping[str, Any] | None = None,
        needs: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> Job:
        """Run one job of a workflow in the checkout."""
        job = workflow["jobs"][name]
        context: dict[str, Any] = {
            "matrix": dict(matrix or {}),
            "needs": dict(needs or {}),
            "inputs": dict(inputs or {}),
            "github": self.github,
            "steps": {},
        }
        done = Job()
        if not evaluate(str(job.get("if", "always()")), context):
            return done
        temp = self.store / f"temp-{name}-{len(list(self.store.iterdir()))}"
        temp.mkdir(parents=True)
        env = {**self.env, "RUNNER_TEMP": str(temp), "GITHUB_STEP_SUMMARY": str(temp / "summary")}
        env |= {key: filled(value, context) for key, value in workflow.get("env", {}).items()}
        for index, step in enumerate(job["steps"]):
            label = step.get("name") or step.get("uses") or f"step {index}"
            condition = str(step.get("if", "always()" if not done.failed else ""))
            condition = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", condition)
            if (done.failed and "always()" not in condition) or not evaluate(
                condition or "always()", context
            ):
                continue
            done.log += f"\n== {label}\n"
            files = {n: temp / f"{index}.{n}" for n in ("GITHUB_ENV", "GITHUB_OUTPUT")}
            given = {key: filled(value, context) for key, value in step.get("env", {}).items()}
            given |= {key: str(path) for key, path in files.items()}
            if "uses" in step:
                self._use(step, context, temp, env, done)
                code = 0
            else:
                limit_s = 60 * int(job.get("timeout-minutes", 30))
                code = self._script(filled(step["run"], context), {**env, **given}, done, limit_s)
            outputs = _pairs(files["GITHUB_OUTPUT"])
            env |= _pairs(files["GITHUB_ENV"])
            context["steps"][step.get("id", label)] = {
                "outputs": outputs,
                "outcome": "failure" if code else "success",
            }
            if code:
                done.failed.append(label)
        for key, value in job.get("outputs", {}).items():
            done.outputs[key] = filled(value, context)
        summary = Path(env["GITHUB_STEP_SUMMARY"])
        done.summary = summary.read_text(encoding="utf-8") if summary.exists() else ""
        return done

    def _script(self, script: str, env: dict[str, str], done: Job, limit_s: int) -> int:
        run = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.checkout,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=limit_s,
        )
        done.log += run.stdout.decode("utf-8", "replace")
        return run.returncode

    def _use(
        self, step: Mapping[str, Any], context: Mapping[str, Any], temp: Path,
        env: dict[str, str], done: Job,
    ) -> None:  # fmt: skip
        action = step["uses"].partition("@")[0]
        options = {k: filled(v, context) for k, v in step.get("with", {}).items()}
        if action == "actions/checkout":
            return
        if action == "actions/setup-python":
            place = temp / "python"
            environment(place)
            env["PATH"] = os.pathsep.join((str(self.programs), str(place / "bin"), env["PATH"]))
            env["VIRTUAL_ENV"] = str(place)
            done.log += f"Python {sys.version.split()[0]} for {options['python-version']}\n"
        elif action == "actions/cache":
            done.log += f"{options['path']} would be kept as {options['key']}\n"
        elif action == "actions/upload-artifact":
            found = sorted(self.checkout.glob(options["path"]))
            assert found, f"{options['path']} holds nothing"
            target = self.store / "artifacts" / options["name"]
            target.mkdir(parents=True)  # an artifact is uploaded once
            for path in found:
                if path.is_dir():
                    shutil.copytree(path, target, dirs_exist_ok=True)
                else:
                    shutil.copy(path, target)
        elif action == "actions/download-artifact":
            wanted = options.get("name") or options["pattern"]
            folders = [f for f in (self.store / "artifacts").iterdir() if fnmatch(f.name, wanted)]
            assert folders, f"no artifact {wanted}"
            target = self.checkout / options["path"]
            shutil.rmtree(target, ignore_errors=True)
            for folder in folders:
                shutil.copytree(folder, target, dirs_exist_ok=True)
        elif action == "actions/attest-build-provenance":
            sums = self.checkout / options["subject-checksums"]
            check = ["sha256sum", "--strict", "-c", sums.name]
            subprocess.run(check, cwd=sums.parent, check=True, stdout=subprocess.DEVNULL)
        else:
            raise AssertionError(f"{action} is not known here")


def _pairs(path: Path) -> dict[str, str]:
    """Read GITHUB_ENV or GITHUB_OUTPUT: ``name=value``, or a value between marks."""
    found: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    while lines:
        line = lines.pop(0)
        name, _, value = line.partition("=")
        if "<<" in name:
            name, _, mark = line.partition("<<")
            taken = []
            while (line := lines.pop(0)) != mark:
                taken.append(line)
            value = "\n".join(taken)
        found[name] = value
    return found
