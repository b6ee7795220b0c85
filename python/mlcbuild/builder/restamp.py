"""Stamp a wheel again after a repair that changed its libraries.

delvewheel and auditwheel edit import tables and add libraries, so that the stamp no longer matches.
This checks what needs no build record (machine, debug runtimes, C runtimes), writes the new digests
into the stamp, and the new row into RECORD.

    python -m mlcbuild.builder.restamp WHEEL_OR_FOLDER...
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlcbuild.builder.expectation import Expectation
from mlcbuild.builder.judge import judge
from mlcbuild.builder.rewheel import rewrite
from mlcbuild.builder.staged import Staged, promises_native, read_contents
from mlcbuild.builder.stamping import with_new_files
from mlcbuild.commandline import Parser
from mlcbuild.errors import FailedError, InputError, MlcbuildError
from mlcbuild.package.zipfaults import ZIP_FAULTS
from mlcbuild.stamp import STAMP_NAME, Stamp, read_stamp, write_stamp
from mlcbuild.streams import inert

#: The rules applied here; missing libraries are left to ``mlcbuild check``.
_RULES = frozenset({"wrong-machine", "debug-crt", "static-crt-mix", "not-release"})


def restamp(wheel: Path) -> Stamp:
    """Rewrite the stamp of ``wheel`` and return it; the file is replaced when complete.

    Raises ``InputError`` for a file that is not a wheel with one stamp, ``FailedError`` where one
    of its libraries must not be shipped.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [n for n in archive.namelist() if Path(n).name == STAMP_NAME]
            records = [n for n in archive.namelist() if n.endswith(".dist-info/RECORD")]
            if len(names) != 1 or len(records) != 1:
                raise InputError(
                    f"{wheel.name} contains {len(names)} stamps and {len(records)} RECORD files",
                    remedy="pass a wheel built with mlcbuild's policy",
                )
            staged = read_contents(_natives(archive))
            stamp = with_new_files(read_stamp(archive.read(names[0])), staged)
            judge_contents(
                wheel,
                staged,
                system=stamp.target.system,
                machine=stamp.target.machine,
                configuration=stamp.configuration,
            )
    except ZIP_FAULTS as error:
        raise InputError(f"{wheel} cannot be read as a wheel ({error})") from error
    rewrite(wheel, wheel, {names[0]: write_stamp(stamp)})
    return stamp


def _natives(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for name in sorted(archive.namelist()):
        if name.endswith("/"):
            continue
        with archive.open(name) as stream:
            head = stream.read(4)
            if promises_native(name, head):
                yield name, head + stream.read()


def wheel_contents(wheel: Path) -> Staged:
    """Read the native files of a finished wheel. Raises ``InputError`` for any other file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return read_contents(_natives(archive))
    except ZIP_FAULTS as error:
        raise InputError(f"{wheel} cannot be read as a wheel ({error})") from error


def judge_contents(
    wheel: Path, staged: Staged, *, system: str, machine: str, configuration: str
) -> None:
    """Apply the rules that need no build record. Raises ``FailedError`` for the first error."""
    expected = Expectation(
        system=system, machine=machine, configuration=configuration, companions={}
    )
    found = judge(staged.natives, expected, is_system_dll=lambda _name, _machine: True)
    for finding in found:
        if finding.severity == "error" and finding.rule in _RULES:
            raise FailedError(
                f"{wheel.name}: [{finding.rule}] {finding.module or ''} {finding.message}",
                remedy=finding.fix,
            )
    for path, why in staged.broken.items():
        raise FailedError(
            f"{wheel.name}: {path} has a library suffix but is not a PE or ELF file: {why}"
        )


def _wheels(given: Path) -> list[Path]:
    if not given.is_dir():
        return [given]
    wheels = sorted(given.glob("*.whl"))
    if not wheels:
        raise InputError(f"{given} contains no wheel", remedy="pass the repair's output folder")
    return wheels


@inert()
def main(argv: Sequence[str] | None = None) -> int:
    """Stamp wheels again; returns 0, or the exit code of the first failure."""
    parser = Parser(prog="python -m mlcbuild.builder.restamp", description=__doc__)
    parser.add_argument("wheel", type=Path, nargs="+", help="a wheel, or a folder of wheels")
    try:
        for given in parser.parse_args(argv).wheel:
            for wheel in _wheels(given):
                restamp(wheel)
    except MlcbuildError as error:
        print(f"mlcbuild restamp: error: {error}", file=sys.stderr)  # noqa: T201 - its only output
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
