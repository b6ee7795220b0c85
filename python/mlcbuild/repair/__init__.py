"""Repair a wheel with delvewheel, configured by policy, and verify the result."""

from __future__ import annotations

from mlcbuild.repair.pipeline import Repair, repair

__all__ = ["Repair", "repair"]
