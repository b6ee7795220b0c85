"""The settings of a check: command line over ``[tool.mlcbuild.check]`` over the defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.commandline import meant
from mlcbuild.errors import InputError, UsageError
from mlcbuild.report import FORMATS
from mlcbuild.rules import RULE_IDS
from mlcbuild.tables import field_values

if TYPE_CHECKING:
    from mlcbuild.loader import Options

#: Keys of the table that are spelled differently from the field.
_KEYS: Final = {"with": "companions", "add-dir": "add_dirs"}
_PYTHON: Final = re.compile(r"3\.\d{1,2}")
_VERSION: Final = re.compile(r"\d+\.\d+(\.\d+){0,2}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How to check. Lists given on the command line are added to those of the table."""

    companions: tuple[str, ...] = ()
    with_deps: bool = False
    add_dirs: tuple[str, ...] = ()
    #: Version of the Python that loads it, ``3.12``; None for the one that tags and names say.
    python: str | None = None
    python_dir: str | None = None
    system_dir: str | None = None
    conda: bool = False
    #: Version of the machine's msvcp140.dll, ``none`` where it has none, None where unknown.
    msvcp140: str | None = None
    ignore: tuple[str, ...] = ()
    strict: bool = False
    format: str = "text"
    #: Pieces of ``msvcp140``; None unless it is a version.
    msvcp140_version: tuple[int, ...] | None = field(init=False, default=None)

    @property
    def python_version(self) -> tuple[int, int] | None:
        """``python`` as numbers."""
        if self.python is None:
            return None
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def world(self) -> Options:
        """What the loader model knows about the process."""
        from mlcbuild.loader import Options  # noqa: PLC0415 - --help and --list-rules need no model

        return Options(
            conda=self.conda,
            python=self.python,
            python_dir=self.python_dir,
            system_dir=self.system_dir,
            add_dirs=self.add_dirs,
            msvcp140=self.msvcp140,
        )

    def __post_init__(self) -> None:
        """Reject invalid values. Raises ``UsageError``."""
        for rule in self.ignore:
            name = rule.partition(":")[0]
            if name not in RULE_IDS:
                hint = meant(name, RULE_IDS)
                raise UsageError(
                    f"no such rule: {rule}{hint}", remedy="see mlcbuild check --list-rules"
                )
        if self.format not in FORMATS:
            raise UsageError(f"no such format: {self.format}", remedy=f"use {', '.join(FORMATS)}")
        if self.python is not None and not _PYTHON.fullmatch(self.python):
            raise UsageError(f"--python {self.python} is not a version", remedy="write it as 3.12")
        if self.msvcp140 is None or self.msvcp140 == "none":
            return
        if not _VERSION.fullmatch(self.msvcp140):
            raise UsageError(
                f"--msvcp140 {self.msvcp140} is not a version", remedy="write it as 14.29 or none"
            )
        version = tuple(int(part) for part in self.msvcp140.split("."))
        object.__setattr__(self, "msvcp140_version", version)


def settings_from(options: Mapping[str, Any], pyproject: Path) -> Settings:
    """Merge the command line's options (None if not given) over the table of ``pyproject``.

    Raises ``UsageError`` for a wrong key, type or value, ``InputError`` for a file that
    cannot be read.
    """
    merged = _table(pyproject)
    for spec in fields(Settings):
        given = options.get(spec.name) if spec.init else None
        if given is None:
            continue
        if isinstance(given, list):
            merged[spec.name] = (*merged.get(spec.name, ()), *given)
        else:
            merged[spec.name] = given
    return Settings(**merged)


def _table(pyproject: Path) -> dict[str, Any]:
    """Return the table's values by field name."""
    try:
        data = pyproject.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"cannot read {pyproject}: {error.strerror}") from error
    if b"mlcbuild" not in data:
        return {}  # spare the parser's import: most projects have no table
    import tomllib  # noqa: PLC0415

    try:
        table = tomllib.loads(data.decode("utf-8")).get("tool", {}).get("mlcbuild", {})
        own = table.get("check", {})
    except (ValueError, AttributeError) as error:
        raise UsageError(f"{pyproject} is not valid: {error}", remedy="correct the file") from error
    names = [
        spec.name for spec in fields(Settings) if spec.init and spec.name not in _KEYS.values()
    ]
    keys = {**_KEYS, **{name: name for name in names}}
    keys |= {name.replace("_", "-"): name for name in names}
    return field_values(Settings, own, "tool.mlcbuild.check", keys)
