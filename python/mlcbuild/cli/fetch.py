"""``mlcbuild fetch``: download the pinned sources into ``3rdparty/`` and verify them."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit, FailedError, UsageError
from mlcbuild.progress import Line
from mlcbuild.sources.fetch import Fetched, fetch
from mlcbuild.sources.lock import LOCK, find_project, load
from mlcbuild.sources.stores import Progress

if TYPE_CHECKING:
    import argparse

_EXAMPLES: Final = """\
examples:
  mlcbuild fetch                      what every build needs
  mlcbuild fetch --all                also what one system or device alone needs
  mlcbuild fetch --mirror /srv/git    from a folder of owner/name[.git]
  mlcbuild fetch --offline            only from the cache
  mlcbuild fetch --verify             hash everything again, change nothing

exit codes: 0 complete, 1 something differs from the lock, 2 wrong use,
3 cannot be reached, read or written, 130 interrupted (the next run continues)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these components")
    parser.add_argument(
        "--all", action="store_true", help="also what only some builds need (only_for in the lock)"
    )
    parser.add_argument(
        "--lock", type=Path, metavar="FILE", help="the lock file (default: found upwards from here)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="extract below DIR (default: the lock's folder)",
    )
    parser.add_argument(
        "--mirror", type=Path, metavar="DIR", help="Git repositories as DIR/owner/name[.git]"
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="folder for downloads")
    parser.add_argument("--offline", action="store_true", help="use only the cache")
    parser.add_argument("--verify", action="store_true", help="hash everything again")
    parser.add_argument(
        "--force", action="store_true", help="extract edited files again; the edits are lost"
    )
    parser.add_argument(
        "-j", "--jobs", type=int, default=4, metavar="N", help="parallel downloads (default: 4)"
    )
    parser.add_argument("--json", action="store_true", help="report as JSON")


def _find_lock() -> Path:
    project = find_project(Path.cwd())
    if project is not None:
        return project / LOCK
    raise UsageError(
        f"no {LOCK.as_posix()} in this folder or above it",
        remedy="run it inside the project, or name the lock with --lock FILE",
    )


class _Line(Progress):
    """Notices as lines; steps on one line that is rewritten, only on a terminal."""

    def __init__(self) -> None:
        self.active: dict[str, str] = {}
        self.line = Line()
        self.lock = threading.Lock()

    def notice(self, text: str) -> None:
        """Print a line on stderr."""
        with self.lock:
            self.line.close()
            print(f"mlcbuild fetch: {text}", file=sys.stderr)

    def step(self, component: str, text: str) -> None:
        """Rewrite the line."""
        with self.lock:
            if text:
                self.active[component] = text
            else:
                self.active.pop(component, None)
            if self.active:
                self.line.show(", ".join(f"{name}: {what}" for name, what in self.active.items()))
            else:
                self.line.close()


def run(args: argparse.Namespace) -> int:
    """Fetch the components, print what was done."""
    if args.jobs < 1:
        raise UsageError("-j must be 1 or more")
    if args.verify and args.force:
        raise UsageError("--verify and --force exclude each other", remedy="give one of them")
    lock = load((args.lock or _find_lock()).absolute())
    chosen = lock.components if args.all else lock.needed_for().components
    fetched = fetch(
        lock,
        into=args.output,
        cache=args.cache,
        mirror=args.mirror,
        offline=args.offline,
        verify=args.verify,
        force=args.force,
        only=args.names or [component.name for component in chosen],
        jobs=args.jobs,
        progress=_Line(),
    )
    if args.json:
        _print_json(fetched)
    else:
        _print_text(fetched, verified=args.verify)
    altered = [item for item in fetched if item.altered]
    if altered:
        names = " ".join(item.component for item in altered)
        raise FailedError(
            f"altered after extraction: {names}",
            remedy=f"keep edits as patches, then run 'mlcbuild fetch --force {names}'",
        )
    return Exit.GOOD


def _print_text(fetched: list[Fetched], *, verified: bool) -> None:
    for item in fetched:
        done = f"{item.written} written" if item.written else "unchanged"
        if verified:
            done = "verified" if not item.altered else f"{len(item.altered)} altered"
        print(f"{item.component:<16} {item.files:>5} files, {done}")
        for path in item.altered:
            print(f"  altered: {item.folder / path}")
    git = sum(item.git_bytes for item in fetched)
    index = sum(item.index_bytes for item in fetched)
    print(f"received {git / 1e6:.2f} MB from Git, {index / 1e6:.2f} MB from the package index")


def _print_json(fetched: list[Fetched]) -> None:
    import json  # noqa: PLC0415 - only for --json
    from dataclasses import asdict  # noqa: PLC0415

    components = [asdict(item) | {"folder": str(item.folder)} for item in fetched]
    print(json.dumps({"schema_version": 1, "components": components}, indent=2))
