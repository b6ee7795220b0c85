# ruff: noqa: ANN401 - TVM's objects have no types
"""Say in which pass a model's compilation failed, in the last line: TVM's traceback names none."""

from __future__ import annotations

from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["CompileFailedError", "one_line"]

#: Passes that only hold others.
_HOLDERS = ("sequential", "_pipeline", "fusion_pipeline")


class CompileFailedError(RuntimeError):
    """A model that did not compile. The text says its type, the device, the pass and the cause."""


@contextmanager
def one_line(model_type: str, target: Any) -> Iterator[list[Any]]:
    """Yield what TVM tells its passes to; an error in one of them is raised with its name.

    A kernel that was refused ends the program with its sentence and no traceback.
    """
    running: list[str] = []
    try:
        yield [_listener(running)]
    except Exception as error:
        from mlc_llm._kernels import refusal  # noqa: PLC0415 - not where nothing failed

        if sentence := refusal():
            raise SystemExit(f"mlc_llm: error: {sentence}") from None
        where = next((name for name in reversed(running) if name not in _HOLDERS), "")
        raise CompileFailedError(
            f"{model_type} does not compile for {target.kind.name}"
            f"{f', in the pass {where}' if where else ''}: {cause(error)}"
        ) from error


def _listener(running: list[str]) -> Any:
    """Return what keeps the names of the passes that have begun and not ended."""
    from tvm.ir.instrument import (  # type: ignore[import-not-found] # noqa: PLC0415
        pass_instrument,
    )

    class Listener:
        def run_before_pass(self, _module: Any, info: Any) -> None:
            running.append(str(info.name))

        def run_after_pass(self, _module: Any, _info: Any) -> None:
            if running:
                running.pop()

    return pass_instrument(Listener)()


def cause(error: BaseException) -> str:
    """Return the error in one line, without TVM's list of C++ frames."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith(("File ", "Traceback"))]
    return f"{type(error).__name__}: {told[0] if told else 'no reason given'}"[:300]
