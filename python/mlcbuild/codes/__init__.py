"""Windows' error and exit codes: a table of them, and how they are found in a text."""

from mlcbuild.codes.lookup import find_code, known_code, numbers_in, signed, unwrapped
from mlcbuild.codes.table import CODES, EXIT_CODES, Code

__all__ = [
    "CODES",
    "EXIT_CODES",
    "Code",
    "find_code",
    "known_code",
    "numbers_in",
    "signed",
    "unwrapped",
]
