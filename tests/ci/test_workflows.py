"""The workflows: actionlint's word, and their jobs run here step by step."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from extensionprojects import PROJECTS, write_project
from mlcbuild.ci.matrix import ROWS
from needs import require
from needs_probes import find_actionlint
from trackedcopy import copy_tracked
from workflowrun import Workplace, evaluate, load_workflow

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted([ROOT / "action.yml", *ROOT.glob("actions/*/action.yml")])


@pytest.fixture(scope="session")
def actionlint() -> list[str]:
    """Return the command of actionlint; Go builds it where it is not installed."""
    require("actionlint")
    return find_actionlint()


def lint(command: list[str], *files: Path) -> str:
    run = subprocess.run(
        [*command, "-no-color", *map(str, files)], cwd=ROOT, capture_output=True, check=False
    )
    assert run.returncode in (0, 1), run.stderr.decode()
    return run.stdout.decode()


@pytest.mark.slow
def test_actionlint_has_nothing_to_say(actionlint: list[str]) -> None:
    assert len(WORKFLOWS) >= 4
    assert lint(actionlint, *WORKFLOWS) == ""


@pytest.mark.slow
def test_actionlint_would_find_a_mistake(actionlint: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text(
        "on: push\njobs:\n  a:\n    runs-on: windows-2016\n    steps:\n"
        "      - run: echo ${{ matrx.os }}\n"
    )
    found = lint(actionlint, bad)
    assert "windows-2016" in found
    assert "matrx" in found


@pytest.mark.slow
def test_every_runner_of_the_matrix_is_one_that_github_has(
    actionlint: list[str], tmp_path: Path
) -> None:
    runners = sorted({runner for row in ROWS for runner in (row.runner, row.test_runner)})
    jobs = {
        f"job{index}": {"runs-on": runner, "steps": [{"run": "true"}]}
        for index, runner in enumerate(runners)
    }
    made = tmp_path / "runners.yml"
    made.write_text(yaml.safe_dump({"on": "push", "jobs": jobs}))
    assert lint(actionlint, made) == ""


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_scripts_take_inputs_as_variables_and_permissions_are_least(path: Path) -> None:
    workflow = load_workflow(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["defaults"]["run"]["shell"] == "bash", "one shell on all systems"
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] if "runs-on" in job and "strategy" in job else True
        for step in job["steps"]:
            # An expression inside a script could inject commands.
            assert "${{" not in step.get("run", ""), step


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: path.stem)
def test_actions_are_pinned_by_hash_with_the_version_that_dependabot_reads(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    used = [line.strip(" -") for line in lines if line.strip(" -").startswith("uses:")]
    for line in used:
        assert re.fullmatch(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)+", line), line


def test_one_action_has_one_pin() -> None:
    text = "\n".join(path.read_text("utf-8") for path in [*WORKFLOWS, *ACTIONS])
    pins = dict.fromkeys(re.findall(r"uses: (\S+)@([0-9a-f]{40})", text))
    assert len({name for name, _ in pins}) == len(pins), pins


def test_a_script_of_our_workflows_is_there() -> None:
    for path in [*WORKFLOWS, *ROOT.glob("actions/*/action.yml")]:
        for script in re.findall(r"scripts/[\w/]+\.(?:sh|py)", path.read_text()):
            assert (ROOT / script).is_file(), f"{path.name} runs {script}"


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").rglob("*.sh")), ids=lambda p: p.name)
def test_shell_scripts_parse(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.parametrize(("system", "keeps"), [("windows", True), ("linux", False)])
def test_windows_rows_keep_their_pdbs_beside_the_wheel(
    tmp_path: Path, system: str, *, keeps: bool
) -> None:
    program = tmp_path / "bin" / "mlcbuild"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nprintf "%s " "$@" >>calls; echo >>calls\n'
        '[ "$1" = wheel ] && : >dist/a-1-py3-none-any.whl\nexit 0\n'
    )
    program.chmod(0o755)
    row = {"DEVICE": "cpu", "TARGET": "host", "PROJECT": ".", "SYSTEM": system, "PYTHON": "3.12"}
    env = {f"ROW_{name}": value for name, value in row.items()}
    env["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    script = ROOT / "scripts" / "ci" / "build_row.sh"
    subprocess.run(["bash", str(script)], cwd=tmp_path, env=env, check=True, capture_output=True)
    built = (tmp_path / "calls").read_text().splitlines()[0].split()
    assert built[:5] == ["wheel", "--device", "cpu", "-o", "dist"]
    assert ("--symbols" in built) == keeps
    workflow = load_workflow(ROOT / ".github" / "workflows" / "wheels.yml")
    (step,) = (s for s in workflow["jobs"]["build"]["steps"] if s.get("name") == "Keep its PDBs")
    matrix = {"system": system, "project": "."}
    assert evaluate(step["if"], {"matrix": matrix}) is keeps
    assert step["with"]["path"].startswith(built[-1] + "/" if keeps else "symbols/")


# --- the jobs, run here -----------------------------------------------------------------------


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """Return a checkout of what is tracked and a stand-in for GitHub's own program."""
    checkout = tmp_path / "check out"
    copy_tracked(ROOT, checkout)
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    gh = programs / "gh"
    gh.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$GH_CALLS"\n')
    gh.chmod(0o755)
    store = tmp_path / "store"
    (store / "artifacts").mkdir(parents=True)
    kept = ("HOME", "PATH", "LANG", "PIP_CACHE_DIR", "MLCBUILD_CACHE", "CARGO_HOME", "TMPDIR")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env |= {k: v for k, v in os.environ.items() if k.startswith(("GIT_CONFIG", "PIP_", "RUSTUP"))}
    env["GH_CALLS"] = str(store / "gh")
    env["SCCACHE_SERVER_UDS"] = str(tmp_path / "s")  # a server of its own, for its own cache
    github = {"event_name": "push", "ref": "refs/tags/v1.0", "ref_name": "v1.0", "token": "secret"}
    github |= {"workspace": str(checkout), "run_id": "1"}
    env |= {"GITHUB_REPOSITORY": "o/r", "GITHUB_SERVER_URL": "https://github.com"}
    return Workplace(checkout=checkout, store=store, programs=programs, env=env, github=github)


