"""Turn the user's targets into sections of the page: read results, or check now."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from mlcbuild.errors import InputError
from mlcbuild.jsontext import parse

if TYPE_CHECKING:
    from mlcbuild.check.settings import Settings
    from mlcbuild.package.member import Package

#: The key that identifies each kind of result.
_KINDS: Final[dict[str, Literal["check", "doctor", "bench"]]] = {
    "targets": "check",
    "checks": "doctor",
    "runs": "bench",
}
_RECORD: Final = re.compile(r"([^/]+)\.dist-info/RECORD")


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """A target's files: bytes per file, and the distribution each belongs to."""

    sizes: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One result: its kind, its table as ``--json`` prints it, and the files of its targets."""

    kind: Literal["check", "doctor", "bench"]
    title: str
    table: dict[str, Any]
    #: In the order of the table's targets; empty where only the JSON is available.
    files: tuple[Files, ...] = ()


def sections_of(names: Sequence[str], settings: Settings) -> list[Section]:
    """Return a section for each JSON, and one for all targets to check now.

    Raises ``InputError`` for a JSON that cannot be read or was not written by mlcbuild.
    """
    sections = []
    targets = [name for name in names if not name.casefold().endswith(".json")]
    if targets:
        sections.append(_checked(targets, settings))
    results = [Path(name) for name in names if name not in targets]
    bare = Counter(path.name for path in results)
    # Two of one name, before/x.json and after/x.json, are told apart by their paths.
    sections += [
        _read(path, path.name if bare[path.name] == 1 else path.as_posix()) for path in results
    ]
    return sections


def _checked(targets: Sequence[str], settings: Settings) -> Section:
    from mlcbuild.check import check  # noqa: PLC0415 - a page of JSON needs none of it
    from mlcbuild.report.as_json import table  # noqa: PLC0415

    report = check(targets, settings)
    return Section(
        kind="check",
        title=", ".join(target.name for target in report.targets),
        table=table(report),
        files=tuple(_files(target) for target in targets),
    )


def _files(target: str) -> Files:
    """List a target's files; empty where unreadable, which its check has reported."""
    from mlcbuild.package.targets import open_package  # noqa: PLC0415

    with contextlib.suppress(InputError), open_package(target) as package:
        sizes = {member.path: member.size for member in package.members()}
        return Files(sizes=sizes, owners=_owners(package))
    return Files()


def _owners(package: Package) -> dict[str, str]:
    """Return the distribution of each file, by the RECORDs among the files."""
    owners: dict[str, str] = {}
    for member in package.members():
        if found := _RECORD.fullmatch(member.path):
            name = found[1].replace("-", " ", 1)
            text = bytes(package.read(member)).decode("utf-8", "replace")
            with contextlib.suppress(csv.Error):
                owners.update((row[0], name) for row in csv.reader(io.StringIO(text)) if row)
    return owners


def owner_of_path(path: str, target: dict[str, Any], files: Files) -> str:
    """Return the distribution a file belongs to, or its top folder where unknown."""
    if owner := files.owners.get(path):
        return owner
    name = str(target["name"]).replace("\\", "/").rstrip("/").rpartition("/")[2]
    if target["kind"] in {"wheel", "pypi"}:
        distribution, _, rest = name.removesuffix(".whl").partition("-")
        return f"{distribution} {rest.partition('-')[0]}".strip()
    top, slash, _ = path.partition("/")
    return top.removesuffix(".libs").removesuffix(".data") if slash else name


def _read(path: Path, title: str) -> Section:
    try:
        table = parse(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    kinds = [kind for key, kind in _KINDS.items() if isinstance(table, dict) and key in table]
    if not kinds:
        raise InputError(
            f"{path} was not written by mlcbuild check, doctor or bench",
            remedy="pass a file written by check, doctor or bench --json",
        )
    if table.get("schema_version") != 1:
        raise InputError(
            f"{path} has schema version {table.get('schema_version')}",
            remedy="write it again with this mlcbuild",
        )
    return Section(kind=kinds[0], title=title, table=table)
