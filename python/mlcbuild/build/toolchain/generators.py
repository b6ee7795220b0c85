"""The generator that the user asks for: taken, replaced by its twin, or refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.build.toolchain.cmake import NINJA
from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from mlcbuild.build.toolchain.wishes import Wishes

__all__ = ["STUDIO", "asked", "ninja_or_error"]

#: Single-configuration generators with a twin that has named configurations.
_TWINS: Final = {"Ninja": NINJA}
#: Any Visual Studio generator; the platform behind it is the old spelling of ``-A``.
STUDIO: Final = re.compile(r"Visual Studio (\d+)(?: \d{4})?(?: (Win64|ARM))?$")


def asked(wishes: Wishes) -> str:
    """Return the reason that a wish for a generator is."""
    twin = _TWINS.get(wishes.generator.value)
    if twin:
        return f"{wishes.generator.said} has one unnamed configuration; this is its twin"
    return f"{wishes.generator.said} asks for it"


def ninja_or_error(wishes: Wishes) -> str:
    """Return Ninja's generator with configurations. Raises ``UsageError`` for any other wish."""
    wanted = wishes.generator
    in_words = wanted.said.startswith("-G")
    if wanted.value == NINJA or (wanted.value in _TWINS and not in_words):
        return NINJA
    # An option on CMake's command line cannot be replaced, only refused.
    raise UsageError(
        f"{wanted.said} has one unnamed configuration"
        if not STUDIO.match(wanted.value)
        else f"{wanted.said} cannot drive this compiler",
        remedy=f'unset it, or use "{NINJA}"'
        + ("" if wishes.compiler else " or a Visual Studio generator"),
    )
