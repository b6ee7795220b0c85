"""The generator the user requests.

Accepted, replaced by its multi-config equivalent, or refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import UsageError
from mlcbuild.toolchain.cmake import NINJA

if TYPE_CHECKING:
    from mlcbuild.toolchain.overrides import Overrides

#: Single-config generators with a multi-config equivalent.
_TWINS: Final = {"Ninja": NINJA}
#: Any Visual Studio generator; a trailing platform is the old spelling of ``-A``.
STUDIO: Final = re.compile(r"Visual Studio (\d+)(?: \d{4})?(?: (Win64|ARM))?$")


def asked(overrides: Overrides) -> str:
    """Return the reason for a generator override."""
    twin = _TWINS.get(overrides.generator.value)
    if twin:
        return f"{overrides.generator.said} is single-config; this is its multi-config equivalent"
    return f"{overrides.generator.said} requests it"


def ninja_or_error(overrides: Overrides) -> str:
    """Return Ninja's multi-config generator. Raises ``UsageError`` where another is requested."""
    wanted = overrides.generator
    in_words = wanted.said.startswith("-G")
    if wanted.value == NINJA or (wanted.value in _TWINS and not in_words):
        return NINJA
    # An option on CMake's command line cannot be replaced, only rejected.
    raise UsageError(
        f"{wanted.said} is a single-config generator"
        if not STUDIO.match(wanted.value)
        else f"{wanted.said} cannot drive this compiler",
        remedy=f'unset it, or use "{NINJA}"'
        + ("" if overrides.compiler else " or a Visual Studio generator"),
    )