#: The wheels are compiled anew in a checkout of their own: ten minutes each on two cores. The gate
#: builds, checks and runs the same wheels by the same commands; the example takes every step here.
full_build = pytest.mark.needs_hour


def whole_way(workplace: Workplace, row: str) -> list[str]:
    """Plan, build, test and release one row; return the files of the release."""
    workflow = load_workflow(ROOT / ".github" / "workflows" / "wheels.yml")
    plan = workplace.run(workflow, "plan", inputs={"only": f"--only id={row}"})
    assert not plan.failed, plan.log
    needs = {"plan": {"outputs": plan.outputs}}
    expression = workflow["jobs"]["build"]["strategy"]["matrix"].strip("${} ")
    (entry,) = evaluate(expression, {"needs": needs})["include"]
    assert entry["id"] == row
    build = workplace.run(workflow, "build", matrix=entry, needs=needs)
    assert not build.failed, build.log
    tests = json.loads(plan.outputs["test"])["include"]
    for job in tests[:1] if not entry["chat"] else [j for j in tests if j["chat"]]:
        test = workplace.run(workflow, "test", matrix=job, needs=needs)
        assert not test.failed, test.log
        assert ("chat" in test.log) is job["chat"]
    artifacts = workplace.store / "artifacts"
    for proof in artifacts.glob("proof-*"):  # as if it were released
        proof.rename(artifacts / proof.name.replace("proof", "wheel"))
    release = workplace.run(workflow, "release")
    assert not release.failed, release.log
    files = sorted(path.name for path in (artifacts / "release").iterdir())
    called = (workplace.store / "gh").read_text().splitlines()
    assert called[:3] == ["release", "create", "v1.0"]
    assert {Path(word).name for word in called if word.startswith("release/")} == {
        name for name in files if name != "simple"
    }
    return files


@pytest.mark.slow
def test_the_example_goes_the_whole_way_through_the_workflow(workplace: Workplace) -> None:
    files = whole_way(workplace, "linux-x86_64-example")
    (wheel,) = (name for name in files if name.endswith(".whl"))
    assert wheel.startswith("ffi_hello-0.1.0-py3-none-")
    assert {f"{wheel}.cdx.json", f"{wheel}.metadata", "SHA256SUMS", "simple"} < set(files)


@pytest.mark.slow
@full_build
def test_the_linux_wheel_goes_the_whole_way_through_the_workflow(workplace: Workplace) -> None:
    files = whole_way(workplace, "linux-x86_64-cpu")
    assert any(name.startswith("mlc_llm-") and name.endswith(".whl") for name in files)


@pytest.mark.slow
@full_build
def test_the_cross_build_leaves_its_wheel_to_the_tests_on_windows(workplace: Workplace) -> None:
    workflow = load_workflow(ROOT / ".github" / "workflows" / "wheels.yml")
    row = "windows-x86_64-cross"
    plan = workplace.run(workflow, "plan", inputs={"only": f"--only id={row}"})
    (entry,) = json.loads(plan.outputs["build"])["include"]
    build = workplace.run(workflow, "build", matrix=entry)
    assert not build.failed, build.log
    kept = [p.name for p in (workplace.store / "artifacts" / f"proof-{row}").iterdir()]
    assert any(n.startswith("mlc_llm-") and n.endswith("-win_amd64.whl") for n in kept)
    # The test job runs on Windows. Its step is `verify wheelhouse/mlc_llm-* --find-links`.
    (job,) = json.loads(plan.outputs["test"])["include"]
    assert job["test_runner"].startswith("windows-")
    assert job["project"] == "."


