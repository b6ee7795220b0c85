"""Start the gate from CMake, with the mlcbuild that the policy belongs to.

A script and not ``-m``: mlcbuild may be an in-tree backend that no path of the interpreter leads
to, and PYTHONPATH is not ours to change (pip's isolated environments check it).
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    root = str(Path(__file__).resolve().parents[2])
    if root not in sys.path:
        sys.path.insert(1, root)
    from mlcbuild.builder.gate import main

    sys.exit(main())
