"""Sizes as areas: the squarified treemap (Bruls, Huizing and van Wijk, 2000)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

_NATIVE: Final = (".dll", ".pyd", ".exe", ".so", ".dylib")
#: Smaller shares of the whole are merged into one tile: too small to see or click.
_SMALLEST: Final = 0.0008
#: Areas below this many square pixels are dropped: rounding would distort them.
_NOTHING: Final = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One file, or the rest of a folder. ``kind`` is ``native``, ``python`` or ``data``."""

    path: str
    size: int
    kind: str
    x: float
    y: float
    width: float
    height: float


def tiles_of(sizes: Mapping[str, int], width: float, height: float) -> list[Tile]:
    """Return the tiles of all files: top-level folders first, their files inside."""
    folders: dict[str, dict[str, int]] = {}
    total = sum(sizes.values())
    for path, size in sizes.items():
        top = path.partition("/")[0] if "/" in path else ""
        small = size < total * _SMALLEST
        name = f"{top}/ (small files)" if small and top else "(small files)" if small else path
        group = folders.setdefault(top, {})
        group[name] = group.get(name, 0) + size
    order = sorted(folders, key=lambda top: (-sum(folders[top].values()), top))
    frames = squarify([sum(folders[top].values()) for top in order], 0, 0, width, height)
    tiles = []
    for top, frame in zip(order, frames, strict=True):
        files = sorted(folders[top].items(), key=lambda item: (-item[1], item[0]))
        for (path, size), box in zip(
            files, squarify([size for _, size in files], *frame), strict=True
        ):
            x, y, wide, high = box
            tiles.append(
                Tile(path=path, size=size, kind=_kind(path), x=x, y=y, width=wide, height=high)
            )
    return [tile for tile in tiles if tile.size]


def _kind(path: str) -> str:
    if path.casefold().endswith(_NATIVE):
        return "native"
    return "python" if path.endswith((".py", ".pyi")) else "data"


Box = tuple[float, float, float, float]


def squarify(sizes: Sequence[float], x: float, y: float, width: float, height: float) -> list[Box]:
    """Return a box (x, y, width, height) per size, as square as possible; sizes must descend.

    Areas are proportional to the sizes and fill the frame. All are empty where all sizes are 0.
    """
    total = sum(sizes)
    if total <= 0 or width <= 0 or height <= 0:
        return [(x, y, 0.0, 0.0)] * len(sizes)
    areas = [size * width * height / total for size in sizes]
    areas = [area if area > _NOTHING else 0.0 for area in areas]
    # The rest to place from each on: a row's thickness is a share of the rest of the frame, so that
    # rounding errors do not add up.
    left = list(accumulate(reversed(areas)))[::-1]
    boxes: list[Box] = []
    start = 0
    while start < len(areas):
        side = min(width, height)
        if side <= 0 or areas[start] <= 0:
            boxes += [(x, y, 0.0, 0.0)] * (len(areas) - start)
            break
        end, row = start + 1, areas[start]
        while end < len(areas) and areas[end] > 0:
            more = row + areas[end]
            if _worst(areas[start], areas[end], more, side) > _worst(
                areas[start], areas[end - 1], row, side
            ):
                break
            end, row = end + 1, more
        thick = max(width, height) * min(row / left[start], 1.0)
        at = 0.0
        for area in areas[start:end]:
            long = side * area / row
            if width >= height:
                boxes.append((x, y + at, thick, long))
            else:
                boxes.append((x + at, y, long, thick))
            at += long
        if width >= height:
            x, width = x + thick, width - thick
        else:
            y, height = y + thick, height - thick
        start = end
    return boxes


def _worst(largest: float, smallest: float, row: float, side: float) -> float:
    """Return the worst aspect ratio of the boxes of a row."""
    square = side * side
    return max(square * largest / (row * row), row * row / (square * smallest))
