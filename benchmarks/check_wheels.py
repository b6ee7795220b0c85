"""Check many Windows wheels and compare each verdict with what is known of the wheel.

    python benchmarks/check_wheels.py [--cache DIR] [--list FILE] [--json FILE] [--remove] [NAME..]

Brings each wheel of ``wheels.txt`` with ``pip download`` into a cache outside the repository,
checks it in a process of its own with what the list says is installed beside it, and prints a
table: verdict, images, findings, seconds, memory. A good wheel that FAILS and a broken one that is
GOOD are marked; then, or where a check crashed, it exits 1. What verdicts are about is in
``wheels.md``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlcbuild import programs
from mlcbuild.commandline import Parser
from wheel_list import cache_folder, entries, wheel_of

if TYPE_CHECKING:
    from wheel_list import Entry

HERE = Path(__file__).resolve().parent
_SUMMARY = ("errors", "warnings", "notes")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one check said and cost."""

    wheel: str
    truth: str
    exit_code: int
    seconds: float
    megabytes: float
    #: Images by verdict; those that the import does not need count as ``optional``.
    verdicts: dict[str, int]
    summary: dict[str, int]
    rules: dict[str, int]
    crash: str = ""

    @property
    def wrong(self) -> str:
        """Where the verdict and the truth part; empty where they agree."""
        if self.crash:
            return f"CRASH {self.crash}"
        if self.truth == "good":
            return "FALSE ALARM" if self.exit_code else ""
        return "" if self.exit_code else "MISSED"


def check(entry: Entry, wheel: Path, beside: list[Path]) -> Row:
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
    verdicts: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for target in report.get("targets", []):
        verdicts.update(
            "optional" if module["optional"] else module["load"]["verdict"]
            for module in target["modules"]
        )
        rules.update(f"{each['severity']} {each['rule']}" for each in target["findings"])
        crash = crash or target.get("error", {}).get("message", "")
    return Row(
        wheel=wheel.name,
        truth=entry.truth,
        exit_code=process.returncode,
        seconds=seconds,
        megabytes=children_peak(),
        verdicts=dict(verdicts),
        summary=report.get("summary", dict.fromkeys(_SUMMARY, 0)),
        rules=dict(rules),
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
    kinds = ("loads", "fails", "may-fail", "optional")
    counts = " ".join(f"{row.verdicts.get(kind, 0):5}" for kind in kinds)
    findings = " ".join(f"{row.summary[name]:4}" for name in _SUMMARY)
    said = row.wrong or ", ".join(sorted(row.rules))
    print(f"{row.wheel[:52]:52} {row.exit_code} {counts} {findings} {row.seconds:6.2f}s  {said}")
    sys.stdout.flush()


def main() -> int:
    """Check the list."""
    parser = Parser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--cache", type=Path, default=cache_folder())
    parser.add_argument("--list", type=Path, default=HERE / "wheels.txt")
    parser.add_argument("--json", type=Path, help="write the rows there")
    parser.add_argument("--remove", action="store_true", help="keep no wheel that was judged")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    print(f"{'wheel':52} x loads fails may-f optio  err warn note    time  rules")
    rows = []
    for entry in entries(options.list, options.names):
        wheel = wheel_of(entry.project, entry, options.cache)
        beside = [found for name in entry.beside if (found := wheel_of(name, entry, options.cache))]
        if wheel is not None:
            rows.append(check(entry, wheel, beside))
            show(rows[-1])
            if options.remove:
                for path in {wheel, *beside}:
                    path.unlink()
    wrong = [row for row in rows if row.wrong]
    good = sum(not row.exit_code for row in rows)
    images = sum(sum(row.verdicts.values()) for row in rows)
    print(
        f"{len(rows)} wheels, {images} images, {good} without an error, {len(wrong)} wrong, "
        f"{sum(row.seconds for row in rows):.1f} s, peak {children_peak():.0f} MB"
    )
    if options.json:
        table = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in rows]
        options.json.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
