"""Visual Studio's project files without Visual Studio: Windows' CMake writes them in the lab.

CMake takes a folder that is told to be a portable installation, and a compiler's answers from a
cache file; it skips what it would ask MSBuild where the toolset is the one of CMake's own tests.
Nothing is compiled: what MSBuild would be given is there to be read (projectfiles.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlcbuild.lab import Completed, Lab

__all__ = ["NINJA", "Target", "generate"]

NINJA: Final = "Ninja Multi-Config"
#: By major version: installation, tools, compiler.
_VERSIONS: Final = {
    17: ("17.14.36301.6", "14.44.35207", "19.44.35211.0"),
    18: ("18.0.11205.157", "14.50.35503", "19.50.35503.0"),
}
_FEATURES: Final = "set(CMAKE_CXX_COMPILE_FEATURES cxx_std_11 cxx_std_14 cxx_std_17 cxx_std_20)\n"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A generator and the processor that it generates for, by the name of CMake's ``-A``."""

    generator: str
    architecture: str = "x64"

    @property
    def major(self) -> int:
        """The Visual Studio: the generator's, and the newest for Ninja."""
        return 18 if self.generator == NINJA else int(self.generator.split()[2])

    @property
    def name(self) -> str:
        """A short name for tests and folders."""
        kind = "ninja" if self.generator == NINJA else f"vs{self.major}"
        return f"{kind}-{self.architecture.lower()}"


def generate(
    lab: Lab, source: Path, build: Path, target: Target, options: Mapping[str, str]
) -> Completed:
    """Run CMake of the lab's environment, with the release policy and ``options`` (``-D``)."""
    studio = build.parent / f"studio-{target.name}"
    answers = {**_answers(lab, studio, target), **options}
    cache = studio / "answers.cmake"
    cache.write_text(
        "".join(
            f"set({name} [==[{value}]==] CACHE STRING [[]])\n" for name, value in answers.items()
        ),
        encoding="utf-8",
    )
    chosen = ["-G", target.generator]
    if target.generator != NINJA:
        chosen += ["-A", target.architecture, "-T", "Test Toolset"]
    words = ["-S", _slashes(lab, source), "-B", _slashes(lab, build), "-C", _slashes(lab, cache)]
    command = ["python", "-m", "cmake", *words, *chosen]
    done = lab.run(command, timeout=900)
    # Wine 8 ends one program in some thousands at its start, and CMake starts hundreds.
    return lab.run(command, timeout=900) if done.code else done


def _answers(lab: Lab, studio: Path, target: Target) -> dict[str, str]:
    """Lay out the installation; return the cache entries that name it and answer for its tools."""
    installed, tools, compiler = _VERSIONS[target.major]
    auxiliary = studio / "VC" / "Auxiliary" / "Build"
    auxiliary.mkdir(parents=True)
    (auxiliary / "Microsoft.VCToolsVersion.default.txt").write_text(f"{tools}\n")
    programs = studio / "VC" / "Tools" / "MSVC" / tools / "bin" / "HostX64" / target.architecture
    programs.mkdir(parents=True)
    program = {}
    for name in ("cl", "link", "lib", "mt", "rc"):
        (programs / f"{name}.exe").touch()
        program[name] = _slashes(lab, programs / f"{name}.exe")
    after = studio / "features.cmake"
    after.write_text(_FEATURES)
    entries = {
        "CMAKE_PROJECT_INCLUDE": _slashes(lab, after),
        "CMAKE_LINKER": program["link"],
        "CMAKE_AR": program["lib"],
        "CMAKE_MT": program["mt"],
        "CMAKE_RC_COMPILER": program["rc"],
        "CMAKE_RC_COMPILER_WORKS": "1",
        "CMAKE_SIZEOF_VOID_P": "8",
        "CMAKE_HAVE_LIBC_PTHREAD": "0",
        "CMAKE_HAVE_PTHREADS_CREATE": "0",
        "CMAKE_HAVE_PTHREAD_CREATE": "0",
    }
    if target.generator != NINJA:
        entries["CMAKE_GENERATOR_INSTANCE"] = f"{_slashes(lab, studio)},version={installed}"
    for language, standard in (("C", "90"), ("CXX", "14")):
        answer = f"CMAKE_{language}_COMPILER"
        entries |= {
            answer: program["cl"],
            f"{answer}_ID_RUN": "1",
            f"{answer}_ID": "MSVC",
            f"{answer}_FORCED": "1",
            f"{answer}_WORKS": "1",
            f"{answer}_VERSION": compiler,
            f"{answer}_ARCHITECTURE_ID": target.architecture,
            f"MSVC_{language}_ARCHITECTURE_ID": target.architecture,
            f"CMAKE_{language}_ABI_COMPILED": "1",
            f"CMAKE_{language}_PLATFORM_ID": "Windows",
            f"CMAKE_{language}_STANDARD_COMPUTED_DEFAULT": standard,
        }
    return entries


def _slashes(lab: Lab, path: Path) -> str:
    """Return a path as CMake writes it on Windows."""
    return lab.path(path).replace("\\", "/")
