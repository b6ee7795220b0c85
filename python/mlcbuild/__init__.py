"""Build, check and diagnose Windows wheels of MLC-LLM and TVM."""

from __future__ import annotations

__version__ = "0.1.0"
