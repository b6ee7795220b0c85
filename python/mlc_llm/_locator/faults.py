"""Judge what a library needs, without loading it: the first thing that would stop the loader."""

from __future__ import annotations

import os

from mlc_llm._locator.fixes import bring, reinstall
from mlc_llm._locator.image import NotAnImageError, is_debug_crt
from mlc_llm._locator.judge import Verdict, judge
from mlc_llm._locator.owners import owner
from mlc_llm._locator.petables import read_tables
from mlc_llm._locator.process import loaded_module
from mlc_llm._locator.search import Search
from mlc_llm._locator.steps import added_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlc_llm._locator import Host
    from mlc_llm._locator.petables import Exports
    from mlc_llm._locator.search import Needed

__all__ = ["also_lacks", "first_fault"]

#: What TVM's compiler needs is judged by name: its own tables have 169 MB around them.
_LARGE = 64 << 20


def first_fault(path: str, search: Search) -> Verdict | None:
    """Return what would stop the loader, or None: as far as files can tell, it loads."""
    nodes = search.walk(path)
    for node in nodes:
        if node.path is None:
            return _missing(node)
        if node.path != path and not search.is_system(node.path):
            verdict = judge(node.path, search.host)
            if not verdict.good and verdict.cause != "debug-crt":
                reason = f"{_base(node.importer)} needs {node.name}, which is {verdict.reason}"
                return Verdict(verdict.cause, reason, reinstall(node.path), node.path)
    return _missing_export(nodes, search) if search.host.system == "windows" else None


def also_lacks(path: str, verdict: Verdict, host: Host) -> Verdict:
    """Name the DLL that a file which is not the one that was built would look for in vain."""
    fault = first_fault(path, Search.here(host, added_folders(host)))
    if fault is None or fault.cause != "missing-dll":
        return verdict
    reason = f"{fault.reason}; and it has {verdict.reason}"
    return Verdict(fault.cause, reason, verdict.fix, fault.culprit)


def _missing(node: Needed) -> Verdict:
    importer = _base(node.importer)
    if is_debug_crt(node.name):
        reason = f"{importer} is a Debug build: it imports {node.name}, which no user has"
        return Verdict("debug-crt", reason, "build with --config Release", node.importer)
    reason = f"{importer} needs {node.name}, which is nowhere the loader looks"
    return Verdict("missing-dll", reason, bring(node.name, node.importer), node.name)


def _missing_export(nodes: Sequence[Needed], search: Search) -> Verdict | None:
    """Compare every import with the exports of the DLL that would answer it."""
    own = {n.name.lower(): n.path for n in nodes if n.path and _compared(n, search)}
    exports: dict[str, Exports | None] = {}
    for importer in own.values():
        for dll, symbols in _imports(importer).items():
            target = own.get(dll.lower())
            if target is None:
                continue
            if target not in exports:
                exports[target] = _exports(target)
            offered = exports[target]
            missing = [s for s in symbols if s not in offered] if offered else []
            if missing:
                reason = (
                    f"{_base(importer)} needs {_spell(missing[0])} of {_base(target)}, which does "
                    f"not export it{_and_more(missing)}: they are from different builds"
                )
                return Verdict("missing-export", reason, _right_one(target), target)
    return None


def _right_one(target: str) -> str:
    """Name the command that installs the matching build, or puts it first."""
    if loaded_module(os.path.basename(target)) == target and not owner(target):
        return f"import mlc_llm before the package that loads {target}"
    return reinstall(target)


def _compared(node: Needed, search: Search) -> bool:
    """Tell a library that can be of another build: not Windows' own, nor Python's."""
    folder = os.path.dirname(node.path or "")
    return not search.is_system(node.path or "") and folder != search.program


def _imports(path: str) -> dict[str, list[str | int]]:
    try:
        return {} if os.path.getsize(path) > _LARGE else read_tables(path).imports()
    except (NotAnImageError, OSError):
        return {}


def _exports(path: str) -> Exports | None:
    try:
        return None if os.path.getsize(path) > _LARGE else read_tables(path).exports()
    except (NotAnImageError, OSError):
        return None


def _spell(symbol: str | int) -> str:
    return f"ordinal {symbol}" if isinstance(symbol, int) else symbol


def _and_more(missing: Sequence[object]) -> str:
    return f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""


def _base(path: str) -> str:
    return os.path.basename(path)
