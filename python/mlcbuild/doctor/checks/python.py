"""Python itself: its version, its kind, and which one answers to its name."""

from __future__ import annotations

import re
from functools import partial

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, warn
from mlcbuild.doctor.installers import PROGRAMS, install_python
from mlcbuild.pythonversions import NEWEST, OLDEST
from mlcbuild.versions import dotted


@check(
    title="Python's version is supported",
    why=f"Native packages come as wheels for CPython {dotted(OLDEST)} to {dotted(NEWEST)}. For "
    "others pip compiles each of them, which rarely works on Windows.",
    source="pyproject.toml, requires-python",
)
def python_version(system: System) -> Outcome:
    python = system.python
    text = dotted(python.version)
    evidence = (f"{python.executable} {text}",)
    fix = partial(install_python, system)
    if python.implementation != "cpython":
        return fail(
            f"{python.implementation} is not CPython: the native packages have no wheels for it",
            evidence=evidence,
            fix=fix(),
        )
    if python.version[:2] < OLDEST:
        return fail(
            f"Python {text} is older than {dotted(OLDEST)}, the oldest that MLC-LLM runs on",
            evidence=evidence,
            fix=fix(),
        )
    if python.version[:2] > NEWEST:
        return warn(
            f"Python {text} is newer than {dotted(NEWEST)}: dependencies may have no wheels yet",
            evidence=evidence,
            fix=fix(),
        )
    return ok(f"Python {text}", evidence=evidence)


@check(
    title="Python is 64-bit",
    why="TVM, tvm-ffi and MLC-LLM only have wheels for 64-bit Python. The default download of "
    "python.org was 32-bit for years. On ARM64 use the x64 Python: apache-tvm 0.26.0 "
    "has a wheel for win_amd64 but not for win_arm64.",
    source="the wheels of apache-tvm 0.26.0; mlc-ai/mlc-llm PR#1133; abetlen/llama-cpp-python#53",
)
def python_bits(system: System) -> Outcome:
    python = system.python
    evidence = (f"{python.executable}: {python.platform}, the machine is {system.machine}",)
    if python.bits != 64:  # noqa: PLR2004
        return fail(
            "Python is 32-bit: the native packages have no 32-bit wheels, and loading a 64-bit DLL "
            "fails with WinError 193",
            evidence=evidence,
            fix=install_python(system),
        )
    return ok(f"64-bit Python for {python.platform}", evidence=evidence)


@check(
    title="Python is complete",
    why="Portable applications (ComfyUI and others) ship the embeddable package. Builds stop in it "
    'with "Python.h: No such file", "cannot open python312.lib" or a back end that cannot be '
    "imported: a ._pth file makes Python ignore PYTHONPATH and the environment.",
    source="Python documentation, The embeddable package; Gourieff/ComfyUI-ReActor#198",
    platforms=("win32",),
)
def python_embedded(system: System) -> Outcome:
    python = system.python
    names = system.names(python.base_prefix) or ()
    marker = next((n for n in names if re.fullmatch(r"python\d+\._pth", n, re.IGNORECASE)), None)
    if marker is None:
        return ok("Python is complete")
    return fail(
        "this is Python's embeddable package: it has no headers, no import library and no venv, "
        "and its ._pth file hides pip's build environment",
        evidence=(system.join(python.base_prefix, marker),),
        fix=install_python(system, f"{python.version[0]}.{python.version[1]}"),
    )


@check(
    title="Python is not MSYS2's",
    why="MSYS2 builds Python with MinGW (platform mingw_x86_64) or Cygwin's library. Wheels for "
    "win_amd64 cannot be installed into either, and a wheel built there lacks TVM's compiler.",
    source="MSYS2, Python; PyPA, platform compatibility tags",
    platforms=("win32", "cygwin", "msys"),
)
def python_msys2(system: System) -> Outcome:
    python = system.python
    if system.windows and not python.platform.startswith("mingw"):
        return ok("Python is built with MSVC")
    if not system.windows:
        return fail(
            f"this Python is Cygwin's ({python.platform}): it cannot install wheels for Windows, "
            "and what it builds needs cygwin1.dll",
            evidence=(python.executable,),
            fix=f"winget install --exact --id {PROGRAMS['python'].winget}",
        )
    return warn(
        f"this Python is MSYS2's ({python.platform}): pip finds no wheels of TVM, "
        "PyTorch or NumPy for it and tries to compile them",
        evidence=(python.executable, python.build.splitlines()[0] if python.build else ""),
        fix=install_python(system),
    )


@check(
    title="Python is not free-threaded",
    why="A free-threaded Python (3.13t) takes only wheels made for it; tvm-ffi's are abi3.",
    source="PEP 703; PyPA, platform compatibility tags",
)
def python_free_threaded(system: System) -> Outcome:
    python = system.python
    if not python.free_threaded:
        return ok("Python with the GIL")
    return warn(
        f"Python {dotted(python.version)} is free-threaded: it cannot install "
        "packages of the stable ABI (abi3)",
        evidence=(f"{python.executable}: {python.build.splitlines()[0] if python.build else ''}",),
        fix=install_python(system, f"{python.version[0]}.{python.version[1]}"),
    )


@check(
    title="Python is not a Store app",
    why="The Store's Python is a packaged app: caches below AppData go to a private copy that "
    "CMake and Cargo do not see, they may not read its folder, and its paths are long.",
    source="Python documentation, Using Python on Windows, Known issues",
    platforms=("win32",),
)
def python_store(system: System) -> Outcome:
    python = system.python
    if "\\windowsapps\\" not in f"{python.base_prefix}\\{python.executable}".lower():
        return ok("Python is not a Store app")
    return warn(
        "this Python is the Microsoft Store's: Windows redirects its files below AppData, "
        "and other programs do not find them there",
        evidence=(python.executable, f"installed in {python.base_prefix}"),
        fix=install_python(system, f"{python.version[0]}.{python.version[1]}"),
    )


@check(
    title="python on PATH is a Python",
    why="Windows has a python.exe of size 0 that opens the Store. Where it comes first, CMake and "
    "scripts that call python get exit code 9009 and no message. The install manager's "
    "alias has the same form and works.",
    source="Python documentation, Using Python on Windows, Python install manager; PEP 773",
    waits=True,
    platforms=("win32",),
)
def python_alias(system: System) -> Outcome:
    first = system.find("python")
    if first is None or "\\windowsapps" not in first.lower():
        return ok(f"python is {first or 'not on PATH'}")
    entry = system.entry(first)
    if (entry is not None and entry.size) or "\\windowsapps" in system.python.base_prefix.lower():
        return ok(f"python is {first}")
    # The install manager's aliases have size 0 too, but start a Python.
    manager = system.join(system.path.dirname(first), "pymanager.exe")
    if system.is_file(manager):
        return ok("python is the alias of the Python install manager", evidence=(first, manager))
    if system.run(first, "--version").good:
        return ok(f"python is {first}", evidence=("the alias starts a Python",))
    return warn(
        "python on PATH is the alias that opens the Microsoft Store: turn it off under App "
        "execution aliases",
        evidence=(f"{first}: 0 bytes", f"this Python is {system.python.executable}"),
        fix="start ms-settings:advanced-apps",
    )
