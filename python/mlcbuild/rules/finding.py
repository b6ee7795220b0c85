"""A rule, its input, and a finding: one rule violated by one module, with evidence and a fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load, Origin
    from mlcbuild.package.member import Kind, Member, WheelFacts
    from mlcbuild.pe.facts import Image
    from mlcbuild.platforms import Machine

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One violated rule. ``module`` is a member's path, or None for the whole package."""

    severity: Severity
    message: str
    #: Its id; of a rule in this package ``judge`` fills it in.
    rule: str = ""
    module: str | None = None
    evidence: dict[str, object] = field(default_factory=dict)
    fix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """An image outside the package that the loader can reach: a companion's, Python's, a folder's.

    ``path`` is the text for reports, e.g. ``apache_tvm_ffi.whl: tvm_ffi/lib/tvm_ffi.dll``.
    """

    path: str
    origin: Origin
    image: Image


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Everything known about one target: facts and predicted loads. Rules read nothing else."""

    name: str
    kind: Kind
    members: tuple[Member, ...]
    images: Mapping[str, Image]
    loads: Mapping[str, Load]
    #: Native-looking members that are no readable image: path -> why.
    broken: Mapping[str, str] = field(default_factory=dict)
    wheel: WheelFacts | None = None
    #: sha256 of members, lower-case hex; only of those a rule compares.
    digests: Mapping[str, str] = field(default_factory=dict)
    #: Build stamps found in the package: path of ``_build.json`` -> its bytes.
    stamps: Mapping[str, bytes] = field(default_factory=dict)
    neighbours: tuple[Neighbour, ...] = ()
    #: Images that do not load and that importing the package does not need (``check.optional``).
    optional: frozenset[str] = frozenset()
    #: Distributions installed beside it, as words without hyphens and case.
    beside: frozenset[str] = frozenset()
    #: Version of the system's ``msvcp140.dll`` where the user gave one (``--msvcp140``).
    msvcp140: tuple[int, ...] | None = None
    #: The machine of the process that is to load the package; None when nothing decides it.
    machine: Machine | None = None
    #: Base name, case-folded -> the paths of ``images`` that have it.
    named: Mapping[str, Sequence[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the images by name once: rules look up each image."""
        named: dict[str, list[str]] = {}
        for path in self.images:
            named.setdefault(base_name(path), []).append(path)
        object.__setattr__(self, "named", named)

    def importers(self) -> dict[str, set[str]]:
        """Return image -> the images that import it and cannot load without it."""
        found: dict[str, set[str]] = {}
        for path, load in self.loads.items():
            for need in load.needs:
                if need.direct and not need.delayed and need.key not in {None, path}:
                    found.setdefault(str(need.key), set()).add(path)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule: what it finds, why it exists, the source for that, and how to satisfy it.

    ``severity`` describes the policy, since some rules grade their findings. ``source`` names
    the document or the public issue that the rule is based on.
    """

    severity: str
    title: str
    why: str
    source: str
    fix: str
    judge: Callable[[Subject], Iterable[Finding]]
    #: Its place in ``RULE_IDS``, which ``load_rule`` fills in.
    id: str = ""


def rule(**about: str) -> Callable[[Callable[[Subject], Iterable[Finding]]], Rule]:
    """Return the decorator that makes a function a rule; ``about`` are its other fields."""
    return lambda judge: Rule(judge=judge, **about)
