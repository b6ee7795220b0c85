"""The errors a user sees: one line that says what is wrong and what to do, and an exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """What every command ends with (a contract, see docs/architecture.md)."""

    GOOD = 0
    #: The thing examined, built or run is not good.
    FINDINGS = 1
    #: The command was called wrongly.
    USAGE = 2
    #: An input cannot be read or reached.
    UNREADABLE = 3
    #: Ctrl-C: 128 and SIGINT's number, as shells count it; those below likewise.
    INTERRUPTED = 130
    #: Nobody read the output to its end: a verdict that nobody saw must not pass for a good one.
    UNREAD = 141
    #: Ended from outside.
    TERMINATED = 143


class MlcbuildError(Exception):
    """Base of every error that is reported as one line instead of a traceback.

    ``remedy`` is the one thing to do about it, a command where there is one.
    """

    exit_code: ClassVar[Exit] = Exit.FINDINGS

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message


class FailedError(MlcbuildError):
    """The thing examined, built or run is not good (``Exit.FINDINGS``)."""


class UsageError(MlcbuildError):
    """The command was called wrongly (``Exit.USAGE``)."""

    exit_code = Exit.USAGE


class InputError(MlcbuildError):
    """An input cannot be read or reached (``Exit.UNREADABLE``)."""

    exit_code = Exit.UNREADABLE
