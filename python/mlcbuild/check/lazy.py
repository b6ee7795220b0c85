"""DLLs that code loads on demand: in a function that is not called during the import.

The import works without such a DLL; a feature does not. A function counts as called if its name
occurs at module level (even in a string) or in a function that is called itself, in any
module. So do special methods and functions with an unknown decorator.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mlcbuild.check.sources import sources_of, stem_of

if TYPE_CHECKING:
    from mlcbuild.package.member import Package

#: Bytes of sources above which nothing is said: a second of parsing.
_LIMIT: Final = 4 << 20
#: Decorators that do not call what they decorate.
_IDLE: Final = frozenset(
    {"cache", "cached_property", "classmethod", "contextmanager", "lru_cache", "property"}
    | {"staticmethod", "wraps", "overload"}
)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(slots=True)
class _Code:
    """A piece of code: the names that it uses, and its strings."""

    names: set[str] = field(default_factory=set)
    strings: set[str] = field(default_factory=set)


def on_demand(dlls: Sequence[str], package: Package, loaders: Sequence[bytes]) -> set[str]:
    """Return the DLLs whose full name occurs only in functions that no import calls.

    ``loaders`` are the sources that load DLLs; if one names such a DLL, all sources are read.
    """
    named = [path for path in dlls if any(stem_of(path).encode() in each for each in loaders)]
    size = sum(member.size for member in package.members() if member.path.endswith(".py"))
    if not named or size > _LIMIT:
        return set()
    _, sources = sources_of(package, (b"",))
    top = _Code()
    functions: dict[str, _Code] = {}
    for content in sources:
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return set()
        _read(tree, top, functions)
    called: set[str] = set()
    waiting = top.names | top.strings | {name for name in functions if name.startswith("__")}
    while waiting:
        called |= waiting
        inside = (functions[n].names | functions[n].strings for n in waiting if n in functions)
        waiting = set[str]().union(*inside) - called
    found = set()
    for path in named:
        stem = stem_of(path)
        spelled = {stem, f"{stem}.dll", stem.removeprefix("lib")}
        holders = [name for name, code in functions.items() if spelled & code.strings]
        if holders and not spelled & top.strings and not set(holders) & called:
            found.add(path)
    return found


def _read(node: ast.AST, code: _Code, functions: dict[str, _Code]) -> None:
    """Assign everything below a node to the code that runs it."""
    for child in ast.iter_child_nodes(node):
        inside = code
        if isinstance(child, _FUNCTIONS):
            # A lambda has no name to be called by: it belongs to what holds it.
            if not isinstance(child, ast.Lambda):
                inside = functions.setdefault(child.name, _Code())
                if not _IDLE.issuperset(map(_called, child.decorator_list)):
                    code.names.add(child.name)
                for run_now in (*child.decorator_list, *child.args.defaults):
                    _read(ast.Expr(value=run_now), code, functions)
        elif isinstance(child, ast.Name):
            code.names.add(child.id)
        elif isinstance(child, ast.Attribute):
            code.names.add(child.attr)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            code.strings.add(child.value)
        _read(child, inside, functions)


def _called(decorator: ast.expr) -> str:
    """Return the last name of a decorator: ``cache`` of ``functools.cache``."""
    at = decorator.func if isinstance(decorator, ast.Call) else decorator
    return at.attr if isinstance(at, ast.Attribute) else at.id if isinstance(at, ast.Name) else ""
