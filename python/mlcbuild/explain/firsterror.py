"""The first line of a log that is an error, and no repetition of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.explain.explanation import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlcbuild.explain.loglines import Line

#: How tools begin or mark an error, on a normalised line.
_ERROR: Final = re.compile(
    r"(?:^|[ :>\])])(?:fatal )?(?:error|fehler|erreur|errore|erro|错误|エラー)"
    r"(?: [a-z]{1,3}\d{4}|\[e\d{4}\])? ?:"
    r"|^cmake error|^error: |^fatal: |^fatal python error|^ninja: (?:error|fatal)"
    r"|^(?:[a-z_]\w*\.)*[a-z_]\w*(?:error|exception|unavailable): "
    r"|^nvcc fatal|^(?:clang|clang-cl|lld-link|ld|ld\.exe|collect2|link): "
    r"|is not recognized as |: undefined reference to |^panicked at|^thread .{1,40} panicked"
)
#: What a line with an error holds in any case: quicker to look for.
_MARKS: Final = (
    "err", "fehler", "fatal", "exception", "unavailable", "not recognized", "undefined", "panicked",
    "错误", "エラー", "clang", "ld: ", "link: ", "collect2",
)  # fmt: skip
#: Lines that count errors, repeat them or only look like one.
_NO_CAUSE: Final = re.compile(
    r"subprocess-exited-with-error|failed building wheel|metadata-generation-failed"
    r"|could not build wheels|failed to build installable|could not compile `|lnk1120|msb3073"
    r"|msb8066|msb6006|build stopped|\b0 errors?\b|\berror: 0\b|werror|error_code|on_error|--error"
)


def first_error(lines: Iterable[Line]) -> Place | None:
    """Return the first line that a tool marked as an error; None where no line is."""
    for line in lines:
        if not any(mark in line.normal for mark in _MARKS):
            continue
        if _ERROR.search(line.normal) and not _NO_CAUSE.search(line.normal):
            return Place(number=line.number, text=line.text)
    return None
