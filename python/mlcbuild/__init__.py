"""Build, check and diagnose Windows wheels of MLC-LLM and TVM."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
