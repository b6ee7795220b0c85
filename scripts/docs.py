"""Build the documentation site: `python scripts/docs.py` does all set-up.

Sphinx with MyST reads docs/, README.md and the pages made from the code. A warning is an error: a
link, an anchor or a page that leads nowhere fails. The site asks for nothing on the network, and
its search works from the disk too.

examples:
  python scripts/docs.py                     into build/site; open build/site/index.html
  python scripts/docs.py -o public
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from setup_env import ROOT, Parser, environment, main_of, run, say


def work(output: Path) -> None:
    """Lay the source out staged, and make the site of it."""
    python = environment("docs", "-e", "./python[docs]")
    with tempfile.TemporaryDirectory(prefix="mlcbuild-docs-") as staged:
        source, cache = Path(staged, "source"), Path(staged, "doctrees")
        say("pages made from the code")
        run(python, ROOT / "scripts" / "docs_pages.py", source)
        say("the site")
        words = ("-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", cache)
        run(python, *words, source, output)
    say(f"{output / 'index.html'}")


def main() -> int:
    """Parse the options and work."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "site", metavar="DIR")
    options = parser.parse_args()
    return main_of(lambda: work(options.output.absolute()))


if __name__ == "__main__":
    sys.exit(main())
