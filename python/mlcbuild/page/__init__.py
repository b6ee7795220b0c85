"""One self-contained HTML page from results: what ``mlcbuild report`` writes.

``read`` turns the user's targets into sections; ``images``, ``layout``, ``timeline``, ``treemap``
and ``charts`` are pure and turn their tables into shapes; ``render`` fills the templates.
"""

from __future__ import annotations
