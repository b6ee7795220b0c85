"""Print the answer of ``python -m mlc_llm.libinfo``, for a person or for scripts."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from mlc_llm._locator import this_host
from mlc_llm._locator.report import answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["as_json", "as_text", "main"]


def as_json(facts: Mapping[str, Any]) -> str:
    """Return the answer for scripts."""
    return json.dumps(facts, indent=2)


def as_text(facts: Mapping[str, Any]) -> str:
    """Return the answer for a person."""
    host = facts["host"]
    lines = [f"mlc_llm libraries for {host['system']} {host['machine']}, most wanted first:"]
    for candidate in facts["candidates"]:
        mark = "=>" if candidate["path"] == facts["winner"] else "  "
        lines.append(f"{mark} {candidate['path']}  ({candidate['origin']})")
        word = "good" if candidate["good"] else f"{candidate['cause']}: {candidate['reason']}"
        lines.append(f"     {word}")
    lines += [f"note: {note}" for note in facts["notes"]]
    if facts["winner"]:
        lines.append(f"folder added to the search: {facts['adds_folder']}")
    if error := facts["error"]:
        lines += [f"nothing can be loaded: {error['reason']}", f"fix: {error['fix']}"]
    lines += facts["runtimes"]
    found = [f"{name} {number}" for name, number in facts["installed"].items() if number]
    lines.append(f"installed: {', '.join(found) or 'no distribution of tvm or tvm_ffi'}")
    lines.append(_built(facts["stamp"]))
    return "\n".join(lines)


def _built(stamp: Mapping[str, Any] | None) -> str:
    if not stamp:
        return "built: no stamp (_build.json) beside the package"
    sources = stamp.get("sources")
    pins = [
        f"{source.get('name')} {source.get('version') or str(source.get('commit'))[:12]}"
        for source in (sources if isinstance(sources, list) else ())
        if isinstance(source, dict)
    ]
    how = f"built: {stamp.get('configuration')}, {stamp.get('generator')}"
    return "; ".join([how, *([", ".join(pins)] if pins else [])])


def main(words: Sequence[str]) -> int:
    """Print the answer; exit 0 where the import works, 1 where it does not, 2 for wrong use."""
    import argparse  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m mlc_llm.libinfo",
        description="Show which native library mlc_llm loads and why, and whether that works.",
        epilog="Nothing is loaded here: a child process imports mlc_llm, and can crash unharmed.",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument(
        "--no-load", action="store_true", help="judge the files alone, and start no child process"
    )
    parser.add_argument("--load", action="store_true", help="what it does without it, too")
    options = parser.parse_args(words)
    facts = answer(this_host(), os.environ, try_it=not options.no_load)
    text = as_json(facts) if options.json else as_text(facts)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))  # noqa: T201 - this is the answer
    return 0 if facts["winner"] else 1
