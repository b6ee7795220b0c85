"""The parser of every command line here.

No option may be abbreviated: ``--head`` would be ``--header`` to the parser and not to what hides
headers, and a new option would change what an old abbreviation means.
"""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """``argparse``'s, for us; parsers of subcommands are of this class too."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(**{"allow_abbrev": False, **options})
        #: Python 3.14 colours help and errors, which repeat foreign words.
        self.color = False
