"""Whether what an image imports is exported by the DLL that wins, forwarders followed.

Codes as Windows' snapping of imports gives them: a name that nobody exports is 127, an ordinal 182
(by how the *image* imports it; a forwarder to a missing ordinal says 182 too), a DLL without any
export directory 193, a chain of more than 32 forwarders 193, a malformed forwarder 193.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.names import forwarder_target
from mlcbuild.loader.search import resolve
from mlcbuild.loader.words import readable

if TYPE_CHECKING:
    from mlcbuild.loader.context import Context, Found
    from mlcbuild.loader.images import File
    from mlcbuild.loader.outcome import Cause
    from mlcbuild.pe.facts import ImportedSymbol

_FORWARDER_LIMIT: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Miss:
    """A symbol that cannot be bound. ``trail`` names the DLLs that forwarders led through."""

    cause: Cause
    winerror: int
    symbol: str
    trail: tuple[str, ...] = ()
    #: The forwarder's target was not found or is unusable: what the search said.
    target: Found | None = None
    reason: str = ""
    certain: bool = True


def check_symbol(  # noqa: PLR0911 - one return an outcome
    symbol: ImportedSymbol, found: Found, context: Context
) -> tuple[Miss | None, tuple[Found, ...]]:
    """Bind one symbol; return why not, and every DLL that forwarders made the loader load."""
    wanted: str | int = symbol.name if symbol.name is not None else symbol.ordinal or 0
    by_ordinal = isinstance(wanted, int)
    shown = f"#{wanted}" if by_ordinal else str(wanted)
    loaded: list[Found] = []
    trail: list[str] = []
    holder = found
    for step in range(_FORWARDER_LIMIT + 1):
        if holder.file is None:
            return _from_table(wanted, shown, holder, tuple(trail), context), tuple(loaded)
        record = context.images.record(holder.file)
        if record.image is None or record.refused:
            return None, tuple(loaded)  # reported where the DLL was searched
        if record.exports is None:
            return _no_exports(shown, holder, tuple(trail), by_ordinal=by_ordinal), tuple(loaded)
        exported = record.exports.find(wanted)
        if exported is None:
            code = 182 if by_ordinal or isinstance(wanted, int) else 127
            return _miss(code, shown, holder, tuple(trail), wanted), tuple(loaded)
        forwarder = exported.forwarder
        if forwarder is None:
            return None, tuple(loaded)
        if step == _FORWARDER_LIMIT:
            break
        target = forwarder_target(forwarder)
        if target is None:
            reason = f"{holder.name} forwards {shown} to {forwarder!r}, which is not DLL.symbol"
            return _loop(shown, tuple(trail), reason), tuple(loaded)
        module, wanted = target
        holder = resolve(module, context, _importer(holder, context))
        trail.append(module)
        loaded.append(holder)
        if holder.cause is not None:
            return _unreachable(shown, holder, tuple(trail), context), tuple(loaded)
    reason = f"{shown} is forwarded in a circle ({' -> '.join(trail[:4])} ...)"
    return _loop(shown, tuple(trail[:4]), reason), tuple(loaded)


def _importer(holder: Found, context: Context) -> File:
    return holder.file or context.root


def _from_table(
    wanted: str | int, shown: str, holder: Found, trail: tuple[str, ...], context: Context
) -> Miss | None:
    table = holder.table
    if table is None or isinstance(wanted, int) or not table.complete or table.has(wanted):
        return None
    miss = _miss(127, shown, holder, trail, wanted)
    if holder.origin != "python-dir":
        return miss
    # A stable-ABI module may use what later versions export: it loads there, not on the oldest.
    reason = f"{holder.name} of {holder.provider} does not export {readable(wanted)}"
    return replace(miss, certain=not context.process.abi3, reason=reason)


def _miss(
    winerror: int, shown: str, holder: Found, trail: tuple[str, ...], wanted: str | int
) -> Miss:
    last = f"#{wanted}" if isinstance(wanted, int) else wanted
    via = "" if last == shown else f", to which {readable(shown)} is forwarded"
    return Miss(
        cause="missing-ordinal" if winerror == 182 else "missing-export",  # noqa: PLR2004
        winerror=winerror,
        symbol=shown,
        trail=trail,
        reason=f"{_place(holder)} does not export {readable(last)}{via}",
    )


def _place(holder: Found) -> str:
    """Name the DLL; another wheel's by that wheel and the path in it."""
    other = holder.file is not None and holder.file.origin == "companion"
    return holder.file.key if holder.file is not None and other else holder.name


def _no_exports(shown: str, holder: Found, trail: tuple[str, ...], *, by_ordinal: bool) -> Miss:
    code = 193 if not trail else 182 if by_ordinal else 127
    return Miss(
        cause="no-exports",
        winerror=code,
        symbol=shown,
        trail=trail,
        reason=f"{holder.name} exports nothing at all, yet {shown} is imported from it",
    )


def _loop(shown: str, trail: tuple[str, ...], reason: str) -> Miss:
    return Miss(cause="forwarder-loop", winerror=193, symbol=shown, trail=trail, reason=reason)


def fault_code(found: Found, context: Context) -> int:
    """Return what Windows says where the search for a DLL ended badly."""
    if found.cause == "not-a-pe" and found.file is not None:
        return context.images.record(found.file).winerror
    return 193 if found.cause in {"wrong-machine", "not-a-pe"} else 126


def _unreachable(shown: str, holder: Found, trail: tuple[str, ...], context: Context) -> Miss:
    return Miss(
        cause=holder.cause or "missing-dll",
        winerror=fault_code(holder, context),
        symbol=shown,
        trail=trail,
        target=holder,
        reason="",
    )
