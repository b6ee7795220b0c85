"""Run the checks of the project: lint, types, tests. Needs Python and a package index, no more.

What else some tests use (Wine, compilers, a browser, the Git sources) is left out where it lacks
and summed up at the end, with the command that provides it.

examples:
  python3 scripts/test.py                    what this machine can run, in two to four minutes
  python3 scripts/test.py --slow             the real builds too
  python3 scripts/test.py --setup            say what lacks and install it (--setup lab: that alone)
  python3 scripts/test.py --everything       all that can run here, or fail: what CI runs
  python3 scripts/test.py --coverage         the same, and which lines no test reaches
  python3 scripts/test.py -- tests/sources -k lock   only these, with pytest's own options
"""

from __future__ import annotations

import argparse
import os
import sys

from setup_env import Parser, environment, main_of, on_path, run, say, start

#: Tests wait much for programs: two processes more than processors pay. Those of one file share
#: environments: they stay together.
AT_ONCE = ["-n", str(min(6, 2 + (os.cpu_count() or 1))), "--dist=loadfile"]

#: A test that takes as long hangs: the longest real build takes a third of it.
HANGS_S = 1800


def work(options: argparse.Namespace) -> None:
    """Set up, then lint, types, tests."""
    python = environment("test", "-e", "./python[all,docs,test]")
    # pip's environments live for one test: what is never imported need not be compiled.
    env = {"PATH": on_path(python), "PIP_NO_COMPILE": "1"}
    if options.setup is not None:
        run(python, "scripts/test_needs.py", "--setup", *options.setup, **env)
        return
    if options.everything:
        say("what the tests use")
        run(python, "scripts/test_needs.py", **env)
    # The first collection writes the tests' bytecode: each process would write all of it itself.
    collect = [python, "-m", "pytest", "-q", "--collect-only"]
    warming = None if options.pytest else start(*collect, **env)
    if not options.pytest:
        say("lint")
        run(python, "-m", "ruff", "check", ".", **env)
        run(python, "-m", "ruff", "format", "--check", ".", **env)
        say("types")
        run(python, "-m", "mypy", **env)
        say("imports")
        run(python, "-c", "from importlinter.cli import lint_imports_command as c; c()", **env)
    say("tests")
    if warming:
        warming.wait()  # what it found wrong the tests say too
    chosen = [f"--{name}" for name in ("slow", "everything") if getattr(options, name)]
    at_once = [] if options.pytest else AT_ONCE
    if at_once and chosen:
        at_once = [*at_once, "--no-loadscope-reorder"]  # the slow files first: tests/helpers
    if options.coverage:
        # Branches too; .coverage stays, for `coverage html`.
        chosen += ["--cov=mlcbuild", "--cov=mlc_llm", "--cov-branch"]
        chosen.append("--cov-report=term:skip-covered")
    chosen.append(f"--timeout={HANGS_S}")
    chosen.append(f"--durations={40 if options.everything else 10}")
    run(python, "-m", "pytest", "-q", *chosen, *at_once, *options.pytest, **env)


def main() -> int:
    """Parse the options and work."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--slow", action="store_true", help="run the real builds too")
    what.add_argument(
        "--everything",
        action="store_true",
        help="--slow, and fail where something could have run here and did not",
    )
    what.add_argument(
        "--setup", nargs="*", metavar="NEED", help="install what lacks (of these needs) and stop"
    )
    parser.add_argument("--coverage", action="store_true", help="say which lines no test reaches")
    parser.add_argument("pytest", nargs="*", help="pytest's own arguments, after --")
    options = parser.parse_args()
    return main_of(lambda: work(options))


if __name__ == "__main__":
    sys.exit(main())
