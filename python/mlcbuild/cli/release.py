"""``mlcbuild release``: make a folder to publish from finished wheels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit

if TYPE_CHECKING:
    import argparse

_EPILOG: Final = """\
The folder gets every wheel with its SBOM inside, and next to it the SBOM with
the wheel's digest (.cdx.json), SHA256SUMS, and simple/, a package index of
plain files.

examples:
  mlcbuild release wheelhouse/*.whl -o release
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("wheels", nargs="+", type=Path, metavar="WHEEL", help="finished wheels")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("release"), metavar="DIR", help="default: release"
    )
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(args: argparse.Namespace) -> int:
    """Make the folder and list its contents."""
    from mlcbuild.release import release  # noqa: PLC0415

    done = release(args.wheels, args.output)
    for wheel in done.wheels:
        toolchain = wheel.stamp.toolchain if wheel.stamp else None
        if toolchain is not None and toolchain.sdk == "free":
            print(
                f"mlcbuild release: {wheel.file} was built with the free Windows SDK, which is for "
                "CI and tests: build what you publish with Microsoft's (--accept-license)",
                file=sys.stderr,
            )
    if args.json:
        import json  # noqa: PLC0415

        wheels = [
            {"file": w.file, "sha256": w.sha256, "size": w.size, "parts": len(w.parts)}
            for w in done.wheels
        ]
        table = {"schema_version": 1, "wheels": wheels, "files": list(done.files)}
        print(json.dumps(table, indent=2))
        return Exit.GOOD
    for wheel in done.wheels:
        print(f"{wheel.sha256}  {args.output / wheel.file}  ({len(wheel.parts)} parts)")
    for name in done.files:
        print(f"{'':66}{args.output / name}")
    return Exit.GOOD
