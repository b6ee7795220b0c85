"""Check popular Windows wheels and print what the check says of each.

    python benchmarks/check_wheels.py [--cache DIR] [--list FILE] [--json FILE] [NAME ...]

Brings each project of ``wheels.txt`` with ``pip download`` into a cache outside the repository,
checks it in a process of its own with what the list says is installed beside it, and prints a
table: verdict, images, findings, seconds, memory. Exits 1 if a check crashed. What the ``fails``
verdicts are about is written down, wheel by wheel, in ``wheels.md``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlcbuild import programs
from mlcbuild.commandline import Parser

HERE = Path(__file__).resolve().parent
PYTHON = "3.11"
_SUMMARY = ("errors", "warnings", "notes")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one check said and cost."""

    wheel: str
    exit_code: int
    seconds: float
    megabytes: float
    verdicts: dict[str, int]
    summary: dict[str, int]
    rules: dict[str, int]
    crash: str = ""


def listed(path: Path) -> list[list[str]]:
    """Return the lines of the list as words; comments and empty lines are left out."""
    lines = (line.partition("#")[0].split() for line in path.read_text("utf-8").splitlines())
    return [words for words in lines if words]


def wheel_of(project: str, cache: Path) -> Path | None:
    """Return the project's wheel in the cache, downloading it if need be; None if there is none."""
    found = cached(project, cache)
    if found is None:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--platform", "win_amd64", "--python-version", PYTHON]
        done = programs.run(
            [*command, "--dest", str(cache), project], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"{project}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        found = cached(project, cache)
    return found


def cached(project: str, cache: Path) -> Path | None:
    """Return the newest wheel of a project in the cache, or that of ``NAME==VERSION``."""
    name, _, version = project.partition("==")
    wanted = re.sub(r"[-_.]+", "_", name).casefold()
    wheels = [
        path
        for path in cache.glob("*.whl")
        if path.name.split("-")[0].casefold() == wanted and version in {"", path.name.split("-")[1]}
    ]
    return max(wheels, key=lambda path: path.stat().st_mtime, default=None)


def check(wheel: Path, beside: list[Path]) -> Row:
    """Check one wheel in a child process."""
    command = [sys.executable, "-m", "mlcbuild", "check", "--json", str(wheel)]
    for companion in beside:
        command += ["--with", str(companion)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "python")}
    start = time.perf_counter()
    process = programs.start(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    out, err = process.communicate()
    seconds = time.perf_counter() - start
    report: dict[str, Any] = {}
    crash = ""
    try:
        report = json.loads(out)
    except ValueError:
        crash = err.decode("utf-8", "replace").strip().splitlines()[-1:][0] if err else "no output"
    targets = report.get("targets", [])
    verdicts: dict[str, int] = {}
    rules: dict[str, int] = {}
    for target in targets:
        for module in target["modules"]:
            verdict = module["load"]["verdict"]
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
        for finding in target["findings"]:
            name = f"{finding['severity']} {finding['rule']}"
            rules[name] = rules.get(name, 0) + 1
        crash = crash or target.get("error", {}).get("message", "")
    return Row(
        wheel=wheel.name,
        exit_code=process.returncode,
        seconds=seconds,
        megabytes=children_peak(),
        verdicts=verdicts,
        summary=report.get("summary", dict.fromkeys(_SUMMARY, 0)),
        rules=rules,
        crash=crash,
    )


def children_peak() -> float:
    """Return the highest memory of any child so far, in MB; 0 where the system does not tell."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def show(row: Row) -> None:
    """Print one line of the table."""
    counts = " ".join(f"{row.verdicts.get(v, 0):5}" for v in ("loads", "fails", "may-fail"))
    findings = " ".join(f"{row.summary[name]:4}" for name in _SUMMARY)
    rules = ", ".join(sorted(row.rules)) if not row.crash else f"CRASH {row.crash}"
    print(f"{row.wheel[:52]:52} {row.exit_code} {counts} {findings} {row.seconds:6.2f}s  {rules}")
    sys.stdout.flush()


def main() -> int:
    """Check the list."""
    parser = Parser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="only these projects")
    default = Path.home() / ".cache" / "mlcbuild" / "benchmark-wheels"
    parser.add_argument("--cache", type=Path, default=default)
    parser.add_argument("--list", type=Path, default=HERE / "wheels.txt")
    parser.add_argument("--json", type=Path, help="write the rows there")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    print(f"{'wheel':52} x loads fails  may-f  err warn note    time  rules")
    rows = []
    for project, *beside in listed(options.list):
        if options.names and project not in options.names:
            continue
        wheel = wheel_of(project, options.cache)
        companions = [found for name in beside if (found := wheel_of(name, options.cache))]
        if wheel is not None:
            rows.append(check(wheel, companions))
            show(rows[-1])
    crashed = [row for row in rows if row.crash]
    good = sum(not row.exit_code for row in rows)
    total = sum(row.seconds for row in rows)
    images = sum(sum(row.verdicts.values()) for row in rows)
    print(
        f"{len(rows)} wheels, {images} images, {good} good, {len(crashed)} crashes, {total:.1f} s, "
        f"peak {children_peak():.0f} MB"
    )
    if options.json:
        table = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in rows]
        options.json.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return 1 if crashed else 0


if __name__ == "__main__":
    sys.exit(main())
