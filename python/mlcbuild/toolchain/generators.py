"""The generator that the user asks for: taken, replaced by its twin, or refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import UsageError
from mlcbuild.toolchain.cmake import NINJA

if TYPE_CHECKING:
    from mlcbuild.toolchain.overrides import Overrides

__all__ = ["STUDIO", "asked", "ninja_or_error"]

#: Single-configuration generators with a twin that has named configurations.
_TWINS: Final = {"Ninja": NINJA}
#: Any Visual Studio generator; the platform behind it is the old spelling of ``-A``.
STUDIO: Final = re.compile(r"Visual Studio (\d+)(?: \d{4})?(?: (Win64|ARM))?$")


def asked(overrides: Overrides) -> str:
    """Return the reason that an override of a generator is."""
    twin = _TWINS.get(overrides.generator.value)
    if twin:
        return f"{overrides.generator.said} has one unnamed configuration; this is its twin"
    return f"{overrides.generator.said} asks for it"


def ninja_or_error(overrides: Overrides) -> str:
    """Return Ninja's multi-config generator. Raises ``UsageError`` where another is asked for."""
    wanted = overrides.generator
    in_words = wanted.said.startswith("-G")
    if wanted.value == NINJA or (wanted.value in _TWINS and not in_words):
        return NINJA
    # An option on CMake's command line cannot be replaced, only refused.
    raise UsageError(
        f"{wanted.said} has one unnamed configuration"
        if not STUDIO.match(wanted.value)
        else f"{wanted.said} cannot drive this compiler",
        remedy=f'unset it, or use "{NINJA}"'
        + ("" if overrides.compiler else " or a Visual Studio generator"),
    )
