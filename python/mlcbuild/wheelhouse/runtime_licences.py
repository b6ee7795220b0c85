"""The licences of GCC's and MinGW-w64's runtimes, as the distribution installs them.

GCC's runtime is GPL 3 with the Runtime Library Exception, winpthreads and the start-up code are
MIT, BSD and public domain: whoever ships the DLLs ships the texts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mlcbuild.errors import FailedError

__all__ = ["runtime_licences"]

#: Name below ``licenses/`` -> where distributions put it: Debian's, Fedora's, Arch's.
_PLACES: Final = {
    "gcc/copyright": (
        "usr/share/doc/gcc-mingw-w64-base/copyright",
        "usr/share/licenses/mingw64-gcc/COPYING.RUNTIME",
        "usr/share/licenses/mingw-w64-gcc/RUNTIME.LIBRARY.EXCEPTION",
    ),
    "gcc/GPL-3": (
        "usr/share/common-licenses/GPL-3",
        "usr/share/licenses/mingw64-gcc/COPYING3",
        "usr/share/licenses/spdx/GPL-3.0-or-later.txt",
    ),
    "mingw-w64/copyright": (
        "usr/share/doc/mingw-w64-common/copyright",
        "usr/share/licenses/mingw64-winpthreads/COPYING",
        "usr/share/licenses/mingw-w64-winpthreads/COPYING",
    ),
}


def runtime_licences(root: Path = Path("/")) -> dict[str, bytes]:
    """Return name -> text. Raises ``FailedError`` where a text is not found below ``root``."""
    found = {}
    for name, places in _PLACES.items():
        path = next((root / place for place in places if (root / place).is_file()), None)
        if path is None:
            raise FailedError(
                f"the licence {name} of GCC's runtime is not on this machine, and the DLLs may "
                "not be shipped without it",
                remedy=f"install the documentation of MinGW-w64's packages (/{places[0]})",
            )
        found[name] = path.read_bytes()
    return found
