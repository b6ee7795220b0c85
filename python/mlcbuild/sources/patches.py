"""Declared edits to upstream: read them, apply them in memory, and fail loudly when one is stale.

A patch is ``3rdparty/patches/<component>-<topic>.toml``. An edit names a file, an anchor (a text
that occurs there exactly ``count`` times) and its replacement, so that a new pin either has that
text unchanged or stops the fetch. docs/sources.md has the format.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlcbuild.errors import FailedError, InputError
from mlcbuild.sources.lock import Component, Lock, read_toml
from mlcbuild.sources.tree import SourceFile, Tree


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One change to one file: exactly one of replace, delete, add."""

    file: str
    anchor: str = ""
    replacement: str = ""
    count: int = 1
    delete: bool = False
    add: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Patch:
    """One patch file: why it exists, until when, and its edits in order."""

    path: Path
    component: str
    reason: str
    until: str
    edits: tuple[Edit, ...]


def _edit(path: Path, number: int, values: object) -> Edit:
    def refuse(what: str) -> InputError:
        return InputError(f"{path}: edit {number} {what}", remedy="docs/sources.md has the format")

    if not isinstance(values, dict):
        raise refuse("is not a table")
    types: dict[str, type] = {
        "file": str,
        "anchor": str,
        "replacement": str,
        "count": int,
        "delete": bool,
        "add": str,
    }
    if unknown := sorted(set(values) - set(types)):
        raise refuse(f"has unknown keys: {', '.join(unknown)}")
    for key, value in values.items():
        if type(value) is not types[key]:
            raise refuse(f"has a {key!r} that is not of type {types[key].__name__}")
    if not values.get("file"):
        raise refuse("needs 'file'")
    replaces = bool(values.get("anchor")) and "replacement" in values
    ways = [replaces, values.get("delete", False), "add" in values]
    if sum(ways) != 1 or ("anchor" in values) != replaces or values.get("count", 1) < 1:
        raise refuse("needs 'anchor' and 'replacement', or 'delete = true', or 'add'")
    return Edit(**values)


def _patch(path: Path, component: str) -> Patch:
    content: dict[str, Any] = read_toml(path)
    if unknown := sorted(set(content) - {"reason", "until", "edit"}):
        raise InputError(f"{path} has unknown keys: {', '.join(unknown)}")
    for key in ("reason", "until"):
        if not isinstance(content.get(key), str) or not content[key].strip():
            raise InputError(f"{path} needs a string for {key!r}")
    edits = content.get("edit")
    if not isinstance(edits, list) or not edits:
        raise InputError(f"{path} has no [[edit]]")
    return Patch(
        path=path,
        component=component,
        reason=content["reason"].strip(),
        until=content["until"].strip(),
        edits=tuple(_edit(path, number, values) for number, values in enumerate(edits, 1)),
    )


def load_patches(lock: Lock) -> dict[str, tuple[Patch, ...]]:
    """Return every component's patches, in the order of their file names.

    Raises ``InputError`` for a malformed patch and for one that belongs to no component.
    """
    names = sorted((c.name for c in lock.components), key=len, reverse=True)
    found: dict[str, list[Patch]] = {name: [] for name in names}
    for path in sorted(lock.patches.glob("*.toml")):
        component = next((n for n in names if path.stem.startswith(f"{n}-")), None)
        if component is None:
            raise InputError(
                f"{path} does not belong to a component",
                remedy="name it <component>-<topic>.toml",
            )
        found[component].append(_patch(path, component))
    return {name: tuple(patches) for name, patches in found.items()}


def apply(component: Component, patches: tuple[Patch, ...], tree: Tree) -> Tree:
    """Return ``tree`` with all edits applied.

    Raises ``FailedError`` that names the patch and the file when an anchor does not occur exactly
    as often as declared, a file to edit or delete is absent, or a file to add exists.
    """
    edited = dict(tree)
    for patch in patches:
        for edit in patch.edits:
            _apply(component, patch, edit, edited)
    return edited


def _apply(component: Component, patch: Patch, edit: Edit, tree: Tree) -> None:
    def stale(what: str) -> FailedError:
        return FailedError(
            f"patch {patch.path.name} does not apply to {component.name} "
            f"{component.origin.pin[:12]}: "
            f"{edit.file} {what}",
            remedy="adapt the patch to this pin, or delete it if upstream no longer needs it "
            f"(until: {patch.until})",
        )

    file = tree.get(edit.file)
    if edit.add is not None:
        if file is not None:
            raise stale("exists already")
        tree[edit.file] = SourceFile(data=edit.add.encode())
        return
    if file is None:
        raise stale("does not exist")
    if edit.delete:
        del tree[edit.file]
        return
    anchor, replacement = edit.anchor.encode(), edit.replacement.encode()
    if b"\r\n" in file.data:
        anchor, replacement = (t.replace(b"\n", b"\r\n") for t in (anchor, replacement))
    times = file.data.count(anchor)
    if times != edit.count:
        line = edit.anchor.strip().splitlines()[0] if edit.anchor.strip() else edit.anchor
        raise stale(f"has the anchor {line!r} {times} times instead of {edit.count}")
    tree[edit.file] = SourceFile(
        data=file.data.replace(anchor, replacement), executable=file.executable
    )
