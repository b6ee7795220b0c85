"""Windows wheels of any scikit-build-core project, extension modules included, made elsewhere."""

from __future__ import annotations
