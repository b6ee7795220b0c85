"""Charts of a load test as shapes of SVG: scales and paths, no colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.bench.as_text import short_time
from mlcbuild.page.compare import label_of

if TYPE_CHECKING:
    #: The highest value of each chart's title.
    Tops = dict[str, float]

WIDTH: Final = 460
HEIGHT: Final = 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 12, 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A point, or a bar where it has a height; ``title`` describes its value."""

    x: float
    y: float
    title: str
    width: float = 0.0
    height: float = 0.0
    kind: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One series: its name, an SVG path through its marks; no path for bars."""

    name: str
    path: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A chart with its axes: ``across`` and ``up`` are (position, label).

    ``stacked`` bars are successes and failures, not series.
    """

    title: str
    across_title: str
    lines: tuple[Line, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    stacked: bool = False


def ticks(top: float, about: int = 4) -> list[float]:
    """Return round values from 0 to at least ``top``, roughly ``about`` of them."""
    if top <= 0 or not math.isfinite(top):
        return [0.0, 1.0]
    raw = top / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw * (1 - 1e-9))
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def _x(share: float) -> float:
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def charts_of(runs: Sequence[dict[str, Any]], tops: Tops | None = None) -> list[Chart]:
    """Return the charts for the runs of a bench; none without successes.

    ``tops`` is passed to several calls and updated: charts with the same title share its scale.
    """
    tops = {} if tops is None else tops
    charts = []
    good = [run for run in runs if run["latency_s"] is not None]
    if good:
        charts.append(_percentiles("Latency", [(r, r["latency_s"]) for r in good], tops))
    first = [(run, run["ttft_s"]) for run in good if run["ttft_s"] is not None]
    if first:
        charts.append(_percentiles("Time to first token", first, tops))
    if len(good) > 1:
        charts.append(_sweep("Successes per second", good, "throughput_rps", tops))
        if all(run["completion_tokens_per_s"] is not None for run in good):
            charts.append(_sweep("Tokens per second", good, "completion_tokens_per_s", tops))
    charts += [_seconds(run, tops) for run in runs if run["timeline"]]
    return charts


def _scale(title: str, top: float, tops: Tops) -> list[float]:
    tops[title] = max(top, tops.get(title, 0.0))
    return ticks(tops[title])


def _path(points: Sequence[Mark]) -> str:
    return "M" + "L".join(f"{mark.x} {mark.y}" for mark in points)


def _percentiles(
    title: str, runs: Sequence[tuple[dict[str, Any], dict[str, Any]]], tops: Tops
) -> Chart:
    """Percentiles from left to right, evenly spaced: the tail gets as much room as the middle."""
    shares = [share for share, _ in runs[0][1]["curve"]]
    up = _scale(title, max(value for _, spread in runs for _, value in spread["curve"]), tops)
    lines = []
    for run, spread in runs:
        marks = tuple(
            Mark(
                x=_x(number / (len(shares) - 1)),
                y=_y(value / up[-1]),
                title=f"{label_of(run['load'])}, p{share:g}: {short_time(value)}",
            )
            for number, (share, value) in enumerate(spread["curve"])
        )
        lines.append(Line(name=label_of(run["load"]), path=_path(marks), marks=marks))
    return Chart(
        title=title,
        across_title="percentile",
        lines=tuple(lines),
        across=tuple(
            (_x(number / (len(shares) - 1)), f"{share:g}") for number, share in enumerate(shares)
        ),
        up=tuple((_y(value / up[-1]), short_time(value) if value else "0") for value in up),
    )


def _sweep(title: str, runs: Sequence[dict[str, Any]], name: str, tops: Tops) -> Chart:
    up = _scale(title, max(run[name] for run in runs), tops)
    marks = tuple(
        Mark(
            x=_x((number + 0.5) / len(runs)),
            y=_y(run[name] / up[-1]),
            title=f"{label_of(run['load'])}: {run[name]:.4g}",
        )
        for number, run in enumerate(runs)
    )
    return Chart(
        title=title,
        across_title="load",
        lines=(Line(name=title, path=_path(marks), marks=marks),),
        across=tuple((mark.x, label_of(r["load"])) for mark, r in zip(marks, runs, strict=True)),
        up=tuple((_y(value / up[-1]), f"{value:g}") for value in up),
    )


def _seconds(run: dict[str, Any], tops: Tops) -> Chart:
    """Bars of requests ended per second: successes, and failures above them."""
    seconds = run["timeline"]
    title = f"Requests ended per second, {label_of(run['load'])}"
    up = _scale(title, max(second["successes"] + second["failures"] for second in seconds), tops)
    wide = (WIDTH - _LEFT - _RIGHT) / len(seconds)
    base = _y(0)
    bars = []
    for second in seconds:
        at = _x(second["at_s"] / len(seconds))
        above = 0
        for kind in ("successes", "failures"):
            if second[kind]:
                top = _y((above + second[kind]) / up[-1])
                bars.append(
                    Mark(
                        x=at,
                        y=top,
                        width=round(max(wide - 1, 0.5), 1),
                        height=round((base if not above else _y(above / up[-1])) - top, 1),
                        title=f"second {second['at_s']}: {second[kind]} {kind}",
                        kind=kind,
                    )
                )
                above += second[kind]
    every = max(len(seconds) // 8, 1)
    return Chart(
        title=title,
        stacked=True,
        across_title="second",
        lines=(Line(name="", path="", marks=tuple(bars)),),
        across=tuple(
            (_x((second["at_s"] + 0.5) / len(seconds)), str(second["at_s"]))
            for second in seconds[::every]
        ),
        up=tuple((_y(value / up[-1]), f"{value:g}") for value in up),
    )
