"""The results of architectures.py as a table: what compiled, what it answered, and why not."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from architecture_models import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["DEVICES", "QUANTIZATIONS", "Cell", "markdown", "results"]

DEVICES: Final = ("cpu", "vulkan", "cuda:sm_90")
#: Unquantized, four bits, AWQ's layout and float8.
QUANTIZATIONS: Final = ("q0f32", "q4f16_1", "q4f32_1", "q4f16_autoawq", "e4m3_e4m3_f16")
#: What did not compile for the CPU before the patches, by the program that this one began as.
_FAILED_BEFORE: Final = frozenset(
    """
    bert bert-bge deepseek deepseek_v2 deepseek_v3 llama4 llava mixtral phi3_v qwen2_moe qwen3_5
    qwen3_5_text qwen3_moe rwkv5 rwkv6
    """.split()  # noqa: SIM905 - quoted words are harder to read
)

Cell = tuple[str, str, str]
Found = dict[Cell, dict[str, Any]]


def results(file: Path) -> Found:
    """Return the last result of each cell."""
    found = {}
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        told = json.loads(line)
        found[told["type"], told["device"], told["quantization"]] = told
    return found


class Causes:
    """The causes of failures, numbered as they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, cause: str) -> str:
        return f"({self.numbers.setdefault(cause, len(self.numbers) + 1)})"

    def __iter__(self) -> Iterator[str]:
        return (f"{number}. `{cause}`" for cause, number in self.numbers.items())


def _compiled(told: dict[str, Any] | None, causes: Causes) -> str:
    if told is None:
        return "-"
    if _has_none(told):
        return "none"
    if told["ok"]:
        return f"{told['bytes'] / 1e6:.1f} MB"
    return causes(told["cause"].replace(told["type"], "TYPE"))  # one cause, many types


def _answered(found: Found, name: str, device: str, causes: Causes) -> str:
    """Return what the model answered unquantized, else in the first quantization that did."""
    cells = [found.get((name, device, how), {}) for how in QUANTIZATIONS]
    told = next((cell for cell in cells if cell.get("answer")), cells[0])
    if "silent" in told:
        return causes(told["silent"])
    if not told.get("answer"):
        return "-"
    how = "" if told is cells[0] else f", {told['quantization']}"
    return ("tokens" if told["answer"]["tokens"] else "vectors") + how


def _has_none(told: dict[str, Any]) -> bool:
    """Say whether upstream has no such quantization for the type."""
    return told["cause"].startswith("mlc_llm: error:") and " has no quantization " in told["cause"]


def markdown(found: Found) -> Iterable[str]:
    """Return the table: a type a row, a device and quantization a column; then the causes."""
    columns = [
        (device, how)
        for device in DEVICES
        for how in QUANTIZATIONS
        if any(cell[1:] == (device, how) for cell in found)
    ]
    asked = {cell[1] for cell, told in found.items() if "answer" in told}
    chats = [device for device in DEVICES if device in asked]
    causes = Causes()
    heads = [f"{device} {how}" for device, how in columns] + [f"answer, {name}" for name in chats]
    yield "| type | " + " | ".join(["cpu q0f32, before", *heads]) + " |"
    yield "|---|" + "---|" * (len(heads) + 1)
    for name in TYPES:
        words = ["failed" if name in _FAILED_BEFORE else "compiled"]
        words += [_compiled(found.get((name, *column)), causes) for column in columns]
        words += [_answered(found, name, device, causes) for device in chats]
        yield f"| `{name}` | " + " | ".join(words) + " |"
    count = Counter(cell[1:] for cell, told in found.items() if told["ok"])
    tried = Counter(cell[1:] for cell, told in found.items() if not _has_none(told))
    totals = [f"{len(TYPES) - len(_FAILED_BEFORE)} of {len(TYPES)}"]
    totals += [f"{count[column]} of {tried[column]}" for column in columns]
    answered = Counter(device for _, device in {c[:2] for c, t in found.items() if t.get("answer")})
    totals += [str(answered[device]) for device in chats]
    yield "| **all** | " + " | ".join(totals) + " |"
    yield ""
    yield from causes
