"""Extract a component's files, writing only what differs, and detect later edits.

A marker file in the folder records what was written. Files whose bytes stay the same keep their
times, so nothing is recompiled. The marker also says when writing is in progress; after a kill the
next run continues. Files that we did not write are not touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.jsontext import parse
from mlcbuild.sources.cache import no_room
from mlcbuild.sources.tree import SourceFile, Tree, check_paths
from mlcbuild.staging import open_new

if TYPE_CHECKING:
    from mlcbuild.sources.lock import Component
    from mlcbuild.sources.patches import Patch

MARKER: Final = ".mlcbuild-source.json"
_FORMAT: Final = 1
_EXECUTABLE_MODE: Final = 0o755


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The marker of an extracted component.

    ``fingerprint`` is empty while files are being written. ``files`` maps a path to its size in
    bytes, modification time in nanoseconds, and sha256.
    """

    fingerprint: str
    files: dict[str, tuple[int, int, str]]


def fingerprint(component: Component, patches: tuple[Patch, ...]) -> str:
    """Return a hash of everything that determines the extracted bytes."""
    facts = [
        _FORMAT,
        asdict(component.origin),
        component.paths,
        component.exclude,
        [asdict(edit) for patch in patches for edit in patch.edits],
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def read_state(folder: Path) -> State | None:
    """Return the state of ``folder``; None when nothing readable was extracted there."""
    try:
        content = parse((folder / MARKER).read_text("utf-8"))
        if content["format"] != _FORMAT:
            return None
        files = {path: (int(f[0]), int(f[1]), str(f[2])) for path, f in content["files"].items()}
        check_paths(MARKER, files)  # a checkout could ship one, and it lists files to delete
        return State(fingerprint=str(content["fingerprint"]), files=files)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, FailedError):
        return None


def _write_state(folder: Path, state: State) -> None:
    text = json.dumps({"format": _FORMAT, **asdict(state)}, indent=0)
    _replace(folder / MARKER, SourceFile(data=text.encode()), None)


def _replace(path: Path, file: SourceFile, when: int | None) -> None:
    """Write ``path`` staged, then rename; ``when`` is its modification time in nanoseconds."""
    staged = path.with_name(f".{path.name[:100]}.part")
    try:
        with open_new(staged) as out:
            out.write(file.data)
        if file.executable and os.name == "posix":
            staged.chmod(_EXECUTABLE_MODE)
        if when is not None:
            os.utime(staged, ns=(when, when))
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def edited(folder: Path, state: State) -> list[str]:
    """Return the files that differ from what was extracted; only modified ones are read."""
    changed = []
    for path, (size, when, sha256) in state.files.items():
        try:
            found = (folder / path).stat()
            if (found.st_size, found.st_mtime_ns) == (size, when):
                continue
            data = (folder / path).read_bytes()
        except OSError:
            changed.append(path)
            continue
        if hashlib.sha256(data).hexdigest() != sha256:
            changed.append(path)
    return changed


def differences(folder: Path, tree: Tree) -> list[str]:
    """Return the paths whose bytes in ``folder`` differ from ``tree``; every file is read."""
    changed = []
    for path, file in tree.items():
        try:
            same = (folder / path).read_bytes() == file.data
        except OSError:
            same = False
        if not same:
            changed.append(path)
    return changed


def lay_out(folder: Path, component: Component, tree: Tree, wanted: str) -> int:
    """Make ``folder`` hold ``tree``; return how many files were written.

    Deletes what an earlier run extracted and ``tree`` no longer has. ``wanted`` is the fingerprint
    to record. Raises ``FailedError`` for a folder that is not mlcbuild's, ``InputError`` when it
    cannot be written.
    """
    state = read_state(folder)
    if state is None and folder.exists() and any(folder.iterdir()):
        raise FailedError(
            f"{folder} exists and was not created by mlcbuild",
            remedy="move it away, then run 'mlcbuild fetch'",
        )
    before = state.files if state else {}
    now = time.time_ns()
    digests = {path: hashlib.sha256(file.data).hexdigest() for path, file in tree.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        planned = before | {path: (-1, -1, sha256) for path, sha256 in digests.items()}
        _write_state(folder, State(fingerprint="", files=planned))
        stale = differences(folder, tree)
        for path in stale:
            _refuse_links(folder, path)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            _replace(folder / path, tree[path], now)
        for path in set(before) - set(tree):
            _refuse_links(folder, path)
            _delete(folder, path)
        stats = {path: (folder / path).stat() for path in tree}
        files = {p: (s.st_size, s.st_mtime_ns, digests[p]) for p, s in stats.items()}
        _write_state(folder, State(fingerprint=wanted, files=files))
    except OSError as error:
        raise no_room(error, folder) or InputError(
            f"{component.name}: cannot write {error.filename or folder}: {error.strerror}",
            remedy="close programs that use it, check the permissions, run 'mlcbuild fetch' again",
        ) from error
    return len(stale)


def _refuse_links(folder: Path, path: str) -> None:
    """Raise ``FailedError`` where a parent folder of a file is a symbolic link."""
    for parent in (folder / path).parents:
        if parent.is_symlink():
            raise FailedError(
                f"{parent} is a symbolic link: its files would be written elsewhere",
                remedy="remove the link, then run 'mlcbuild fetch'",
            )
        if parent == folder:
            return


def _delete(folder: Path, path: str) -> None:
    """Delete a file, and the folders this leaves empty."""
    (folder / path).unlink(missing_ok=True)
    for parent in (folder / path).parents:
        if parent == folder or any(parent.iterdir()):
            return
        parent.rmdir()
