"""What MinGW-w64's programs for 64-bit Windows are called: the one home of these names."""

from __future__ import annotations

from typing import Final

#: GNU's name of the target, which every program bears.
TRIPLE: Final = "x86_64-w64-mingw32"
#: A distribution that has compilers with both kinds of threads (Debian) leaves the plain name to
#: the kind without std::thread.
_THREADS: Final = ("-posix", "")


def program(tool: str) -> str:
    """Return the name of one of binutils' programs, or the plain name of a compiler.

    >>> program("dlltool")
    'x86_64-w64-mingw32-dlltool'
    """
    return f"{TRIPLE}-{tool}"


def compilers(driver: str) -> tuple[str, ...]:
    """Return the names of ``gcc`` or ``g++`` in order of preference: with POSIX threads first.

    >>> compilers("g++")
    ('x86_64-w64-mingw32-g++-posix', 'x86_64-w64-mingw32-g++')
    """
    return tuple(f"{program(driver)}{suffix}" for suffix in _THREADS)
