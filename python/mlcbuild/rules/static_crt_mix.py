"""``static-crt-mix``: modules that link to each other but have separate C runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.loader.policy import provider_of
from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.pe.facts import Image, ImportedDll

__all__ = ["RULE"]

_MSVC_CRTS = frozenset({"dynamic", "static"})


def _judge(subject: Subject) -> Iterator[Finding]:
    for path, load in subject.loads.items():
        image = subject.images.get(path)
        if image is None or image.crt not in _MSVC_CRTS:
            continue
        providers = {base_name(need.name): need.path for need in load.needs if need.path}
        for dll in image.imports:
            provider_path = providers.get(base_name(dll.name))
            provider = subject.images.get(provider_path) if provider_path else None
            # Microsoft's own runtimes (vcomp140, mfc140) are made to be called from either side.
            if provider is None or provider_of(dll.name) or not _mixes(image, provider):
                continue
            crosses = _passes_objects(dll)
            yield Finding(
                severity="warning" if crosses else "note",
                module=path,
                message=(
                    f"{image.crt} C runtime here, {provider.crt} in {dll.name}: two heaps"
                    + (", and C++ objects of the standard library pass between" if crosses else "")
                ),
                evidence={"module_crt": image.crt, "provider": provider_path, "crosses": crosses},
                fix="build both with the same runtime (/MD)",
            )


def _mixes(image: Image, provider: Image) -> bool:
    return provider.crt in _MSVC_CRTS and provider.crt != image.crt


def _passes_objects(dll: ImportedDll) -> bool:
    """Return whether an imported C++ name has a ``std`` type, which the other module may free."""
    return any(
        symbol.name is not None and symbol.name.startswith("?") and "@std@@" in symbol.name
        for symbol in dll.symbols
    )


RULE = Rule(
    severity="warning if C++ library objects are passed between modules; otherwise note",
    title="Modules that call each other use different C runtimes (/MT and /MD)",
    why=(
        "A module built with /MT has its own heap, locale and file table. Memory that one "
        "runtime allocates and the other frees corrupts the heap (0xC0000374). Each static "
        "runtime also uses one of a limited number of thread-local slots."
    ),
    source="Microsoft, Potential errors passing CRT objects across DLL boundaries",
    fix="Build every module of the package with /MD.",
    judge=_judge,
)
