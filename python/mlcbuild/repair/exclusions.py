"""What a repair must not bundle, and why, by the tables of ``mlcbuild check``. Pure.

delvewheel knows Windows' own DLLs. It does not know drivers, the libraries of other wheels, or that
Python provides vcruntime140 for ``py3-none`` wheels too; the DLLs of Python depend on its version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcbuild.loader.policy import provider_of, wheel_of
from mlcbuild.loader.python_process import has_cpp_runtime, machine_of_tags, oldest_of_tags
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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

    ``companions`` maps the DLLs of wheels installed with it to their wheel; ``declared`` are named
    by the user or the project; ``own`` are already in the wheel; ``tags`` are the wheel's, which
    name the Pythons it must support.
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
            reason = "provided by Python"
        else:
            reason = _reason(name, beside, named)
        if reason:
            found[name] = Exclusion(dll=name, reason=reason)
    return tuple(found.values())


def _reason(name: str, beside: Mapping[str, str], named: set[str]) -> str:
    if name in beside:
        return f"provided by {beside[name]}"
    if name in named:
        return "excluded by you"
    provider = provider_of(name)
    if provider is not None and provider.kind == "driver":
        return f"provided by {provider.provided_by}"
    if provider is not None and provider.kind in ("debug", "optional"):
        return f"provided by {provider.provided_by} and may not be shipped"
    wheel = wheel_of(name)
    return f"provided by {wheel}" if wheel else ""
