"""The in-tree PEP 517/660 backend of the mlc-llm wheel (``backend-path = ["python"]``).

Only the hooks: what they do is in ``mlcbuild.builder.pipeline``. An error is one line on stderr and
the exit code of its class, so that pip shows it last.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping

from mlcbuild.errors import Exit, MlcbuildError
from mlcbuild.foreign import one_line
from mlcbuild.redaction import redacted

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


@contextlib.contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except MlcbuildError as error:
        sys.stdout.flush()
        print(f"mlcbuild: error: {redacted(one_line(str(error)))}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("mlcbuild: interrupted; the next run continues", file=sys.stderr)
        raise SystemExit(Exit.INTERRUPTED) from None


def get_requires_for_build_wheel(
    config_settings: Mapping[str, str | list[str]] | None = None,
) -> list[str]:
    """Name what this build needs beside ``build-system.requires``: CMake and Ninja if too old."""
    from mlcbuild.builder import pipeline

    with _one_line_errors():
        return pipeline.requires(config_settings, state="wheel")


def get_requires_for_build_editable(
    config_settings: Mapping[str, str | list[str]] | None = None,
) -> list[str]:
    """Name what an editable install needs beside ``build-system.requires``."""
    from mlcbuild.builder import pipeline

    with _one_line_errors():
        return pipeline.requires(config_settings, state="editable")


def get_requires_for_build_sdist(
    config_settings: Mapping[str, str | list[str]] | None = None,
) -> list[str]:
    """Name nothing more: sources are fetched where the sdist is built."""
    del config_settings
    return []


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: Mapping[str, str | list[str]] | None = None
) -> str:
    """Write the wheel's metadata without building."""
    from mlcbuild.builder import pipeline

    with _one_line_errors():
        return pipeline.metadata(metadata_directory, config_settings, state="wheel")


def prepare_metadata_for_build_editable(
    metadata_directory: str, config_settings: Mapping[str, str | list[str]] | None = None
) -> str:
    """Write the editable wheel's metadata without building."""
    from mlcbuild.builder import pipeline

    with _one_line_errors():
        return pipeline.metadata(metadata_directory, config_settings, state="editable")


def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, str | list[str]] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the wheel; it is written to ``wheel_directory`` only if it passes the gate."""
    from mlcbuild.builder import pipeline

    del metadata_directory
    with _one_line_errors():
        return pipeline.build(wheel_directory, config_settings, state="wheel")


def build_editable(
    wheel_directory: str,
    config_settings: Mapping[str, str | list[str]] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build for ``pip install -e .``: native libraries installed, Python files served live."""
    from mlcbuild.builder import pipeline

    del metadata_directory
    with _one_line_errors():
        return pipeline.build(wheel_directory, config_settings, state="editable")


def build_sdist(
    sdist_directory: str, config_settings: Mapping[str, str | list[str]] | None = None
) -> str:
    """Pack the superbuild, the lock and the patches; upstream's sources are fetched later."""
    from mlcbuild.builder import pipeline

    del config_settings
    with _one_line_errors():
        return pipeline.sdist(sdist_directory)
