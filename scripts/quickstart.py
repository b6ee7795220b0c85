"""Do all set-up and run the main job: the wheel from pinned source, checked, installed and run.

Where the Git sources or Cargo are not at hand it says so in one line and builds
examples/ffi-hello instead, a small project that goes through the same policy, gate, stamp and
verify with nothing but a package index and a C++ compiler.

examples:
  python scripts/quickstart.py               the wheel, or the example where that cannot be
  python scripts/quickstart.py --full        the wheel, or fail
  python scripts/quickstart.py --example     the example, in under two minutes
  python scripts/quickstart.py --windows     the example for Windows, on Linux: built by Windows'
                                             pip, checked, and called by Windows CPython (Wine)
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from setup_env import (
    ROOT,
    StepError,
    environment,
    have_lab_programs,
    main_of,
    on_path,
    output,
    run,
    say,
)

DIST = ROOT / "dist"
UNREACHABLE = 3
#: Of examples/ffi-hello's [build-system], and the programs that scikit-build-core starts.
BUILD_NEEDS = (
    *("mlcbuild", "scikit-build-core>=1.1.2", "apache-tvm-ffi==0.1.13.post2"),
    *("cmake>=3.26", "ninja>=1.11", "colorama"),
)
PACKAGES_OF = (
    "from mlcbuild.lab import up;"
    "print(up(environment='quickstart').environment / 'Lib' / 'site-packages')"
)
CALL = "import sys, ffi_hello as f; print(sys.platform, f.count_words('to be or not to be'))"


def sources_are_here(python: Path, env: dict[str, str], *, must: bool) -> bool:
    """Look at the tools, bring the pinned sources; say in one line where that cannot be."""
    say("looking at this machine")
    if run(python, "-m", "mlcbuild.build.preflight", ok=(0, 1), **env) != 0:
        reason = "a tool is missing (above)"
    else:
        say("bringing the pinned sources")
        code = run(python, "-m", "mlcbuild", "fetch", ok=(0, UNREACHABLE), **env)
        if code == 0:
            return True
        reason = "the Git sources cannot be reached"
    if must:
        raise StepError(f"{reason}: the full wheel cannot be built here", UNREACHABLE)
    print(f"   {reason}: building examples/ffi-hello instead of the full wheel")
    return False


def newest(pattern: str) -> Path:
    """Return the wheel just built."""
    return max(DIST.glob(pattern), key=lambda path: path.stat().st_mtime)


def full(python: Path, env: dict[str, str], *, chat: bool) -> None:
    """Build the mlc-llm wheel and run it."""
    say("building the wheel (about three minutes on two cores; the second time, seconds)")
    run(python, "-m", "pip", "wheel", ".", "--no-deps", "-w", DIST, **env)
    wheel = newest("mlc_llm-*.whl")
    judge(python, env, wheel)
    say(f"verifying {wheel.name}: clean environment, import{', chat' if chat else ''}")
    run(python, "-m", "mlcbuild", "verify", wheel, *(["--chat"] if chat else []), **env)


def example(python: Path, env: dict[str, str]) -> None:
    """Build examples/ffi-hello like a stranger's project: mlcbuild comes as a wheel."""
    say("building examples/ffi-hello through the same policy, gate and stamp")
    run(python, "-m", "pip", "wheel", "./python", "--no-deps", "-q", "-w", DIST, **env)
    links = {
        **env,
        "PIP_FIND_LINKS": f"{os.environ.get('PIP_FIND_LINKS', '')} {DIST.as_uri()}".strip(),
    }
    run(python, "-m", "pip", "wheel", "./examples/ffi-hello", "--no-deps", "-w", DIST, **links)
    wheel = newest("ffi_hello-*.whl")
    judge(python, env, wheel)
    say(f"verifying {wheel.name}")
    run(python, "-m", "mlcbuild", "verify", wheel, **env)


def windows(python: Path, env: dict[str, str]) -> None:
    """Build the example for Windows on Linux, and have Windows CPython call it."""
    have_lab_programs()
    say("starting the lab: Windows CPython under Wine")
    run(python, "-m", "mlcbuild", "lab", "up", "--env", "quickstart", **env)
    say("bringing what the build needs, as Windows wheels")
    run(python, "-m", "pip", "wheel", "./python", "--no-deps", "-q", "-w", DIST, **env)
    packages = output(python, "-c", PACKAGES_OF)
    target = ("--target", packages, "--upgrade", "--platform", "win_amd64", "--python-version")
    only = ("3.11", "--only-binary=:all:", "--no-warn-conflicts", "-q", "--find-links", DIST)
    run(python, "-m", "pip", "install", *target, *only, *BUILD_NEEDS, **env)
    for program in Path(packages, "bin").glob("*.exe"):  # where pip on Windows puts them
        shutil.copy(program, Path(packages).parents[1] / "Scripts")
    say("building examples/ffi-hello by Windows' pip, CMake and Ninja, with MinGW-w64")
    lab_pip = ("-m", "mlcbuild", "lab", "pip", "--env", "quickstart", "--compiler")
    build = ("wheel", "./examples/ffi-hello", "--no-deps", "--no-build-isolation", "-q")
    run(python, *lab_pip, *build, "-w", in_lab(DIST), **env)
    wheel = newest("ffi_hello-*win_amd64.whl")
    judge(python, env, wheel, "--with-deps")
    say(f"verifying {wheel.name}: installed and called by Windows CPython")
    run(python, "-m", "mlcbuild", "verify", wheel, "--wine", "--run", CALL, **env)


def in_lab(path: Path) -> str:
    """Return a path as programs in the lab see it."""
    return "Z:" + os.fspath(path).replace("/", "\\")


def judge(python: Path, env: dict[str, str], wheel: Path, *options: str) -> None:
    """Run `mlcbuild check` on a Windows wheel; the gate has judged the others while building."""
    if "win" in wheel.stem.rsplit("-", 1)[-1]:
        say(f"checking {wheel.name}")
        run(python, "-m", "mlcbuild", "check", wheel, *options, **env)


def work(options: argparse.Namespace) -> None:
    """Set up and build."""
    python = environment("quickstart", "./python[all]", "cmake>=3.26", "ninja>=1.11")
    env = {"PATH": on_path(python), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    DIST.mkdir(exist_ok=True)
    if options.windows:
        windows(python, env)
    elif options.example or not sources_are_here(python, env, must=options.full):
        example(python, env)
    else:
        full(python, env, chat=not options.no_chat)
    say(f"done: the wheels are in {DIST.relative_to(ROOT)}")


def main() -> int:
    """Parse the options and work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--full", action="store_true", help="the wheel from source, or fail")
    what.add_argument("--example", action="store_true", help="examples/ffi-hello, in two minutes")
    what.add_argument(
        "--windows", action="store_true", help="examples/ffi-hello for Windows, on Linux"
    )
    parser.add_argument("--no-chat", action="store_true", help="verify only that it imports")
    options = parser.parse_args()
    return main_of(lambda: work(options))


if __name__ == "__main__":
    sys.exit(main())
