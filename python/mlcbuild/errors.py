"""The errors a user sees: one line that says what is wrong and what to do, and an exit code.

Exit codes (a contract, see docs/architecture.md): 0 good, 1 findings or failure of the thing
examined, 2 wrong use, 3 an input that cannot be read or reached, 130 interrupted, 141 output that
nobody read to its end.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = ["FailedError", "InputError", "MlcbuildError", "UsageError"]


class MlcbuildError(Exception):
    """Base of every error that is reported as one line instead of a traceback.

    ``remedy`` is the one thing to do about it, a command where there is one.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message


class FailedError(MlcbuildError):
    """The thing examined, built or run is not good (exit 1)."""


class UsageError(MlcbuildError):
    """The command was called wrongly (exit 2)."""

    exit_code = 2


class InputError(MlcbuildError):
    """An input cannot be read or reached (exit 3)."""

    exit_code = 3
