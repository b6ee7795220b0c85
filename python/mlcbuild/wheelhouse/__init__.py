"""``mlcbuild wheel --chat-only``: a folder with all that chatting needs (docs/chat-only.md)."""

from __future__ import annotations

__all__: list[str] = []
