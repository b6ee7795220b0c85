"""Explain the numbers of a text: from ``mlcbuild.codes``, else by their structure and name.

All names are in ``data/names.txt``, one ``hex name`` a line, made by ``scripts/make_code_names.py``
from MinGW-w64's public-domain headers. It is read only for numbers that ``mlcbuild.codes`` does not
explain.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from mlcbuild.codes import Code, known_code, numbers_in, signed, unwrapped
from mlcbuild.explain.explanation import Explanation


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


_MOST_WIN32: Final = 0xFFFF
#: The least NTSTATUS or HRESULT; and -65535, above which a program's own negative codes lie.
_LEAST_STATUS: Final = 1 << 30
_SMALL_NEGATIVE: Final = 0xFFFF0001
_CUSTOMER: Final = 1 << 29
#: Facilities of an HRESULT or NTSTATUS that a user of Python packages meets (MS-ERREF 2.1, 2.3).
_FACILITIES: Final = {
    1: "RPC", 2: "COM dispatch", 3: "storage", 4: "an interface of its own", 7: "Win32",
    8: "Windows", 9: "security", 0x15: ".NET", 0x6D: "Visual C++", 0x87A: "DirectX",
}  # fmt: skip


def explain_numbers(text: str) -> tuple[Explanation, ...]:
    """Return the codes of a text, the likeliest first; a WinError and its NTSTATUS both count."""
    from mlcbuild.explain.numbers import number_of  # noqa: PLC0415 - a file to read, if asked

    numbers = list(numbers_in(text))
    if not numbers and "_" in text and (number := number_of(text.strip())) is not None:
        numbers.append(number)
    found: dict[str, Explanation] = {}
    for number in numbers:
        code = known_code(number)
        each = _known(code) if code is not None else _by_name(number)
        if each is not None:
            found.setdefault(each.id, each)
    return tuple(found.values())


def _known(code: Code) -> Explanation:
    return Explanation(
        kind="code",
        id=_id(code.number) if code.kind != "exit code" else f"exit code {code.number}",
        title=code.name,
        meaning=code.meaning,
        causes=code.causes,
        run=code.run,
        without_path=code.without_path,
        sources=code.sources,
        also_written=_notations(code.number),
    )


def _by_name(number: int) -> Explanation | None:
    """Return what name and structure of a number say; None for a small one without a name."""
    from mlcbuild.explain.numbers import name_of  # noqa: PLC0415 - a file to read, if asked

    inner = unwrapped(number)
    name = name_of(number) or name_of(inner)
    if name is None and number < _LEAST_STATUS:
        return None
    return Explanation(
        kind="code",
        id=_id(inner),
        title=name or "a number without a name in Microsoft's headers",
        meaning=_structure(inner, named=name is not None),
        run=f"certutil -error 0x{number:X}",
        sources=("MS-ERREF: Windows Error Codes",),
        also_written=_notations(inner),
    )


def _structure(number: int, *, named: bool) -> str:
    if number >= _SMALL_NEGATIVE and not named:
        return "an exit code that the program itself chose: what it printed before says why"
    if number <= _MOST_WIN32:
        return "a Win32 code; its name says what Windows could not do"
    severity = ("success", "information", "warning", "error")[number >> 30]
    facility = number >> 16 & 0xFFF
    whose = _FACILITIES.get(facility)
    if number & _CUSTOMER:
        return f"{severity}, defined by a program and not by Windows"
    if whose:
        return f"{severity} of {whose}"
    if named:
        return f"{severity}; its name says what failed"
    return f"{severity} of facility {facility}, which is not one of Windows' documented ones"


def _id(number: int) -> str:
    if number <= _MOST_WIN32:
        return f"WinError {number}"
    kind = "HRESULT" if number >> 28 == 8 else "NTSTATUS"  # noqa: PLR2004 - severity bits, MS-ERREF
    return f"{kind} 0x{number:08X}"


def _notations(number: int) -> tuple[str, ...]:
    """Return the other ways in which tools print a number."""
    if number <= _MOST_WIN32:
        wrapped = 0x80070000 | number
        return (f"0x{number:X}", f"0x{wrapped:08X}", str(signed(wrapped)))
    return (str(number), str(signed(number)))
