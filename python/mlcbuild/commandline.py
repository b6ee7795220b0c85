"""The parser of every command line here.

No option may be abbreviated: ``--head`` would be ``--header`` to the parser and not to what hides
headers, and a new option would change what an old abbreviation means. What is mistyped is answered
with the usage of that very command and with what was meant.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn

from mlcbuild.errors import UsageError

_UNITS: Final = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_TIME: Final = re.compile(r"([0-9]*\.?[0-9]+)(ms|s|min|m|h|)")


def meant(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for a word that is close to a known one, else nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - for a mistake alone

    names = list(known)
    folded = {name.casefold(): name for name in names}
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    if not found and len(word.strip("-")) > 1:  # the beginning of one
        found = [name for name in folded if name.startswith(word.casefold())]
        found = found if len(found) == 1 else []
    return f"; did you mean {folded[found[0]]}?" if found else ""


def seconds(text: str, option: str) -> float:
    """Return ``10``, ``10s``, ``500ms``, ``2m`` in seconds. Raises ``UsageError``."""
    found = _TIME.fullmatch(text.strip())
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if value <= 0:
        raise UsageError(f"{option} {text} is not a time", remedy="write 10s, 500ms or 2m")
    return value


class _Format(argparse.RawDescriptionHelpFormatter):
    """One line an option where it fits, and a usage that leaves the options to the list."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)

    def _format_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None,
    ) -> str:
        every = list(actions)
        kept = [each for each in every if not each.option_strings or each.required]
        if len(every) - len(kept) < 2:  # noqa: PLR2004 - one is as short as the words for all
            return super()._format_usage(usage, every, groups, prefix)
        text = super()._format_usage(usage, kept, [], prefix)
        return text.replace(self._prog, f"{self._prog} [OPTION ...]", 1)

    def add_argument(self, action: argparse.Action) -> None:
        """Leave out an argument that the text below the options describes."""
        lists_commands = action.nargs == argparse.PARSER
        if action.option_strings or action.help is not None or lists_commands:
            super().add_argument(action)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"


class Parser(argparse.ArgumentParser):
    """``argparse``'s, for us; parsers of subcommands are of this class too."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(**{"allow_abbrev": False, "formatter_class": _Format, **options})
        #: Python 3.14 colours help and errors, which repeat foreign words.
        self.color = False
        self._given: list[str] = []

    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: Any = None,  # noqa: ANN401
    ) -> tuple[Any, list[str]]:
        """Refuse here what is unknown: the parser above would show its own usage."""
        import sys  # noqa: PLC0415

        self._given = list(sys.argv[1:] if args is None else args)
        found, rest = super().parse_known_args(self._given, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Show the usage and one line; a mistyped option is most often the cause."""
        super().error(message + ("" if "did you mean" in message else self._mistyped()))

    def _mistyped(self) -> str:
        """Return what was meant by the first unknown option."""
        own = self._given[: self._given.index("--")] if "--" in self._given else self._given
        for word in own:
            name = word.partition("=")[0]
            if name.startswith("--") and name not in self._option_string_actions:
                return meant(name, self._option_string_actions)
        return ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401
        if action.choices is None or value in action.choices:
            return
        known = list(map(str, action.choices))
        many = len(known) > 10  # noqa: PLR2004 - those are in the help
        listed = "see --help" if many else f"choose from {', '.join(known)}"
        hint = meant(str(value), known) or f" ({listed})"
        raise argparse.ArgumentError(action, f"invalid choice: {value!r}{hint}")
