"""Write the parts of the documentation that repeat the code: rules, checks, codes, settings.

    python scripts/make_docs.py          writes the pages of docs/ named in PAGES
    python scripts/make_docs.py --check  changes nothing, exits 1 where it would

Generated text stands between ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

from mlcbuild.builder.options import SETTINGS  # noqa: E402 - after the path is set
from mlcbuild.codes import CODES, signed  # noqa: E402 - after the path is set
from mlcbuild.doctor.checks import CHECKS, load_check  # noqa: E402
from mlcbuild.rules import all_rules  # noqa: E402


def rules_table() -> str:
    """Return the overview of all rules."""
    rows = ["| rule | finds | severity |", "| --- | --- | --- |"]
    rows += [f"| [`{r.id}`](#{r.id}) | {r.title} | {r.severity} |" for r in all_rules()]
    return "\n".join(rows)


def rules_text() -> str:
    """Return a section for each rule: why, fix, source."""
    return "\n\n".join(
        f"## {r.id}\n\n{r.title}.\n\n{r.why}\n\n*Fix:* {r.fix}\n\n*Source:* {r.source}."
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


def settings_table() -> str:
    """Return the table of the build's config settings."""
    rows = ["| `-C` | values | default | meaning |", "| --- | --- | --- | --- |"]
    rows += [f"| `{s.name}` | {s.values} | {s.default} | {s.meaning} |" for s in SETTINGS]
    return "\n".join(rows)


def checks_tables() -> str:
    """Return the doctor's checks, a table a group."""
    parts = []
    for category, ids in CHECKS.items():
        rows = [f"## {category}", "", "| check | says that | why | source |"]
        rows.append("| --- | --- | --- | --- |")
        rows += [
            f"| `{c.id}`{_where(c.platforms)} | {c.title} | {c.why} | {c.source} |"
            for c in map(load_check, ids)
        ]
        parts += ["\n".join(rows)] if ids else []
    return "\n\n".join(parts)


def _where(platforms: tuple[str, ...]) -> str:
    names = {
        "win32": "Windows",
        "linux": "Linux",
        "darwin": "macOS",
        "cygwin": "Cygwin",
        "msys": "MSYS",
    }
    return f" ({', '.join(names[p] for p in platforms)})" if platforms else ""


#: Page -> its generated parts.
PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "codes.md": {"codes": codes_table},
    "doctor-checks.md": {"checks": checks_tables},
    "rules.md": {"rules-table": rules_table, "rules": rules_text},
    "superbuild.md": {"config-settings": settings_table},
}


def generate(page: str, text: str) -> str:
    """Return the page's text with its generated parts written anew."""
    for name, make in PAGES[page].items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{page} lacks the place for {name}: {begin} ... {end}")
        body = f"{begin}\n\n{make()}\n\n{end}"
        text = pattern.sub(lambda _, body=body: body, text)
    return text


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them with ``--check``."""
    if set(arguments) - {"--check"}:
        print(__doc__)
        return 0 if {"-h", "--help"} & set(arguments) else 2
    stale = 0
    for page in PAGES:
        path = ROOT / "docs" / page
        old = path.read_text(encoding="utf-8")
        new = generate(page, old)
        if new == old:
            continue
        stale = 1
        if "--check" in arguments:
            print(f"docs/{page} is out of date: run python scripts/make_docs.py", file=sys.stderr)
        else:
            path.write_text(new, encoding="utf-8", newline="\n")
            print(f"docs/{page} written")
    return stale if "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
