"""``wheel-tag-mismatch``: a wheel's contents do not match the tags in its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.platforms import WINDOWS
from mlcbuild.rules.finding import Finding, Rule, Severity, Subject
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.pe.facts import Image

__all__ = ["RULE"]

_MACHINES: Final = {tag: each.images for tag, each in WINDOWS.items()}

_PYD: Final = re.compile(r"\.(?P<python>cp\d+t?|pp\d+[\w]*)-(?P<platform>\w+)\.pyd$")
_PYTHON_DLL: Final = re.compile(r"^python(?P<version>3\d+t?)\.dll$")


def _judge(subject: Subject) -> Iterator[Finding]:
    if subject.wheel is None:
        return
    declared = subject.wheel.declared_tags
    if declared and set(declared) != set(subject.wheel.tags):
        yield _finding(
            None,
            "warning",
            f"the name says {', '.join(sorted(subject.wheel.tags))}, "
            f"its WHEEL file {', '.join(sorted(declared))}",
        )
    tags = [tag.split("-") for tag in subject.wheel.tags]
    platforms = {tag[2] for tag in tags if len(tag) == 3}  # noqa: PLR2004 - python-abi-platform
    yield from _platform(subject, platforms)
    if platforms & _MACHINES.keys():
        yield from _python(subject, {tag[0] for tag in tags}, {tag[1] for tag in tags})


def _platform(subject: Subject, platforms: set[str]) -> Iterator[Finding]:
    if "any" in platforms:
        for path in subject.images:
            if path.casefold().endswith(".pyd"):
                yield _finding(path, "warning", "native extension in a wheel for any platform")
        return
    wanted = frozenset[str]().union(*(_MACHINES.get(platform, ()) for platform in platforms))
    if not wanted:
        return
    promised = ", ".join(sorted(platforms))
    fitting = any(image.machine in wanted for image in subject.images.values())
    for path, image in subject.images.items():
        if image.machine not in wanted and not image.managed:
            yield _finding(
                path,
                _severity(path, image, fitting=fitting),
                f"is for {image.machine}, the wheel is tagged {promised}",
            )
    if not subject.images and not subject.broken:
        yield _finding(None, "note", f"nothing native inside, yet the wheel is tagged {promised}")


def _severity(path: str, image: Image, *, fitting: bool) -> Severity:
    """Grade: Python must load an extension; helpers for another machine may be intended as data."""
    if path.casefold().endswith(".pyd") or not fitting:
        return "error"
    return "warning" if image.is_dll else "note"


def _python(subject: Subject, pythons: set[str], abis: set[str]) -> Iterator[Finding]:
    stable = "abi3" in abis
    several = _for_each_python(subject) if stable else frozenset[str]()
    for path, image in subject.images.items():
        if path in several:
            continue
        match = _PYD.search(base_name(path))
        if match and match["python"].startswith("cp") and not stable:
            yield from _suffix(path, match["python"], pythons)
        for dll in image.imports:
            linked = _PYTHON_DLL.match(dll.name.casefold())
            if linked is None:
                continue
            if stable:
                yield _finding(
                    path,
                    "error",
                    f"imports {dll.name}, which exists in one Python only; the tag says abi3",
                )
            elif not _accepts(pythons, linked["version"].removesuffix("t")):
                yield _finding(
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


def _suffix(path: str, python: str, pythons: set[str]) -> Iterator[Finding]:
    if not _accepts(pythons, python.removeprefix("cp").removesuffix("t")):
        yield _finding(
            path,
            "warning",
            f"is named for {python}, the wheel is tagged {', '.join(sorted(pythons))}",
        )


def _accepts(pythons: set[str], version: str) -> bool:
    """Return whether the tags cover CPython ``version`` such as ``311``. ``py3`` covers all."""
    return any(tag in {f"cp{version}", "py3", f"py{version}"} for tag in pythons)


def _finding(path: str | None, severity: Severity, message: str) -> Finding:
    return Finding(
        severity=severity,
        module=path,
        message=message,
        fix="build for the tagged platform and Python, or give the wheel the tag of its contents",
    )


RULE = Rule(
    severity="error for extensions; warning or note for helpers beside matching images",
    title="The wheel's tag and its native files disagree",
    why=(
        "pip chooses a wheel only by its tag. An extension for another machine fails with "
        "WinError 193 after the installation, one linked to another python3xx.dll fails with "
        "126, and an abi3 wheel may only link to python3.dll."
    ),
    source="PyPA, Platform compatibility tags; PEP 384",
    fix="Build for the tagged platform and Python, or correct the tag.",
    judge=_judge,
)
