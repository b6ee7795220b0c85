"""The gate: the last install step of a build. It examines the staged tree and stamps it.

Run by the CMake policy through ``cmake/run_gate.py --build DIR --stage DIR``. One line per finding
on standard error; exit code 1 stops the install, and so the wheel.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlcbuild import staging
from mlcbuild.builder.expectation import BuildRecord, read_expectation
from mlcbuild.builder.judge import judge
from mlcbuild.builder.project import Project, default_stamp_folder, package_folder
from mlcbuild.builder.provided import companion_exports, is_process_symbol, is_system_dll
from mlcbuild.builder.staged import Staged, package_folders, read_staged, wheel_files
from mlcbuild.builder.stamping import make_stamp
from mlcbuild.commandline import Parser
from mlcbuild.errors import Exit, MlcbuildError
from mlcbuild.rules.finding import Finding
from mlcbuild.stamp import STAMP_NAME, write_stamp
from mlcbuild.streams import inert


def run_gate(build: Path, stage: Path) -> tuple[Finding, ...]:
    """Judge ``stage`` and, where nothing is wrong, write the stamp. Returns the findings.

    Raises ``InputError`` where the build's record or a staged file cannot be read.
    """
    record, project, expected = read_expectation(build)
    staged = read_staged(wheel_files(Path(record.project), project, record, stage))
    findings = (
        *judge(
            staged.natives,
            expected,
            is_system_dll=is_system_dll,
            companion_exports=companion_exports(expected.companions),
            is_process_symbol=is_process_symbol,
        ),
        *_beside_the_rules(staged),
    )
    place = _stamp_place(record, project, staged, stage)
    if isinstance(place, Finding):
        findings = (*findings, place)
    elif not any(finding.severity == "error" for finding in findings):
        stamp = make_stamp(record, project, staged)
        staging.replace(stage / place / STAMP_NAME, write_stamp(stamp))
    return findings


def _stamp_place(
    record: BuildRecord, project: Project, staged: Staged, stage: Path
) -> str | Finding:
    """Return the folder of the stamp, or what is wrong with the one that the project names.

    Raises ``UsageError`` for a folder outside the wheel.
    """
    packages = package_folders(Path(record.project), project)
    natives = [file.path for file in staged.digests]
    if not project.stamp_dir and not record.stamp_dir:
        return default_stamp_folder(natives, packages, record.distribution)
    place = project.stamp_dir or package_folder(
        record.stamp_dir, f"MLCBUILD_STAMP_DIR={record.stamp_dir}"
    )
    carried = (
        not record.state  # outside scikit-build-core others may fill the tree later
        or (stage / place).is_dir()
        or any(path.startswith(f"{place}/") for path in [*natives, *packages])
        or any(
            place == path or (source / Path(place).relative_to(path)).is_dir()
            for path, source in packages.items()
            if Path(place).is_relative_to(path)
        )
    )
    if carried:
        return place
    return Finding(
        rule="stamp-dir",
        severity="error",
        module="",
        message=f"the wheel has no package {place}, which stamp-dir names",
        fix="name a package that the wheel contains, or remove stamp-dir",
    )


def _beside_the_rules(staged: Staged) -> Iterator[Finding]:
    """Yield findings that need no rules."""
    for path, why in staged.broken.items():
        yield Finding(
            rule="not-a-pe" if path.lower().endswith((".dll", ".pyd", ".exe")) else "not-an-image",
            severity="error",
            module=path,
            message=f"has a library suffix but is not a PE or ELF file: {why}",
            fix="add the real file, or leave it out of the wheel",
        )
    for path in staged.unjudged:
        yield Finding(
            rule="not-judged",
            severity="note",
            module=path,
            message="is a Mach-O image: stamped, but its dependencies are not checked",
        )
    if not staged.digests:
        yield Finding(
            rule="nothing-built",
            severity="error",
            message="the install contains no native file",
            fix="add install(TARGETS ...) to CMakeLists.txt",
        )


def _line(finding: Finding) -> str:
    where = f" {finding.module}" if finding.module else ""
    fix = f"; {finding.fix}" if finding.fix else ""
    return f"mlcbuild gate: {finding.severity}[{finding.rule}]{where}: {finding.message}{fix}"


@inert()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the gate; returns 0, 1 where something stops the wheel, 3 for an unreadable input."""
    parser = Parser(prog="mlcbuild gate")
    parser.add_argument("--build", type=Path, required=True, help="CMake's build folder")
    parser.add_argument("--stage", type=Path, required=True, help="the installed tree")
    args = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):  # a console that is not UTF-8 must not stop a build
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        findings = run_gate(args.build, args.stage)
    except MlcbuildError as error:
        print(f"mlcbuild gate: error: {error}", file=sys.stderr)  # noqa: T201 - its only output
        return error.exit_code
    for finding in findings:
        print(_line(finding), file=sys.stderr)  # noqa: T201 - its only output
    bad = any(finding.severity == "error" for finding in findings)
    return Exit.FINDINGS if bad else Exit.GOOD


if __name__ == "__main__":
    sys.exit(main())
