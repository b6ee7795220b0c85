"""What a distribution requires, evaluated for Windows or for this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mlcbuild.platforms import AMD64, WINDOWS

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_WINDOWS: Final = {
    "os_name": "nt",
    "sys_platform": "win32",
    "platform_system": "Windows",
    "platform_release": "10",
    "platform_version": "10.0.19045",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}


def platform_of(tags: Iterable[str]) -> str:
    """Return the Windows platform of a wheel's tags; ``win_amd64`` for a pure wheel."""
    platforms = (tag.rpartition("-")[2] for tag in tags)
    return next((each for each in platforms if each in WINDOWS), AMD64)


def windows_environment(python: tuple[int, int], platform: str) -> dict[str, str]:
    """Return the marker environment of a CPython for a Windows platform (``win_amd64``)."""
    version = f"{python[0]}.{python[1]}"
    return {
        **_WINDOWS,
        "platform_machine": WINDOWS[platform].processor,
        "python_version": version,
        "python_full_version": f"{version}.0",
        "implementation_version": f"{version}.0",
    }


def needed(lines: Iterable[str], environment: dict[str, str] | None = None) -> list[Requirement]:
    """Return the requirements that apply without extras; invalid lines are skipped."""
    from packaging.markers import UndefinedEnvironmentName  # noqa: PLC0415
    from packaging.requirements import Requirement  # noqa: PLC0415

    found = []
    for line in lines:
        # ValueError: an invalid requirement, or a marker with a variable unknown here.
        with contextlib.suppress(ValueError, UndefinedEnvironmentName, RecursionError):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate(
                {**(environment or {}), "extra": ""}
            ):
                found.append(requirement)
    return found


def needed_names(lines: Iterable[str]) -> list[str]:
    """Return the names that a distribution requires on this machine, without extras."""
    return [requirement.name for requirement in needed(lines)]
