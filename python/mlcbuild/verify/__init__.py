"""Run what was built: verify a wheel for real."""

from __future__ import annotations

__all__: list[str] = []
