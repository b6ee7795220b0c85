"""Requests of the user and the project for the toolchain, from everywhere CMake reads them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlcbuild.errors import UsageError
from mlcbuild.toolchain.compilers import names_compiler, toolchain_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A value and its origin, for the reasons and for errors."""

    value: str = ""
    said: str = ""

    def __bool__(self) -> bool:
        """Return whether a value is set."""
        return bool(self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrides:
    """One field per setting; as in CMake, the last place that sets it wins."""

    generator: Override = Override()
    #: ``-A``.
    platform: Override = Override()
    #: ``-T``, ``--toolset``: ``v143``, ``v143,version=14.38``, ``ClangCL``.
    toolset: Override = Override()
    #: CMAKE_GENERATOR_INSTANCE: the folder of one Visual Studio.
    instance: Override = Override()
    c: Override = Override()
    cxx: Override = Override()
    toolchain_file: Override = Override()
    #: The file that vcpkg's toolchain file includes.
    chained_file: Override = Override()
    #: Whether the file sets the compiler; vcpkg's and Conan's leave it to the generator.
    file_decides: bool = False

    @property
    def compiler(self) -> Override:
        """The requested compiler: C++, else C."""
        return self.cxx or self.c


_OPTIONS = {
    "-G": "generator",
    "-A": "platform",
    "-T": "toolset",
    "--toolset": "toolset",
    "--toolchain": "toolchain_file",
}
_VARIABLES = {
    "CMAKE_GENERATOR": "generator",
    "CMAKE_GENERATOR_PLATFORM": "platform",
    "CMAKE_GENERATOR_TOOLSET": "toolset",
    "CMAKE_GENERATOR_INSTANCE": "instance",
    "CMAKE_C_COMPILER": "c",
    "CMAKE_CXX_COMPILER": "cxx",
    "CMAKE_TOOLCHAIN_FILE": "toolchain_file",
    "VCPKG_CHAINLOAD_TOOLCHAIN_FILE": "chained_file",
}
_ENVIRONMENT = {
    **{
        name: field
        for name, field in _VARIABLES.items()
        if name.startswith("CMAKE_") and not name.endswith("_COMPILER")
    },
    "CC": "c",
    "CXX": "cxx",
}


def read_overrides(
    *,
    env: Mapping[str, str],
    define: Mapping[str, Any] | None = None,
    args: Sequence[str] = (),
    text_of: Callable[[str], str | None] = toolchain_text,
) -> Overrides:
    """Read the environment, ``cmake.define``, ``cmake.args``, then CMAKE_ARGS (highest precedence).

    The order is scikit-build-core's: command line over cache entry over environment. ``text_of``
    reads the toolchain file.
    """
    found: dict[str, Override] = {}
    for name, field in _ENVIRONMENT.items():
        if env.get(name):
            found[field] = Override(value=env[name].strip(), said=f"{name}={env[name]}")
    for name, field in _VARIABLES.items():
        value = (define or {}).get(name)
        if isinstance(value, str) and value:
            found[field] = Override(value=value, said=f"cmake.define.{name}={value}")
    for origin, words in (
        ("cmake.args", args),
        ("CMAKE_ARGS", cmake_args(env)),
    ):
        for field, value, spelled in _options(words):
            found[field] = Override(value=value, said=f"{spelled} in {origin}")
    file = found.get("chained_file") or found.get("toolchain_file")
    decides = file is not None and names_compiler(file.value, text_of)
    return Overrides(**found, file_decides=decides)


def cmake_args(env: Mapping[str, str]) -> list[str]:
    """Split CMAKE_ARGS as scikit-build-core does.

    Raises ``UsageError`` for an unpaired quotation mark.
    """
    text = env.get("CMAKE_ARGS", "")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(
            f"CMAKE_ARGS={text} cannot be split into words ({error})",
            remedy="close its quotation marks, or unset it",
        ) from error


def _options(words: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    """Yield field, value and spelling of ``-GX``, ``-G X``, ``--toolset=X`` and ``-DNAME=X``."""
    pending = ""
    for word in words:
        if pending == "-D" or (not pending and word.startswith("-D") and word != "-D"):
            name, _, value = word.removeprefix("-D").partition("=")
            pending = ""
            field = _VARIABLES.get(name.partition(":")[0])
            if field:
                yield field, value.strip(), f"-D{name}={value}"
        elif pending:
            yield _OPTIONS[pending], word.strip(), f"{pending} {word}"
            pending = ""
        elif word in _OPTIONS or word == "-D":
            pending = word
        else:
            for option, field in _OPTIONS.items():
                rest = word.removeprefix(f"{option}=" if option.startswith("--") else option)
                if rest != word and (not word.startswith("--") or option.startswith("--")):
                    yield field, rest.strip(), word
