"""Say in one message what is missing, before what needs it fails in the middle."""

from __future__ import annotations

from contextlib import contextmanager

from mlc_llm._locator.errors import LibraryLoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["in_one_message", "refuse_without_compiler"]

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


@contextmanager
def in_one_message() -> Iterator[None]:
    """End the process with the message of an error that says all there is to say."""
    from mlc_llm._engine_threads import EngineEndedError  # noqa: PLC0415 - commands alone
    from mlc_llm._library_device import LibraryDeviceError  # noqa: PLC0415
    from mlc_llm._linker.windows import NoLinkerError  # noqa: PLC0415
    from mlc_llm._locator.model_library import (  # noqa: PLC0415
        NoDeviceError,
        NoModelLibraryError,
    )

    try:
        yield
    except (
        EngineEndedError,
        LibraryDeviceError,
        NoDeviceError,
        NoLinkerError,
        NoModelLibraryError,
    ) as error:
        raise SystemExit(f"mlc_llm: {error}") from None
