"""Cross-build Windows wheels of any scikit-build-core project, including extension modules."""

from __future__ import annotations
