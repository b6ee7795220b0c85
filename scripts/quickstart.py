"""Do all set-up and run the main job: the wheel from pinned source, checked, installed and run.

It looks first, and says what it will do. Where the Git sources cannot be reached it builds
examples/ffi-hello, a small project that goes through the same policy, gate, stamp and verify with
nothing but a package index and a C++ compiler, and checks PyPI's own TVM for Windows. Where there
is no Cargo, rustup installs Rust in mlcbuild's cache.

examples:
  python3 scripts/quickstart.py               the wheel, or the example where that cannot be
  python3 scripts/quickstart.py --full        the wheel, or fail
  python3 scripts/quickstart.py --no-rust     install no Rust: the example where there is none
  python3 scripts/quickstart.py --example     the example, in under two minutes
  python3 scripts/quickstart.py --windows     the example for Windows, on Linux: built by Windows'
                                              pip, checked, and called by Windows CPython (Wine)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from pathlib import Path

from setup_env import (
    ROOT,
    Parser,
    StepError,
    environment,
    have_lab_programs,
    main_of,
    on_path,
    output,
    pinned,
    programs,
    run,
    say,
)

DIST = ROOT / "dist"
UNREACHABLE = 3
#: Of examples/ffi-hello's [build-system], and the programs that scikit-build-core starts.
BUILD_NEEDS = (
    *("mlcbuild", "scikit-build-core>=1.1.2", f"apache-tvm-ffi=={pinned('tvm-ffi')}"),
    *("cmake>=3.26", "ninja>=1.11", "colorama"),
)
PACKAGES_OF = (
    "from mlcbuild.lab import up;"
    "print(up(environment='quickstart').environment / 'Lib' / 'site-packages')"
)
CALL = "import sys, ffi_hello as f; print(sys.platform, f.count_words('to be or not to be'))"


def whole_wheel(python: Path, env: dict[str, str], options: argparse.Namespace) -> bool:
    """Look at this machine, bring the sources, say what will be built; whether it is the wheel."""
    say("what is here")
    words = ("-m", "mlcbuild.builder.preflight", "--rust", rust_setting(options))
    found = json.loads(output(python, *words, **env))
    for name, text in found["here"].items():
        print(f"   {name:13} {text}")
    if found["compiler"]:
        raise StepError(found["compiler"], UNREACHABLE)
    reason = "" if not options.example else "the example was asked for"
    reason = reason or next(iter(found["problems"]), "")
    if not reason:
        reason = fetch_sources(python, env)
        here = "out of reach" if reason else "here, as pinned"
        print(f"   {'Git sources':13} {here}", flush=True)
    if reason and options.full:
        raise StepError(f"the wheel cannot be built here: {reason}", UNREACHABLE)
    say("what will be done")
    if not reason:
        print("   the wheel of mlc-llm, built from pinned source, installed, and chatted with")
        return True
    print("   examples/ffi-hello is built: a small project under the same policy and gate")
    print("   PyPI's own apache-tvm for Windows is checked, which is what mlcbuild is for")
    print(f"   left out: the wheel of mlc-llm ({reason})", flush=True)
    return False


def fetch_sources(python: Path, env: dict[str, str]) -> str:
    """Bring the pinned sources; why they cannot be had, "" where they are here."""
    done = programs.run(
        [python, "-m", "mlcbuild", "fetch"],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode == UNREACHABLE:
        return "the Git sources are out of reach; docs/sources.md tells of mirrors"
    if done.returncode:  # what was brought is not what is pinned: no reason to go on
        raise StepError(done.stderr.strip().removeprefix("mlcbuild fetch: "), done.returncode)
    return ""


def rust_setting(options: argparse.Namespace) -> str:
    """Return the build's setting ``rust`` (docs/superbuild.md)."""
    return "found" if options.no_rust else "install"


def newest(pattern: str) -> Path:
    """Return the wheel just built."""
    return max(DIST.glob(pattern), key=lambda path: path.stat().st_mtime)


def full(python: Path, env: dict[str, str], options: argparse.Namespace) -> None:
    """Build the mlc-llm wheel and run it."""
    chat = not options.no_chat
    say("building the wheel (about three minutes on two cores; the second time, seconds)")
    # pip before 23.1 has no -C.
    chosen = {"rust": rust_setting(options), "launcher": options.launcher}
    settings = [f"--config-settings={name}={value}" for name, value in chosen.items() if value]
    run(python, "-m", "pip", "wheel", ".", "--no-deps", "-w", DIST, *settings, **env)
    wheel = newest("mlc_llm-*.whl")
    judge(python, env, wheel)
    say(f"verifying {wheel.name}: clean environment, import{', chat' if chat else ''}")
    run(python, "-m", "mlcbuild", "verify", wheel, *(["--chat"] if chat else []), **env)


def example(python: Path, env: dict[str, str]) -> None:
    """Build examples/ffi-hello as another project would: mlcbuild is installed from a wheel."""
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
    something_real(python, env)


def something_real(python: Path, env: dict[str, str]) -> None:
    """Check a Windows wheel that people install, and write the page about it."""
    say("checking PyPI's own TVM for Windows: will it load?")
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pins = (re.search(rf"{name}==[\w.]+", declared) for name in ("apache-tvm", "apache-tvm-ffi"))
    tvm, ffi = (f"pypi:{pin[0]}" for pin in pins if pin)
    page = DIST / "apache-tvm-on-windows.html"
    told = ("--format", "html", "--output", page)
    run(python, "-m", "mlcbuild", "check", tvm, "--with", ffi, *told, **env)
    print(f"   the same as a page: {page}", flush=True)


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
    run(python, "-m", "mlcbuild", "verify", wheel, "--lab", "--run", CALL, **env)


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
    elif whole_wheel(python, env, options):
        full(python, env, options)
    else:
        example(python, env)
    say(f"done: the wheels are in {DIST.relative_to(ROOT)}")


def main() -> int:
    """Parse the options and work."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--full", action="store_true", help="the wheel from source, or fail")
    what.add_argument("--example", action="store_true", help="examples/ffi-hello, in two minutes")
    what.add_argument(
        "--windows", action="store_true", help="examples/ffi-hello for Windows, on Linux"
    )
    parser.add_argument("--no-rust", action="store_true", help="never install Rust")
    parser.add_argument(
        "--launcher", metavar="NAME", default="", help="compile through a cache: sccache"
    )
    parser.add_argument("--no-chat", action="store_true", help="verify only that it imports")
    options = parser.parse_args()
    return main_of(lambda: work(options))


if __name__ == "__main__":
    sys.exit(main())
