"""What a repair must not bundle, and why: by the tables that ``mlcbuild check`` judges by. Pure.

delvewheel knows Windows' own DLLs. It does not know drivers, the libraries of other wheels, or that
Python brings vcruntime140 to a ``py3-none`` wheel as well; what it brings depends on its version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcbuild.loader.policy import provider_of, wheel_of
from mlcbuild.loader.python_process import has_cpp_runtime, machine_of_tags, oldest_of_tags
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Exclusion", "exclusions"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """One DLL that stays out of the wheel."""

    dll: str
    reason: str


def exclusions(
    names: Iterable[str],
    *,
    companions: Mapping[str, str],
    declared: Iterable[str] = (),
    own: Iterable[str] = (),
    tags: tuple[str, ...] = (),
) -> tuple[Exclusion, ...]:
    """Return the exclusions among the imported ``names``, sorted.

    ``companions`` maps the DLLs of the wheels installed beside it to their wheel; ``declared`` are
    those that the user or the project names; ``own`` lie in the wheel already; ``tags`` are the
    wheel's, which name the Pythons that must do.
    """
    beside = {base_name(dll): wheel for dll, wheel in companions.items()}
    named = {base_name(dll) for dll in declared}
    inside = {base_name(dll) for dll in own}
    machine, oldest = machine_of_tags(tags), oldest_of_tags(tags)
    found = {}
    for name in sorted({base_name(name) for name in names}):
        if name in inside:
            continue
        if has_cpp_runtime(name, machine=machine, oldest=oldest):
            reason = "Python brings it"
        else:
            reason = _reason(name, beside, named)
        if reason:
            found[name] = Exclusion(dll=name, reason=reason)
    return tuple(found.values())


def _reason(name: str, beside: Mapping[str, str], named: set[str]) -> str:
    if name in beside:
        return f"{beside[name]} brings it"
    if name in named:
        return "named by you"
    provider = provider_of(name)
    if provider is not None and provider.kind == "driver":
        return f"it comes with {provider.provided_by}"
    if provider is not None and provider.kind in ("debug", "optional"):
        return f"it comes with {provider.provided_by} and may not be shipped"
    wheel = wheel_of(name)
    return f"{wheel} brings it" if wheel else ""
