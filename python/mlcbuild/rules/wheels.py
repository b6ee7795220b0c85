"""A wheel's name and metadata; imported for wheels only."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlcbuild.package.names import in_site_by_prefix, installed_path
from mlcbuild.package.record import ABSENT_LIMIT, RecordFile, Row
from mlcbuild.platforms import WINDOWS
from mlcbuild.rules.finding import Finding, Severity, Subject, rule
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Image

_MACHINES: Final = {tag: each.images for tag, each in WINDOWS.items()}

_PYD: Final = re.compile(r"\.(?P<python>cp\d+t?|pp\d+[\w]*)-(?P<platform>\w+)\.pyd$")
_PYTHON_DLL: Final = re.compile(r"^python(?P<version>3\d+t?)\.dll$")


@rule(
    severity="error for extensions; warning or note for helpers beside matching images",
    title="The wheel's tag and its native files disagree",
    why=(
        "pip chooses a wheel only by its tag. An extension for another machine fails with "
        "WinError 193 after the installation, one linked to another python3xx.dll fails with "
        "126, and an abi3 wheel may only link to python3.dll."
    ),
    source="PyPA, Platform compatibility tags; PEP 384",
    fix="Build for the tagged platform and Python, or correct the tag.",
)
def wheel_tag_mismatch(subject: Subject) -> Iterator[Finding]:
    if subject.wheel is None:
        return
    declared = subject.wheel.declared_tags
    if declared and set(declared) != set(subject.wheel.tags):
        yield _tag_finding(
            None,
            "warning",
            f"the name says {', '.join(sorted(subject.wheel.tags))}, "
            f"its WHEEL file {', '.join(sorted(declared))}",
        )
    tags = [tag.split("-") for tag in subject.wheel.tags]
    platforms = {tag[2] for tag in tags if len(tag) == 3}  # noqa: PLR2004 - python-abi-platform
    yield from _platform_of_tag(subject, platforms)
    if platforms & _MACHINES.keys():
        yield from _python_of_tag(subject, {tag[0] for tag in tags}, {tag[1] for tag in tags})


def _platform_of_tag(subject: Subject, platforms: set[str]) -> Iterator[Finding]:
    if "any" in platforms:
        for path in subject.images:
            if path.casefold().endswith(".pyd"):
                yield _tag_finding(path, "warning", "native extension in a wheel for any platform")
        return
    wanted = frozenset[str]().union(*(_MACHINES.get(platform, ()) for platform in platforms))
    if not wanted:
        return
    promised = ", ".join(sorted(platforms))
    fitting = any(image.machine in wanted for image in subject.images.values())
    for path, image in subject.images.items():
        if image.machine not in wanted and not image.managed:
            yield _tag_finding(
                path,
                _tag_severity(path, image, fitting=fitting),
                f"is for {image.machine}, the wheel is tagged {promised}",
            )
    if not subject.images and not subject.broken:
        yield _tag_finding(
            None, "note", f"nothing native inside, yet the wheel is tagged {promised}"
        )


def _tag_severity(path: str, image: Image, *, fitting: bool) -> Severity:
    """Grade: Python must load an extension; helpers for another machine may be intended as data."""
    if path.casefold().endswith(".pyd") or not fitting:
        return "error"
    return "warning" if image.is_dll else "note"


def _python_of_tag(subject: Subject, pythons: set[str], abis: set[str]) -> Iterator[Finding]:
    stable = "abi3" in abis
    several = _for_each_python(subject) if stable else frozenset[str]()
    for path, image in subject.images.items():
        if path in several:
            continue
        match = _PYD.search(base_name(path))
        if match and match["python"].startswith("cp") and not stable:
            yield from _module_suffix(path, match["python"], pythons)
        for dll in image.imports:
            linked = _PYTHON_DLL.match(dll.name.casefold())
            if linked is None:
                continue
            if stable:
                yield _tag_finding(
                    path,
                    "error",
                    f"imports {dll.name}, which exists in one Python only; the tag says abi3",
                )
            elif not _accepts(pythons, linked["version"].removesuffix("t")):
                yield _tag_finding(
                    path,
                    "warning" if path in subject.optional else "error",
                    f"imports {dll.name}; the wheel is tagged {', '.join(sorted(pythons))}",
                )


def _for_each_python(subject: Subject) -> frozenset[str]:
    """Return modules that a stable-ABI wheel contains once for each Python, by their names.

    Of ``_x.cp310-win_amd64.pyd`` and ``_x.cp311-win_amd64.pyd`` each Python loads its own.
    """
    versions: dict[str, dict[str, str]] = {}
    for path, image in subject.images.items():
        match = _PYD.search(base_name(path))
        linked = {dll.name.casefold() for dll in image.imports}
        python = match["python"] if match else ""
        if f"python{python.removeprefix('cp')}.dll" in linked:
            versions.setdefault(path.replace(python, "*"), {})[path] = python
    return frozenset(path for each in versions.values() if len(each) > 1 for path in each)


def _module_suffix(path: str, python: str, pythons: set[str]) -> Iterator[Finding]:
    if not _accepts(pythons, python.removeprefix("cp").removesuffix("t")):
        yield _tag_finding(
            path,
            "warning",
            f"is named for {python}, the wheel is tagged {', '.join(sorted(pythons))}",
        )


def _accepts(pythons: set[str], version: str) -> bool:
    """Return whether the tags cover CPython ``version`` such as ``311``. ``py3`` covers all."""
    return any(tag in {f"cp{version}", "py3", f"py{version}"} for tag in pythons)


def _tag_finding(path: str | None, severity: Severity, message: str) -> Finding:
    return Finding(
        severity=severity,
        module=path,
        message=message,
        fix="build for the tagged platform and Python, or give the wheel the tag of its contents",
    )


#: Files that RECORD cannot or need not list: itself and its signatures.
_UNLISTED: Final = ("/RECORD", "/RECORD.jws", "/RECORD.p7s")


_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")

#: Hashes that RECORD may give: sha256 or better. The better ones are not compared here.
_GOOD: Final = frozenset({"sha256", "sha384", "sha512"})


def sha256_of_row(digest: str) -> str | None:
    """Return the sha256 in a row of RECORD as lower-case hex, None if it has none."""
    algorithm, _, value = digest.partition("=")
    if algorithm != "sha256":
        return None
    if _in_hex(digest):
        return value.lower()
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except (binascii.Error, ValueError):
        return value


def _in_hex(digest: str) -> bool:
    """Return whether a row's sha256 is hexadecimal: base64 of 32 bytes is never 64 digits."""
    algorithm, _, value = digest.partition("=")
    return algorithm == "sha256" and _HEX.fullmatch(value) is not None


