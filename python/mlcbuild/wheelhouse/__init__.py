"""``mlcbuild wheel --chat-only``: a folder with all wheels needed to chat (docs/chat-only.md)."""

from __future__ import annotations
