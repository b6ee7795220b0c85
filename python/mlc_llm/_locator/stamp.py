"""``_build.json``, which the build wrote into the package, read with what an import has already."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["parse", "pinned_source", "read_stamp", "stamped_size"]


def read_stamp(package: str) -> dict[str, Any]:
    """Return ``_build.json`` of the package, or an empty table where there is none that reads."""
    try:
        with open(os.path.join(package, "_build.json"), encoding="utf-8") as file:
            stamp = parse(file.read())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def stamped_size(stamp: dict[str, Any], file_name: str) -> int | None:
    """Return the size in bytes that the stamp has for a file, None where it has none."""
    files = stamp.get("files")
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict) and str(file.get("path")).rpartition("/")[2] == file_name:
            size = file.get("size")
            return size if isinstance(size, int) else None
    return None


def pinned_source(stamp: dict[str, Any], *names: str) -> str | None:
    """Return the released version of a source that the build took, None where it records none."""
    sources = stamp.get("sources")
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and source.get("name") in names and source.get("version"):
            return str(source["version"])
    return None


def parse(text: str) -> Any:  # noqa: ANN401 - JSON
    """Parse JSON with CPython's scanner: the package ``json`` costs 3 ms where nobody used it.

    Raises ``ValueError`` where it is none.
    """
    try:
        if "json" not in sys.modules:
            try:
                from _json import make_scanner  # noqa: PLC0415

                return make_scanner(_ScannerOptions)(text.strip(), 0)[0]  # type: ignore[arg-type]
            except (ImportError, StopIteration, SystemError):
                pass  # the scanner says of some bad texts only that they are bad
        import json  # noqa: PLC0415

        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


class _ScannerOptions:
    """What ``json.JSONDecoder`` would hand to the scanner."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}  # noqa: RUF012 - as the scanner wants it
