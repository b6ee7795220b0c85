"""Build every kind of project by every way of docs/your-project.md, and print the table.

    python benchmarks/adoption_table.py [--kind NAME] [--no-cross]

Run it in the environment of scripts/test.py, on Linux with the lab. Each cell is built, installed,
imported and called; the column of `mlcbuild cross` is called by Windows CPython. Exit code 1 where
a cell is not what the document says. About six minutes on two cores; the tests build a part.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "helpers")]

from adoption import CROSS, WAYS, Adopter, crosses, table  # noqa: E402 - after the path is set
from extensionprojects import ADOPTED  # noqa: E402
from mlcbuild import programs  # noqa: E402
from mlcbuild.commandline import Parser  # noqa: E402


def cell(kind: str, way: str, adopter: Adopter) -> str:
    """Return what a project does by that way; a failure is printed and is a word too."""
    try:
        if way == CROSS:
            with contextlib.redirect_stdout(sys.stderr):
                return crosses(kind, adopter.folder / f"cross {list(ADOPTED).index(kind)}")
        return adopter.does(kind, way)
    except AssertionError as error:
        print(f"{kind} by {way} failed:\n{error}", file=sys.stderr, flush=True)
        return "fails"


def main() -> int:
    """Print the rows as they are made."""
    parser = Parser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kind", choices=list(ADOPTED), action="append", help="only this")
    parser.add_argument("--no-cross", action="store_true", help="leave Windows out")
    options = parser.parse_args()
    ways = [*WAYS, *(() if options.no_cross else (CROSS,))]
    said, wrong = table(), 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder / "offered"]
        programs.run([*wheel, ROOT / "python"], check=True)
        found = os.environ.get("PIP_FIND_LINKS", "")
        os.environ["PIP_FIND_LINKS"] = f"{folder / 'offered'} {found}".strip()
        adopter = Adopter.make(folder, folder / "offered")
        for kind in options.kind or ADOPTED:
            row = [cell(kind, way, adopter) for way in ways]
            wrong += sum(word != said[kind][way] for way, word in zip(ways, row, strict=True))
            print(f"| {kind} | {' | '.join(row)} |", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
