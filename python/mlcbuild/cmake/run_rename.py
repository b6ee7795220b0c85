"""Start mlcbuild.pe.rename from CMake, with the mlcbuild that this file belongs to.

A script and not ``-m``, for the reasons of run_gate.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    root = str(Path(__file__).resolve().parents[2])
    if root not in sys.path:
        sys.path.insert(1, root)
    from mlcbuild.pe.rename import main

    sys.exit(main())
