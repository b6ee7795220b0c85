"""How ``mlc_llm`` finds, judges and loads its native libraries. Standard library only.

``mlc_llm.libinfo`` is the public side; docs/locator.md has the rules. Every import of mlc_llm pays
for these modules: facts are named tuples, because a dataclass takes a millisecond to make.
"""

from __future__ import annotations

__all__: list[str] = []