@pytest.mark.slow
def test_the_example_for_windows_is_made_on_linux_and_left_to_windows(workplace: Workplace) -> None:
    require("clang_cl")
    require("sources")
    workflow = load_workflow(ROOT / ".github" / "workflows" / "ci.yml")
    done = workplace.run(workflow, "cross")
    assert not done.failed, done.log
    (kept,) = (workplace.store / "artifacts" / "cross-example").iterdir()
    assert kept.name == "ffi_hello-0.1.0-py3-none-win_amd64.whl"
    assert workflow["jobs"]["cross-test"]["runs-on"].startswith("windows-")


@pytest.mark.slow
def test_the_reusable_workflow_makes_a_strangers_wheels_for_two_pythons(
    workplace: Workplace,
) -> None:
    require("clang_cl")
    require("sources")
    write_project(PROJECTS["cython"], workplace.checkout / "theirs")
    sudo = workplace.programs / "sudo"  # what it installs is here
    sudo.write_text("#!/bin/sh\nexit 0\n")
    sudo.chmod(0o755)
    workflow = load_workflow(ROOT / ".github" / "workflows" / "cross-wheels.yml")
    inputs = {
        name: spec.get("default", "")
        for name, spec in workflow["on"]["workflow_call"]["inputs"].items()
    }
    ours = {"project": "theirs", "python": "3.11,3.13", "sdk": "--sdk free"}
    ours["mlcbuild"] = "./python[cross]"
    done = workplace.run(workflow, "wheels", inputs={**inputs, **ours})
    assert not done.failed, done.log
    kept = sorted(p.name for p in (workplace.store / "artifacts" / "windows-wheels").iterdir())
    assert kept == [f"fast-1.0-{tag}-win_amd64.whl" for tag in ("cp311-cp311", "cp313-cp313")]


@pytest.mark.slow
def test_a_pull_request_builds_the_cpus_rows_alone(workplace: Workplace) -> None:
    workplace.github["event_name"] = "pull_request"
    workflow = load_workflow(ROOT / ".github" / "workflows" / "wheels.yml")
    plan = workplace.run(workflow, "plan")
    assert not plan.failed, plan.log
    rows = json.loads(plan.outputs["build"])["include"]
    assert {row["id"] for row in rows} == {row.id for row in ROWS if "cpu" in row.device.split(",")}
    workplace.github["ref"] = "refs/pull/1/merge"
    assert workplace.run(workflow, "release").log == "", "nothing is released without a tag"


@pytest.mark.slow
def test_nightly_says_which_step_broke(workplace: Workplace) -> None:
    workflow = load_workflow(ROOT / ".github" / "workflows" / "nightly.yml")
    # The lock names what is nowhere: fetch fails, and the summary must say so.
    steps = workflow["jobs"]["head"]["steps"]
    pin = next(step for step in steps if "bump.py" in step.get("run", ""))
    pin["run"] = "sed -i 's/^commit = .*/commit = \"" + "0" * 40 + "\"/' 3rdparty/sources.toml"
    fetch = next(step for step in steps if step.get("id") == "fetch")
    fetch["run"] = "mlcbuild fetch --offline --cache nowhere"
    job = workplace.run(workflow, "head", matrix={"runner": "ubuntu-24.04"})
    assert job.failed == ["Fetch, with our patches"]
    assert "| sources and patches | failure |" in job.summary
    assert "| build |  |" in job.summary


# --- parts ------------------------------------------------------------------------------------


def test_cibuildwheel_understands_the_reusable_workflow(tmp_path: Path) -> None:
    from cibuildwheel.options import CommandLineArguments, Options  # noqa: PLC0415

    workflow = load_workflow(ROOT / ".github" / "workflows" / "windows-wheel.yml")
    inputs: dict[str, Any] = {
        name: spec["default"] for name, spec in workflow["on"]["workflow_call"]["inputs"].items()
    }
    (step,) = (s for s in workflow["jobs"]["wheels"]["steps"] if "CIBW_BUILD" in s.get("env", {}))
    env = {
        name: re.sub(r"\$\{\{(.*?)\}\}", lambda m: str(evaluate(m[1], {"inputs": inputs})), value)
        for name, value in step["env"].items()
    }
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\n")
    arguments = CommandLineArguments.defaults()
    arguments.platform, arguments.package_dir = "windows", tmp_path
    options = Options(platform="windows", command_line_arguments=arguments, env=env)
    build = options.build_options("cp312-win_amd64")
    assert options.globals.build_selector("cp312-win_amd64")
    assert build.audit_command == ["mlcbuild check --with-deps {wheel}"]
    assert build.audit_requires == [inputs["mlcbuild"]]
    assert build.repair_command == "mlcbuild repair -o {dest_dir} --with-deps {wheel}"
    assert build.before_build
