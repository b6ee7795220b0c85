"""Verify a wheel by installing and running it."""

from __future__ import annotations
