from __future__ import annotations

import ffi_hello
import numpy as np
import pytest


def test_axpy_adds_in_place() -> None:
    x = np.arange(6, dtype="float32").reshape(2, 3)
    y = np.ones((2, 3), dtype="float32")
    ffi_hello.axpy(0.5, x, y)
    np.testing.assert_array_equal(y, 1 + 0.5 * x)


def test_total_keeps_what_float32_would_lose() -> None:
    x = np.array([1e8, 1.0, -1e8] * 1000, dtype="float32")
    assert ffi_hello.total(x) == 1000.0
    assert ffi_hello.total(np.zeros(0, dtype="float32")) == 0.0


def test_count_words_knows_utf8_and_every_white_space() -> None:
    assert ffi_hello.count_words(" über\tfish\nüber  ") == {"über": 2, "fish": 1}
    assert ffi_hello.count_words("") == {}


def test_wrong_tensors_become_python_exceptions() -> None:
    good = np.zeros(4, dtype="float32")
    with pytest.raises(TypeError, match="x must be a float32"):
        ffi_hello.axpy(1.0, np.zeros(4), good)
    with pytest.raises(ValueError, match="x has 3 elements and y has 4"):
        ffi_hello.axpy(1.0, np.zeros(3, dtype="float32"), good)
    with pytest.raises(ValueError, match="must be contiguous"):
        ffi_hello.total(np.zeros(8, dtype="float32")[::2])
