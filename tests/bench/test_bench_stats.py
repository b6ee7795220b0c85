from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlcbuild.bench.records import CURVE, percentile, spread

times = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("share", "expected"), [(0, 10), (25, 20), (50, 30), (75, 40), (90, 46), (99, 49.6), (100, 50)]
)
def test_percentiles_computed_by_hand(share: float, expected: float) -> None:
    # Five values: position (5 - 1) * share / 100, between two of them in proportion.
    assert percentile([10, 20, 30, 40, 50], share) == pytest.approx(expected)


def test_one_value_is_every_percentile() -> None:
    assert {percentile([7.0], share) for share in CURVE} == {7.0}


@pytest.mark.parametrize("share", [-1, 100.1, math.nan])
def test_a_share_that_is_no_percentage_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="percentage"):
        percentile([1.0], share)


def test_no_values_have_no_spread() -> None:
    assert spread([]) is None
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@given(times, st.integers(1, 99))
def test_percentiles_agree_with_the_standard_library(values: list[float], share: int) -> None:
    if len(values) > 1:
        expected = statistics.quantiles(values, n=100, method="inclusive")[share - 1]
        assert percentile(sorted(values), share) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(times)
def test_a_spread_is_ordered_and_within_its_values(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    assert found.count == len(values)
    figures = [found.minimum, found.p50, found.p90, found.p99, found.maximum]
    assert figures == sorted(figures)
    assert found.minimum == min(values)
    assert found.maximum == max(values)
    assert found.minimum <= found.mean <= found.maximum
    curve = [value for _, value in found.curve]
    assert curve == sorted(curve)
    assert (curve[0], curve[-1]) == (min(values), max(values))


@given(times, st.randoms())
def test_the_order_of_values_does_not_matter(values: list[float], chance: object) -> None:
    mixed = list(values)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert spread(mixed) == spread(values)
