"""Names of all Win32 codes, NTSTATUS and HRESULT: ``data/names.txt``, one ``hex name`` a line.

Made by ``scripts/make_code_names.py`` from MinGW-w64's public-domain headers. Read only for numbers
that ``mlcbuild.codes`` does not explain.
"""

from __future__ import annotations

from importlib.resources import files


def name_of(number: int) -> str | None:
    """Return Microsoft's name of an unsigned number, None where it has none."""
    found = _after(f"\n{number:x} ", "\n")
    return found or None


def number_of(name: str) -> int | None:
    """Return the number of a name such as ``STATUS_ACCESS_VIOLATION``, in any case."""
    text = _text()
    end = text.find(f" {name.upper()}\n")
    if end < 0 or not name.isascii() or len(name.split()) != 1:
        return None
    return int(text[text.rfind("\n", 0, end) + 1 : end], 16)


def _after(start: str, end: str) -> str:
    text = _text()
    at = text.find(start)
    return text[at + len(start) : text.find(end, at + len(start))] if at >= 0 else ""


def _text() -> str:
    data = files("mlcbuild.explain").joinpath("data") / "names.txt"
    return "\n" + data.read_text(encoding="ascii")
