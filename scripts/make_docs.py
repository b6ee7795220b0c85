"""Write the parts of the documentation that repeat the code: the rules, the error codes.

    python scripts/make_docs.py          writes docs/check.md
    python scripts/make_docs.py --check  changes nothing, exits 1 where it would

Generated text stands between ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

from mlcbuild.codes import CODES, signed  # noqa: E402 - after the path is set
from mlcbuild.rules import all_rules  # noqa: E402

PAGE = ROOT / "docs" / "check.md"


def rules_table() -> str:
    """Return the overview of all rules."""
    rows = ["| rule | finds | severity |", "| --- | --- | --- |"]
    rows += [f"| [`{r.id}`](#{r.id}) | {r.title} | {r.severity} |" for r in all_rules()]
    return "\n".join(rows)


def rules_text() -> str:
    """Return a section for each rule: why, fix, source."""
    return "\n\n".join(
        f"### {r.id}\n\n{r.title}.\n\n{r.why}\n\n*Fix:* {r.fix}\n\n*Source:* {r.source}."
        for r in all_rules()
    )


def codes_table() -> str:
    """Return the table of error codes."""
    rows = ["| code | name | means | most likely cause |", "| --- | --- | --- | --- |"]
    for code in CODES:
        number = str(code.number)
        if code.kind == "NTSTATUS":
            number = f"0x{code.number:08X}<br>{code.number}<br>{signed(code.number)}"
        rows.append(f"| {number} | {code.name} | {code.meaning} | {code.causes[0]} |")
    return "\n".join(rows)


def generate(text: str) -> str:
    """Return the page with its generated parts written anew."""
    parts = {"rules-table": rules_table, "rules": rules_text, "codes": codes_table}
    for name, make in parts.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{PAGE.name} lacks the place for {name}: {begin} ... {end}")
        body = f"{begin}\n\n{make()}\n\n{end}"
        text = pattern.sub(lambda _, body=body: body, text)
    return text


def main(arguments: list[str]) -> int:
    """Write the page, or compare it with ``--check``."""
    old = PAGE.read_text(encoding="utf-8")
    new = generate(old)
    if new == old:
        return 0
    if "--check" in arguments:
        print("docs/check.md is out of date: run python scripts/make_docs.py", file=sys.stderr)
        return 1
    PAGE.write_text(new, encoding="utf-8", newline="\n")
    print("docs/check.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
