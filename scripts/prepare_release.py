"""Prepare a release of mlcbuild: its version in every place that says it, proved by an install.

Sets the version, dates the changelog, and has the reusable workflows install the tag that they are
called by. Then builds the distribution, installs it into a fresh environment and asks it for its
version. docs/release.md has what comes after.

examples:
  python scripts/prepare_release.py 0.2.0 --dry-run     all of it in a copy; this checkout stays
  python scripts/prepare_release.py 0.2.0
  python scripts/prepare_release.py --check v0.2.0      is this checkout that release? (CI)
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import shutil
import sys
import tempfile
import venv
from pathlib import Path

from setup_env import ROOT, Parser, StepError, environment, main_of, output, run, say

VERSION = Path("python", "mlcbuild", "__init__.py")
CHANGES = Path("CHANGELOG.md")
REUSABLE = [Path(".github", "workflows", f"{n}.yml") for n in ("cross-wheels", "windows-wheel")]
ASSIGNED = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
#: What pip installs in the reusable workflows, from this repository.
INSTALLED = re.compile(r"(?<=mlcbuild@)[\w.]+(?=#subdirectory=python)")


def edit(root: Path, version: str, today: str) -> None:
    """Write the version where it is said."""
    changes = (root / CHANGES).read_text("utf-8")
    if f"\n## {version} " in changes:
        raise StepError(f"{CHANGES} has {version} already", 2)
    if "\n## Unreleased\n" not in changes:
        raise StepError(f"{CHANGES} has no section 'Unreleased'")
    heading = f"\n## Unreleased\n\n## {version} ({today})\n"
    write(root / CHANGES, changes.replace("\n## Unreleased\n", heading, 1))
    text = (root / VERSION).read_text("utf-8")
    write(root / VERSION, ASSIGNED.sub(f'__version__ = "{version}"', text))
    for workflow in REUSABLE:
        text = (root / workflow).read_text("utf-8")
        write(root / workflow, INSTALLED.sub(f"v{version}", text))


def write(path: Path, text: str) -> None:
    """Write a text file with Unix line ends."""
    path.write_text(text, encoding="utf-8", newline="\n")


def problems(root: Path, tag: str) -> list[str]:
    """Say what in ``root`` is not the release ``tag``."""
    found = ASSIGNED.findall((root / VERSION).read_text("utf-8"))
    wrong = [] if found == [tag.removeprefix("v")] else [f"{VERSION} says {', '.join(found)}"]
    if f"\n## {tag.removeprefix('v')} " not in (root / CHANGES).read_text("utf-8"):
        wrong.append(f"{CHANGES} has no section {tag.removeprefix('v')}")
    for workflow in REUSABLE:
        installed = INSTALLED.findall((root / workflow).read_text("utf-8"))
        wrong += [f"{workflow.as_posix()} installs {name}" for name in installed if name != tag]
    return wrong


def prove(root: Path, version: str) -> None:
    """Build sdist and wheel, install the wheel, and ask it for its version."""
    python = environment("release", "build>=1.2")
    with tempfile.TemporaryDirectory() as name:
        fresh = Path(name, "venv")
        say("the distribution")
        run(python, "-m", "build", "--outdir", name, root / "python")
        (wheel,) = Path(name).glob("*.whl")
        say("installed")
        venv.create(fresh, with_pip=True)
        bin_dir = fresh / ("Scripts" if os.name == "nt" else "bin")
        run(bin_dir / "python", "-m", "pip", "install", "--quiet", wheel)
        said = output(bin_dir / "mlcbuild", "--version")
    if said.split()[-1] != version:
        raise StepError(f"the installed mlcbuild says {said}, not {version}")
    print(f"   {said}")


def work(options: argparse.Namespace) -> None:
    """Edit and prove, or check."""
    if options.check:
        if wrong := problems(ROOT, options.check):
            raise StepError(f"this is not {options.check}: {'; '.join(wrong)}")
        print(f"this is {options.check}")
        return
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", options.version or ""):
        raise StepError(f"{options.version} is not a version: write it as 1.2.3 or 1.2.3rc1", 2)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    with tempfile.TemporaryDirectory() as name:
        root = ROOT
        if options.dry_run:
            root = Path(name, "copy")
            shutil.copytree(ROOT / "python", root / "python")
            for path in (CHANGES, *REUSABLE, Path("3rdparty", "sources.toml")):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, root / path)
        edit(root, options.version, today)
        prove(root, options.version)
        if wrong := problems(root, f"v{options.version}"):
            raise StepError("; ".join(wrong))
    if not options.dry_run:
        say(f"next: git commit -am 'Release {options.version}'; git tag v{options.version}")


def main() -> int:
    """Parse the options and work."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("version", nargs="?", help="the version to be, such as 0.2.0")
    what.add_argument("--check", metavar="TAG", help="only tell whether this checkout is that tag")
    parser.add_argument("--dry-run", action="store_true", help="work in a copy")
    options = parser.parse_args()
    return main_of(lambda: work(options))


if __name__ == "__main__":
    sys.exit(main())
