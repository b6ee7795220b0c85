"""Pin components to the newest commit of their origin, in 3rdparty/sources.toml of this checkout.

    python scripts/ci/pin_head.py mlc-llm tokenizers-cpp

Git is asked with ``ls-remote``, so that ``insteadOf`` and mirrors hold. Nothing is committed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from mlcbuild.commandline import Parser
from mlcbuild.programs import run

SOURCES = Path("3rdparty", "sources.toml")


def head_of(url: str) -> str:
    """Return the commit that HEAD of a repository names."""
    command = ["git", "ls-remote", "--exit-code", url, "HEAD"]
    answer = run(command, check=True, capture_output=True, text=True)
    return str(answer.stdout).split()[0]


def pinned(text: str, name: str) -> str:
    """Return the lock's text with one component at its newest commit."""
    section = re.search(rf"(?ms)^\[{re.escape(name)}\]\n.*?(?=^\[|\Z)", text)
    if section is None:
        raise SystemExit(f"pin_head: {name} is not in {SOURCES}")
    url = re.search(r'(?m)^git = "(.+)"$', section[0])
    if url is None:
        raise SystemExit(f"pin_head: {name} does not come from Git")
    commit = head_of(url[1])
    fresh = re.sub(r'(?m)^commit = "[0-9a-f]{40}"', f'commit = "{commit}"', section[0], count=1)
    print(f"pin_head: {name} {commit}")
    return text.replace(section[0], fresh, 1)


def main() -> int:
    """Rewrite the lock."""
    parser = Parser(description=__doc__.partition("\n")[0])
    parser.add_argument("component", nargs="+")
    text = SOURCES.read_text(encoding="utf-8")
    for name in parser.parse_args().component:
        text = pinned(text, name)
    SOURCES.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
