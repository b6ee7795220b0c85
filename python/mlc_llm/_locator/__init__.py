"""How ``mlc_llm`` finds, judges and loads its native libraries. Standard library only.

``mlc_llm.libinfo`` is the public side; docs/locator.md has the rules.
"""

from __future__ import annotations

__all__: list[str] = []
