"""Where others run the check: cibuildwheel, GitHub Actions, pre-commit. Needs a package index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from tinydll import build_dll
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from cibuildwheel.options import BuildOptions

ROOT = Path(__file__).resolve().parents[2]

since_311 = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="cibuildwheel 4 itself runs on Python 3.11 and newer"
)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a wheel that loads and one whose DLL needs another that is nowhere."""
    folder = tmp_path_factory.mktemp("wheels")
    good = build_dll(folder / "good.dll", exports=["f"])
    bad = build_dll(folder / "bad.dll", exports=["f"], imports={"gone.dll": ["g"]})
    return (
        make_wheel(folder, {"good/good.dll": good.read_bytes()}, name="good"),
        make_wheel(folder, {"bad/bad.dll": bad.read_bytes()}, name="bad"),
    )


@pytest.fixture(scope="session")
def cibuildwheel(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildOptions, Path]:
    """Return cibuildwheel's options of a project with the documented lines, and a build folder."""
    from cibuildwheel.options import CommandLineArguments, Options  # noqa: PLC0415

    project = tmp_path_factory.mktemp("project")
    (project / "pyproject.toml").write_text(
        "[tool.cibuildwheel.windows]\n"
        'build-frontend = "build[uv]"\n'
        f'audit-requires = ["{(ROOT / "python").as_posix()}"]\n'
        'audit-command = "mlcbuild check --strict {wheel}"\n',
        encoding="utf-8",
    )
    arguments = replace(CommandLineArguments.defaults(), platform="windows", package_dir=project)
    options = Options(platform="windows", command_line_arguments=arguments, env={})
    return options.build_options("cp311-win_amd64"), tmp_path_factory.mktemp("cibuildwheel")


@since_311
def test_cibuildwheels_audit_step_accepts_a_good_wheel(
    wheels: tuple[Path, Path], cibuildwheel: tuple[BuildOptions, Path]
) -> None:
    from cibuildwheel.audit import run_audit  # noqa: PLC0415

    options, folder = cibuildwheel
    assert options.audit_command == ["mlcbuild check --strict {wheel}"]
    run_audit(tmp_dir=folder, build_options=options, wheel=wheels[0])
    assert any((folder / "audit_venv").rglob("mlcbuild*")), "the step must have installed it"


@since_311
def test_cibuildwheels_audit_step_refuses_a_bad_wheel(
    wheels: tuple[Path, Path],
    cibuildwheel: tuple[BuildOptions, Path],
    capfd: pytest.CaptureFixture[str],
) -> None:
    from cibuildwheel.audit import run_audit  # noqa: PLC0415
    from cibuildwheel.errors import AuditCommandFailedError  # noqa: PLC0415

    options, folder = cibuildwheel
    with pytest.raises(AuditCommandFailedError) as failed:
        run_audit(tmp_dir=folder, build_options=options, wheel=wheels[1])
    assert failed.value.return_code == 9
    out = capfd.readouterr().out
    assert "gone.dll" in out
    assert "exit code 1" in out


def action(tmp_path: Path, **inputs: str) -> tuple[int, str, str]:
    """Run the action's step as GitHub does; return exit code, output and job summary."""
    commands = tmp_path / "runner temp" / "mlcbuild" / "bin"
    commands.mkdir(parents=True, exist_ok=True)
    command = commands / "mlcbuild"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT / "python"}" exec "{sys.executable}" -m mlcbuild "$@"\n',
        encoding="utf-8",
    )
    command.chmod(0o755)
    summary = tmp_path / "summary.md"
    done = subprocess.run(
        ["bash", str(ROOT / "scripts" / "action_check.sh")],
        env={
            **os.environ,
            "RUNNER_TEMP": str(tmp_path / "runner temp"),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            **inputs,
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, summary.read_text(encoding="utf-8")


def test_the_action_reports_everywhere_and_fails_with_the_checks_code(
    wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    for wheel in wheels:
        shutil.copy(wheel, tmp_path)
    code, out, summary = action(
        tmp_path, TARGETS="*.whl", ARGUMENTS="--strict", SARIF="check.sarif", JSON="check.json"
    )
    assert code == 1
    assert "FAILS  bad-1.0" in out
    assert "### FAILS: `bad-1.0-py3-none-win_amd64.whl`" in summary
    assert '"version": "2.1.0"' in (tmp_path / "check.sarif").read_text(encoding="utf-8")
    assert '"schema_version": 1' in (tmp_path / "check.json").read_text(encoding="utf-8")
    assert (tmp_path / "output").read_text(encoding="utf-8") == "exit-code=1\n"


def test_the_action_passes_a_good_wheel(wheels: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copy(wheels[0], tmp_path)
    code, _, summary = action(tmp_path, TARGETS="*.whl")
    assert code == 0
    assert "### GOOD" in summary


def test_an_input_of_the_action_cannot_run_a_command(
    wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    shutil.copy(wheels[0], tmp_path)
    code, _, _ = action(tmp_path, TARGETS="$(touch owned) `touch owned`; touch owned")
    assert code == 3
    assert not (tmp_path / "owned").exists()


def test_the_action_runs_the_script_and_hands_every_input_over() -> None:
    table = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    steps = table["runs"]["steps"]
    assert table["runs"]["using"] == "composite"
    assert "scripts/action_check.sh" in steps[-1]["run"]
    handed = "".join(str(step.get("env", "")) + str(step.get("with", "")) for step in steps)
    for name in table["inputs"]:
        assert f"inputs.{name}" in handed
    assert not any("${{" in step.get("run", "") for step in steps)


def test_the_pre_commit_hook_runs_on_the_files_it_is_for(
    wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    # pre-commit reads hooks from a repository: this one holds the hook file alone.
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    project = tmp_path / "project"
    project.mkdir()
    for wheel in wheels:
        shutil.copy(wheel, project)
    (project / "notes.txt").write_text("not a wheel", encoding="utf-8")
    commands = tmp_path / "bin"
    commands.mkdir()
    command = commands / "mlcbuild"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT / "python"}" exec "{sys.executable}" -m mlcbuild "$@"\n',
        encoding="utf-8",
    )
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
    }
    for repository in (hooks, project):
        for arguments in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-q", "-m", "x"],
        ):
            subprocess.run(["git", *arguments], cwd=repository, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), hook["id"], "--all-files"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bad-1.0-py3-none-win_amd64.whl" in done.stdout
    assert "gone.dll" in done.stdout
    assert "notes.txt" not in done.stdout
