"""Find Windows' codes in what tools print: numbers in any notation, and Windows' own words."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.codes.table import CODES, EXIT_CODES, Code

_EXIT_CODES: Final = {code.number: code for code in EXIT_CODES}
_BY_NUMBER: Final = {code.number: code for code in CODES}
#: What Windows and ctypes write where Python leaves the number out; other languages than English
#: are turned into it before (``mlcbuild.explain.wordings``).
_TEXTS: Final = {
    2: ("system cannot find the file specified",),
    3: ("system cannot find the path specified",),
    5: ("access is denied",),
    32: ("being used by another process",),
    112: ("there is not enough space on the disk",),
    126: (
        "specified module could not be found", "could not find module", "dll is missing from your",
    ),
    127: ("specified procedure could not be found", "could not be located in the dynamic link"),
    182: ("operating system cannot run",),
    193: ("not a valid win32 application",),
    206: ("filename or extension is too long",),
    216: ("not compatible with the version of windows you",),
    225: ("file contains a virus or potentially unwanted software",),
    1114: ("initialization routine failed",),
    1455: ("paging file is too small",),
    0xC0000005: ("exception: access violation",),
    0xC00000FD: ("exception: stack overflow",),
    0xC000001D: ("illegal instruction",),
}  # fmt: skip
_MODULUS: Final = 1 << 32
#: The least number that counts unmarked in a long text: NTSTATUS and HRESULT, no line number.
_TELLING: Final = 1 << 30
_FEW_WORDS: Final = 3
_DIGITS: Final = r"(0x[0-9a-f]{1,8}|-?\d{1,10})(?![\w.]*\d|\w)"
_NUMBER: Final = re.compile(rf"(?<![\w.]){_DIGITS}", re.IGNORECASE)
#: Not "exit code": 1, 2 and 5 are what compilers and shells say for failures of their own.
_MARKED: Final = re.compile(
    r"\b(?:winerror|windows error|system error|error code|with error|getlasterror(?:\(\))?|hresult|"
    rf"ntstatus)\b[ :=()]{{0,4}}{_DIGITS}",
    re.IGNORECASE,
)
_EXIT_MARK: Final = re.compile(
    r"\b(?:exit(?:ed with)? (?:code|status)|code|errorlevel)\b[ :=]{0,3}(9009)\b", re.IGNORECASE
)
_PYTHON_MARK: Final = re.compile(rf"winerror\s+{_DIGITS}", re.IGNORECASE)


def signed(number: int) -> int:
    """Return an NTSTATUS as the signed number that Python and MSBuild print."""
    return number - _MODULUS if number >= _MODULUS >> 1 else number


def unwrapped(number: int) -> int:
    """Return the Win32 code or NTSTATUS that an HRESULT carries; other numbers unchanged.

    0x8007xxxx is facility WIN32; bit 28 marks an NTSTATUS (MS-ERREF, HRESULT structure).
    """
    number %= _MODULUS
    if number >> 16 == 0x8007:  # noqa: PLR2004 - severity and facility, see above
        return number & 0xFFFF
    if number >> 28 == 0xD:  # noqa: PLR2004
        return number & ~(1 << 28)
    return number


def known_code(number: int) -> Code | None:
    """Return the code of a number as any tool prints it."""
    return (
        _BY_NUMBER.get(number % _MODULUS)
        or _BY_NUMBER.get(unwrapped(number))
        or _EXIT_CODES.get(number)
    )


def numbers_in(text: str) -> tuple[int, ...]:
    """Return the numbers that may be codes, the likeliest first, unsigned, each once.

    A number after ``WinError`` counts most, then Windows' own words, then one after ``error code``
    and the like, then any that is too large for a count; in a text of few words any number.
    """
    folded = text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    found = [_value(token) for token in _PYTHON_MARK.findall(text)]
    found += [number for number, texts in _TEXTS.items() if any(t in folded for t in texts)]
    found += [_value(token) for token in _MARKED.findall(text)]
    found += [_value(token) for token in _EXIT_MARK.findall(text)]
    rest = [_value(token) for token in _NUMBER.findall(text)]
    few = len(text.split()) <= _FEW_WORDS
    found += [number for number in rest if few or number >= _TELLING]
    return tuple(dict.fromkeys(found))


def find_code(text: str) -> Code | None:
    """Return the code of a number in any notation, or of a whole error text."""
    return next((code for number in numbers_in(text) if (code := known_code(number))), None)


def _value(token: str) -> int:
    return (int(token, 16) if token.lower().startswith("0x") else int(token)) % _MODULUS
