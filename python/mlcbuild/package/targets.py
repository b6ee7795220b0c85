"""Open the package a user names: a path, ``installed:NAME`` or ``pypi:NAME[==VERSION]``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.package.folder import FilesPackage
from mlcbuild.package.natives import foreign_format, is_native_name, no_such_file, wrong_kind
from mlcbuild.package.zipdir import FileSource
from mlcbuild.platforms import AMD64

if TYPE_CHECKING:
    from mlcbuild.package.member import Package

INSTALLED: Final = "installed:"
INDEX: Final = "pypi:"
HEAD: Final = 16


@contextlib.contextmanager
def open_package(
    target: str,
    *,
    with_deps: bool = False,
    python: tuple[int, int] | None = None,
    platform: str = AMD64,
) -> Iterator[Package]:
    """Open a target's package for the duration of the context.

    The other arguments apply to ``pypi:`` only: ``with_deps`` also downloads the wheels it
    requires, ``python`` and ``platform`` name the CPython. Raises ``InputError`` (exit 3) for a
    target that does not exist, cannot be read, or is of another system.
    """
    with contextlib.ExitStack() as stack:
        if target.startswith(INSTALLED):
            from mlcbuild.package.installed import open_installed  # noqa: PLC0415

            package: Package = open_installed(target.removeprefix(INSTALLED))
        elif target.startswith(INDEX):
            import tempfile  # noqa: PLC0415

            from mlcbuild.package.pypi import open_from_index  # noqa: PLC0415

            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="mlcbuild-", ignore_cleanup_errors=True)
            )
            package = open_from_index(
                target.removeprefix(INDEX),
                Path(folder),
                with_deps=with_deps,
                python=python,
                platform=platform,
            )
        else:
            package = _open_path(target)
        stack.callback(package.close)
        yield package


def _open_path(target: str) -> Package:
    path = Path(target)
    try:
        is_folder = path.is_dir()
    except (OSError, ValueError) as error:
        raise InputError(f"{target!a}: not a path ({error})") from error
    if not target:
        raise InputError("an empty target", remedy="name a file, a folder or pypi:NAME")
    if not is_folder and not path.exists():
        raise no_such_file(target, on_index=True)
    if is_folder:
        return FilesPackage(path, name=target, kind="folder")
    source = FileSource(path, name=target)
    if path.suffix.lower() == ".whl":
        from mlcbuild.package.wheel import WheelPackage  # noqa: PLC0415

        return WheelPackage(source, filename=path.name)
    head = source.read_at(0, HEAD)
    source.close()
    if head[:2] == b"MZ":
        if not is_native_name(path.name):  # else nothing would be examined
            raise InputError(
                f"{target}: a Windows image with the suffix of another file type",
                remedy="check a copy that ends in .dll, .pyd or .exe",
            )
        return FilesPackage(path.parent, name=path.name, kind="image", paths=[path.name])
    raise wrong_kind(target, foreign_format(head) or "")
