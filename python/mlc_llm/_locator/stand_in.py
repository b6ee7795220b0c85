"""Let ``mlc_llm chat --help`` print its help on an install whose libraries cannot be loaded.

The command line's modules import TVM long before they parse a word. Where somebody asks for help
and the libraries fail, ``tvm`` and ``tvm_ffi`` become modules in which every name exists and does
nothing. The process prints its help and ends; it never computes with them.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

__all__ = ["install"]

_PACKAGES = ("tvm", "tvm_ffi")


class _Anything(type):
    """A class whose attributes, calls, items and operators all give a class like it."""

    def __getattr__(cls, name: str) -> Any:  # noqa: ANN401
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing

    def __call__(cls, *arguments: Any, **_: Any) -> Any:  # noqa: ANN401
        """Be a decorator for what can be decorated; construct classes that inherit from us."""
        if cls is not Nothing:
            return super().__call__(*arguments, **_)
        if len(arguments) == 1 and isinstance(arguments[0], (type, FunctionType)):
            return arguments[0]
        return Nothing

    def __getitem__(cls, _: object) -> Any:  # noqa: ANN401
        return Nothing

    def __iter__(cls) -> Iterator[object]:
        return iter(())

    def __contains__(cls, _: object) -> bool:
        return False

    def __len__(cls) -> int:
        return 0

    def __int__(cls) -> int:
        return 0

    __index__ = __int__

    def _operate(cls, *_: object) -> Any:  # noqa: ANN401
        return Nothing

    def __eq__(cls, _: object) -> bool:
        """Whatever a module checks about its constants at import holds."""
        return True

    def __ne__(cls, _: object) -> bool:
        return False

    __hash__ = type.__hash__

    def _compare(cls, _: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _compare
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _operate
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _operate
    __pow__ = __rpow__ = __lshift__ = __rlshift__ = __neg__ = __or__ = __ror__ = _operate


class Nothing(metaclass=_Anything):
    """What every name of a stand-in is."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take whatever the real class takes."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Give what the real class has."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing

    def __call__(self, *_: object, **__: object) -> Any:  # noqa: ANN401
        """Be a function too."""
        return Nothing


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing


class _Finder:
    """Finds every module of TVM, and makes it up."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if name.partition(".")[0] not in _PACKAGES:
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = _Module(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def install() -> None:
    """Put the stand-ins in the place of TVM, as much of it as is imported."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder())
