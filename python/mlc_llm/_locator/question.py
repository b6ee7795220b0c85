"""Tell whether this process only asks about the libraries: ``python -m mlc_llm.libinfo``.

Python imports the package before the module that ``-m`` names. For that one question the package
must not load anything: the answer has to come out of a completely broken install too.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["asked", "register_nothing"]

_MODULE = "mlc_llm.libinfo"

_Function = TypeVar("_Function")


def asked() -> bool:
    """Return True while Python looks for ``-m mlc_llm.libinfo``.

    ``sys.argv[0]`` is ``-m`` only until the module is found; ``sys.orig_argv`` has the command.
    """
    if sys.argv[:1] != ["-m"]:
        return False
    module = sys.orig_argv[-len(sys.argv)]  # what follows it are the program's arguments
    return module == _MODULE or (module.startswith("-") and module.endswith(f"m{_MODULE}"))


def register_nothing(*_: object, **__: object) -> Callable[[_Function], _Function]:
    """Stand in for ``tvm.register_global_func`` where TVM is not loaded."""
    return lambda function: function
