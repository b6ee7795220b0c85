"""The load test: honest figures of a chat server or any HTTP application.

``records`` has the data types; ``stats``, ``analyse`` and ``verdict`` are pure and turn samples
into a result; ``load`` decides when requests start, ``client`` sends one.
"""

from __future__ import annotations
