"""What goes out with a wheel: SBOM, hashes, and a static package index."""

from __future__ import annotations

from mlcbuild.release.pipeline import Released, release

__all__ = ["Released", "release"]
