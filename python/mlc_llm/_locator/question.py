"""Tell whether this process only asks about the libraries: ``python -m mlc_llm.libinfo``.

Python imports the package before the module that ``-m`` names. For that one question the package
must not load anything: the answer has to come out of a completely broken install too.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    _Function = TypeVar("_Function")

__all__ = ["asked", "help_asked", "register_nothing"]

_MODULE = "mlc_llm.libinfo"


def asked() -> bool:
    """Return True while Python looks for ``-m mlc_llm.libinfo``.

    ``sys.argv[0]`` is ``-m`` only until the module is found; ``sys.orig_argv`` has the command.
    """
    if sys.argv[:1] != ["-m"]:
        return False
    module = sys.orig_argv[-len(sys.argv)]  # what follows it are the program's arguments
    return module == _MODULE or (module.startswith("-") and module.endswith(f"m{_MODULE}"))


def help_asked() -> bool:
    """Return True where the command line of mlc_llm is asked for its help."""
    if not {"-h", "--help"}.intersection(sys.argv[1:]):
        return False
    if sys.argv[0] == "-m":
        return sys.orig_argv[-len(sys.argv)] in ("mlc_llm", "-mmlc_llm")
    name = sys.argv[0].replace("\\", "/").rpartition("/")[2]
    return name.partition(".")[0].removesuffix("-script") == "mlc_llm"


def register_nothing(*_: object, **__: object) -> Callable[[_Function], _Function]:
    """Stand in for ``tvm.register_global_func`` where TVM is not loaded."""
    return lambda function: function
