"""Say in one line that there is no compiler, before what needs one fails in the middle."""

from __future__ import annotations

from mlc_llm._locator.errors import LibraryLoadError

__all__ = ["refuse_without_compiler"]

#: Subcommands of ``mlc_llm`` that import TVM's compiler.
_COMPILES = frozenset({"calibrate", "compile", "convert_weight", "gen_config", "package"})


def refuse_without_compiler(subcommand: str) -> None:
    """End the process with one line where ``subcommand`` needs a compiler that TVM has not."""
    if subcommand not in _COMPILES:
        return
    from mlc_llm.libinfo import require_compiler  # noqa: PLC0415 - only to compile

    try:
        require_compiler()
    except LibraryLoadError as error:
        raise SystemExit(f"mlc_llm {subcommand}: {error.reason}: {error.fix}") from None
