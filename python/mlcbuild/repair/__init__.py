"""Repair a wheel with delvewheel, configured by policy, and prove that it is better after it."""

from __future__ import annotations

from mlcbuild.repair.pipeline import Repair, repair

__all__ = ["Repair", "repair"]
