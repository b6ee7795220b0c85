"""``mlcbuild matrix``: what CI builds and where, as GitHub Actions takes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit

if TYPE_CHECKING:
    import argparse

_EPILOG: Final = """\
examples:
  mlcbuild matrix                            the table, for people
  mlcbuild matrix --json                     {"include": [...]}, to build
  mlcbuild matrix --json --stage test        one entry a Python, to test
  mlcbuild matrix --json --only system=windows --only publish=true

in a workflow:
  echo "build=$(mlcbuild matrix --json)" >> "$GITHUB_OUTPUT"
  strategy: { matrix: "${{ fromJSON(needs.plan.outputs.build) }}" }
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("--json", action="store_true", help="one line for fromJSON()")
    parser.add_argument(
        "--stage", choices=("build", "test"), default="build", help="default: build"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="rows with this value (repeatable: all must fit)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the matrix."""
    from mlcbuild.ci.matrix import as_entry, chosen, test_jobs  # noqa: PLC0415

    rows = chosen(args.only)
    if args.json:
        entries = test_jobs(rows) if args.stage == "test" else [as_entry(row) for row in rows]
        print(json.dumps({"include": entries}, separators=(",", ":")))
        return Exit.GOOD
    for row in rows:
        runner = (
            row.runner if row.runner == row.test_runner else f"{row.runner} > {row.test_runner}"
        )
        print(f"{row.id:24}{runner:32}{'released' if row.publish else 'proof':10}{row.why}")
    return Exit.GOOD
