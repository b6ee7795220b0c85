"""Make ``mlcbuild/explain/data/names.txt``: the name of every Win32 code, NTSTATUS and HRESULT.

Names and numbers only, from MinGW-w64's public-domain headers (Debian: mingw-w64-common).

    python scripts/make_code_names.py --include /usr/share/mingw-w64/include
    python scripts/make_code_names.py --include DIR --check   writes nothing, exits 1 if it would

A line is ``hex name``, sorted by number; where a number has several names the first stands.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from mlcbuild.commandline import Parser

OUT = Path(__file__).resolve().parents[1] / "python/mlcbuild/explain/data/names.txt"
#: Header -> how it defines a number. Aliases of other names (``#define A B``) are left out.
DEFINITIONS = {
    "winerror.h": re.compile(
        r"^#define (?P<name>\w+) (?:__MSABI_LONG|_HRESULT_TYPEDEF_|_NDIS_ERROR_TYPEDEF_)"
        r"\((?P<number>0x[0-9A-Fa-f]+|\d+)\)",
        re.MULTILINE,
    ),
    "ntstatus.h": re.compile(
        r"^#define (?P<name>\w+) \(\(NTSTATUS\)(?P<number>0x[0-9A-Fa-f]+)\)", re.MULTILINE
    ),
}
#: Below this a number is a Win32 code; NTSTATUS and HRESULT of success (warnings aside) are noise.
LEAST_STATUS = 0x40000000
MOST_WIN32 = 0xFFFF
#: Names of facilities, masks and severities: no codes.
NOT_CODES = re.compile(r"FACILITY_|SEVERITY_|_MASK$|_MAX$|APPLICATION_ERROR")


def names(folder: Path) -> dict[int, str]:
    """Return number -> name."""
    found: dict[int, str] = {}
    for header, pattern in DEFINITIONS.items():
        text = (folder / header).read_text(encoding="utf-8", errors="replace")
        for match in pattern.finditer(text):
            number = int(match["number"], 0)
            wanted = number >= LEAST_STATUS or (header == "winerror.h" and 0 < number <= MOST_WIN32)
            if wanted and not NOT_CODES.search(match["name"]):
                found.setdefault(number, match["name"])
    return found


def main() -> int:
    """Write the file, or compare it."""
    parser = Parser(description=__doc__.partition("\n")[0])
    parser.add_argument("--include", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    text = "".join(f"{number:x} {name}\n" for number, name in sorted(names(args.include).items()))
    if args.check:
        return int(OUT.read_text(encoding="ascii") != text)
    OUT.write_text(text, encoding="ascii", newline="\n")
    print(f"{OUT.name}: {text.count(chr(10))} names")
    return 0


if __name__ == "__main__":
    sys.exit(main())
