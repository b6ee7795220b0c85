"""``python -m mlcbuild`` is the same as the ``mlcbuild`` command."""

from __future__ import annotations

import sys

from mlcbuild.cli import main

if __name__ == "__main__":
    sys.exit(main())
