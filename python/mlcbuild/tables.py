"""A table of ``pyproject.toml`` that sets the fields of a dataclass: names and types, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from mlcbuild.commandline import meant
from mlcbuild.errors import UsageError

_LIST: Final = "tuple[str, ...]"
_LISTS: Final = "dict[str, tuple[str, ...]]"
#: A field's annotation -> what its value in the table is; any other is a string.
_WORDS: Final = {_LIST: "a list of strings", _LISTS: "a table of lists", "bool": "true or false"}


def field_values(of: type, table: object, where: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return field -> value of the table ``where``; ``keys`` are the field of each key.

    Raises ``UsageError`` for an unknown key or a value of another type.
    """
    if not isinstance(table, dict):
        raise UsageError(f"[{where}] is not a table", remedy="correct the file")
    kinds = {spec.name: str(spec.type) for spec in fields(of)}
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in keys:
            known = sorted(name for name in keys if "_" not in name)
            raise UsageError(
                f"[{where}] has no key {key}{meant(key, known)}",
                remedy=f"known: {', '.join(known)}",
            )
        kind = kinds[keys[key]]
        if not _fits(kind, value):
            words = _WORDS.get(kind, "a string")
            raise UsageError(f"[{where}] {key} is not {words}", remedy="correct it")
        if kind == _LISTS:
            found[keys[key]] = {name: tuple(each) for name, each in value.items()}
        else:
            found[keys[key]] = tuple(value) if kind == _LIST else value
    return found


def _fits(kind: str, value: object) -> bool:
    if kind == _LISTS:
        return isinstance(value, dict) and all(_fits(_LIST, each) for each in value.values())
    if kind == _LIST:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, bool if kind == "bool" else str)
