"""Pinned sources: the lock, transports, verification, cache, patches."""
