"""Say what the tests use and this machine lacks; `--setup` installs it. scripts/test.py runs this.

The list is NEEDS in tests/helpers/needs.py.
"""

from __future__ import annotations

import sys

from setup_env import ROOT, Parser, StepError, find_program, install_packages, main_of, run

sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from needs import BY_NAME, NEEDS, Need, lacking, packages_for

#: What does not serve is told by what still lacks afterwards.
_ANY = tuple(range(-64, 256))


def absent(names: list[str]) -> list[Need]:
    """Return what lacks and can be installed. Raises ``StepError`` for an unknown name."""
    if unknown := sorted(set(names) - BY_NAME.keys()):
        raise StepError(f"no need is called {unknown[0]}: choose from {', '.join(BY_NAME)}", 2)
    chosen = [BY_NAME[name] for name in names] or [n for n in NEEDS if not n.provided_by]
    return [need for need in chosen if lacking(need.name)]


def setup(names: list[str]) -> None:
    """Say what will be installed, then install it."""
    missing = absent(names)
    for need in missing:
        if need.provided_by:
            raise StepError(f"{need.what} ({lacking(need.name)}): {need.provided_by}", 3)
    packages: set[str] = set()
    for need in missing:
        wanted = sorted(packages_for(need))
        by_command = bool(need.command) and find_program(need.command[0]) is not None
        ways = [" ".join(need.command)] if by_command else []
        ways += [" ".join(wanted)] if wanted else []
        print(f"   {need.what}: {', or else '.join(ways)}", flush=True)
        if not by_command or run(*need.command, ok=_ANY) != 0:
            packages |= set(wanted)
    if packages:
        install_packages(packages)
    for need in missing:  # a package may have brought the program of a command
        if packages and need.command and need.probe() and find_program(need.command[0]):
            run(*need.command, ok=_ANY)
    lacking.cache_clear()
    check(names)


def check(names: list[str]) -> None:
    """Stop at the first thing that lacks, in one line."""
    for need in absent(names):
        raise StepError(f"{need.what} lacks ({lacking(need.name)}): {need.advice}", 3)
    print("   nothing lacks that can be installed")


def main() -> int:
    """Parse the options and work."""
    parser = Parser(description=__doc__)
    parser.add_argument("--setup", action="store_true", help="install it")
    parser.add_argument("names", nargs="*", metavar="NEED", help="these alone")
    options = parser.parse_args()
    return main_of(lambda: (setup if options.setup else check)(options.names))


if __name__ == "__main__":
    sys.exit(main())
