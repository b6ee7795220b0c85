"""Which machines' images a process accepts.

Windows compares the image's header with the process; ARM64X images change theirs on Windows on
ARM, and ARM64EC images carry the header of x64 but run only on ARM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Image
    from mlcbuild.platforms import Machine

#: ``arm-only``: right in this kind of process, but only on Windows on ARM.
Fit = Literal["right", "wrong", "arm-only"]

_RIGHT: dict[str, frozenset[str]] = {
    "x86": frozenset({"x86"}),
    "x86_64": frozenset({"x86_64"}),
    "arm64": frozenset({"arm64", "arm64x"}),
    "arm64ec": frozenset({"arm64ec", "arm64x", "x86_64"}),
    "arm64x": frozenset({"arm64", "arm64x"}),
    "arm": frozenset({"arm"}),
}
_ARM_ONLY = frozenset({"arm64ec", "arm64x"})


def fit(process: Machine, image: Image) -> Fit:
    """Say whether a process of one machine maps an image; portable .NET code fits any."""
    if image.machine in _RIGHT.get(process, ()) or image.managed:
        return "right"
    if process == "x86_64" and image.machine in _ARM_ONLY:
        return "arm-only"
    return "wrong"
