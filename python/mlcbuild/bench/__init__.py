"""The load test: honest figures of a chat server or any HTTP application.

``model`` is what was asked and what was seen; ``stats``, ``analyse`` and ``verdict`` are pure and
turn samples into a result; ``load`` decides when requests start, ``client`` sends one.
"""

from __future__ import annotations

__all__: list[str] = []