@rule(
    severity="error; note for a correct hash in hexadecimal",
    title="RECORD and the contents of the wheel disagree",
    why=(
        "RECORD lists every file of a wheel with its hash and size. Installers that check it "
        "reject the wheel, package indexes reject the upload, and uninstalling leaves files "
        "that it does not list. It becomes stale if a wheel is changed manually after the "
        "build."
    ),
    source="PyPA, Binary distribution format; Recording installed projects",
    fix="Unpack with `wheel unpack` and repack with `wheel pack`.",
)
def record_mismatch(subject: Subject) -> Iterator[Finding]:
    wheel = subject.wheel
    if wheel is None or subject.kind == "installed":
        return
    file = wheel.record_file or RecordFile(rows=wheel.record)
    if not file.rows:
        yield _record_finding(None, file.problem or "the wheel's RECORD is empty", "no-record")
        return
    present = {member.path: member.size for member in subject.members}
    for path, row in file.rows.items():
        if path in present:
            yield from _differing(subject, path, row, present[path])
        elif not path.endswith(("/", *_UNLISTED)):
            yield _record_finding(path, "RECORD lists a file that is not in the wheel", "absent")
    hexadecimal = [path for path, (digest, _) in file.rows.items() if _in_hex(digest)]
    if hexadecimal:
        yield Finding(
            severity="note",
            module=hexadecimal[0],
            message=f"RECORD gives the sha256 of {len(hexadecimal)} files in hexadecimal",
            evidence={"kind": "hexadecimal", "count": len(hexadecimal)},
            fix="write it as URL-safe base64, as `wheel pack` does: strict installers want that",
        )
    if file.more_absent:
        yield _record_finding(
            None,
            f"RECORD lists {file.more_absent} more files that are not in the wheel; "
            f"{ABSENT_LIMIT} are named",
            "absent",
        )
    for path in file.repeated:
        yield _record_finding(path, "RECORD has two rows of this file, which differ", "repeated")
    for path in present:
        in_dist_info = path.partition("/")[0].endswith(".dist-info")
        if path not in file.rows and not (in_dist_info and path.endswith(_UNLISTED)):
            yield _record_finding(path, "RECORD does not list this file", "unlisted")


def _differing(subject: Subject, path: str, row: Row, held: int) -> Iterator[Finding]:
    """Compare one existing file with its row."""
    digest, size = row
    recorded, actual = sha256_of_row(digest), subject.digests.get(path)
    algorithm = digest.partition("=")[0]
    if size is not None and size != held:
        yield _record_finding(path, f"RECORD says {size} bytes, the wheel holds {held}", "size")
    elif recorded is not None and actual is not None and recorded != actual:
        yield _record_finding(path, "the content is not what RECORD's sha256 says", "hash")
    elif digest and algorithm not in _GOOD:
        yield _record_finding(
            path, f"RECORD's hash is {algorithm!a}: it must be sha256 or better", "hash"
        )


def _record_finding(path: str | None, message: str, kind: str) -> Finding:
    return Finding(
        severity="error",
        module=path,
        message=message,
        evidence={"kind": kind},
        fix="repack with `wheel pack`, which rewrites RECORD",
    )


@rule(
    severity="note",
    title="A native file is installed into site-packages through the prefix",
    why=(
        "A wheel's NAME.data/data/ goes to the prefix, and on Windows the packages are in "
        "Lib/site-packages below it. pip install --user puts packages into PythonXY/site-"
        "packages below another prefix: there the file ends up in a folder that Python does "
        "not search."
    ),
    source="PyPA, Binary distribution format; CPython, sysconfig schemes nt and nt_user",
    fix="Ship the file inside the package's own folder.",
)
def user_install(subject: Subject) -> Iterator[Finding]:
    paths = [path for path in subject.images if in_site_by_prefix(path)]
    if not paths:
        return
    yield Finding(
        severity="note",
        module=paths[0],
        message=(
            f"{installed_path(paths[0])[0]} is where this wheel means it to be in an environment "
            "or a whole Python, not after pip install --user"
        ),
        evidence={"paths": paths},
        fix="put it into the package itself, not into .data/data/Lib/site-packages",
    )
