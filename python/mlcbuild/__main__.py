"""``python -m mlcbuild`` is the same as the ``mlcbuild`` command."""

from __future__ import annotations

import os
import sys

# "-m" puts the current folder first: a ctypes.py there would win over the standard library's.
if sys.path[:1] == [os.getcwd()]:  # noqa: PTH109 - as Python wrote it
    del sys.path[0]

from mlcbuild.cli import main

if __name__ == "__main__":
    sys.exit(main())
