"""Several load tests side by side: the same figures of the same load, and how they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlcbuild.bench.as_text import short_time
from mlcbuild.bench.records import Load
from mlcbuild.bench.verdict import words_of

#: (what, where in a run, how it is written).
_FIGURES: Final[tuple[tuple[str, tuple[str, ...], Callable[[float], str]], ...]] = (
    ("successes a second", ("throughput_rps",), "{:.4g}".format),
    ("failed", ("failed",), "{:g}".format),
    ("latency p50", ("latency_s", "p50"), short_time),
    ("latency p99", ("latency_s", "p99"), short_time),
    ("first token p50", ("ttft_s", "p50"), short_time),
    ("tokens a second", ("completion_tokens_per_s",), "{:.4g}".format),
)
#: What has to be the same for figures to be compared, beside the load.
_TARGET: Final = ("method", "api", "model", "stream")
_LOAD: Final = ("rate", "concurrency", "arrivals")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One figure of one load. ``values`` are (value, change from the first), a result each."""

    load: str
    figure: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """One kind of failure: an example, and (load, how many, when first) of each run that has it."""

    words: str
    example: str
    runs: tuple[tuple[str, int, float], ...]


def label_of(load: dict[str, Any]) -> str:
    """Return a load in the words of the command."""
    return Load(rate=load["rate"], concurrency=load["concurrency"]).label


def failed_of(runs: Sequence[dict[str, Any]]) -> list[Failed]:
    """Return the failures of all runs; equal ones are merged and list their loads."""
    seen: dict[tuple[str, str], list[tuple[str, int, float]]] = {}
    for run in runs:
        for each in run["failures"]:
            key = (words_of(each["kind"], each["status"]), str(each["example"]))
            what = (label_of(run["load"]), int(each["count"]), float(each["first_at_s"]))
            seen.setdefault(key, []).append(what)
    return [Failed(words=w, example=e, runs=tuple(rows)) for (w, e), rows in seen.items()]


def rows_of(tables: Sequence[dict[str, Any]]) -> list[Row]:
    """Return the figures of each load that every result has, and that more than none measured."""
    runs = [{_key(run): run for run in table["runs"]} for table in tables]
    shared = [key for key in runs[0] if all(key in each for each in runs[1:])]
    rows = []
    for key in shared:
        for figure, path, shown in _FIGURES:
            found = [_at(each[key], path) for each in runs]
            if any(found):
                load = label_of(runs[0][key]["load"])
                values = tuple((_shown(v, shown), _change(found[0], v)) for v in found)
                rows.append(Row(load=load, figure=figure, values=values))
    return rows


def differences(tables: Sequence[dict[str, Any]]) -> list[str]:
    """Return what else than time differs between the results: their figures may not compare."""
    found = []
    for name in _TARGET:
        values = list(dict.fromkeys(str(table["target"][name]) for table in tables))
        if len(values) > 1:
            found.append(f"{name}: {' / '.join(values)}")
    loads = [{_key(run): label_of(run["load"]) for run in table["runs"]} for table in tables]
    everywhere = set.intersection(*(set(each) for each in loads))
    alone = dict.fromkeys(w for each in loads for key, w in each.items() if key not in everywhere)
    return found + ([f"not measured in all: {', '.join(alone)}"] if alone else [])


def _key(run: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(run["load"].get(name) for name in _LOAD)


def _at(run: dict[str, Any], path: Sequence[str]) -> float | None:
    value: Any = run
    for name in path:
        value = None if value is None else value[name]
    return None if value is None else float(value)


def _shown(value: float | None, shown: Callable[[float], str]) -> str:
    return "\N{EN DASH}" if value is None else shown(value)


def _change(first: float | None, value: float | None) -> str:
    """Return the change in per cent; whether it is more than chance nobody measured."""
    return "" if not first or value is None else f"{100 * (value / first - 1):+.1f} %"
