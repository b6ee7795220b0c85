"""Compare what `mlcbuild check` predicts with what a Windows Python really loads.

    python benchmarks/check_in_lab.py [--cache DIR] [--list FILE] [--json FILE] [NAME ...]

Takes the lines of ``wheels.txt`` that say ``lab=yes``. Each wheel is installed with what it
requires into a folder of its own; then the Windows CPython of the lab (`mlcbuild lab`) imports its
packages and loads each of its images by full path, with the flags that CPython uses. Prints wheel
by wheel what was predicted, what happened and how many images agree; exits 1 where one does not.
Needs uv.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from mlcbuild import lab, programs
from mlcbuild.check import check
from mlcbuild.check.settings import Settings
from mlcbuild.commandline import Parser
from mlcbuild.errors import MlcbuildError
from mlcbuild.package.names import installed_path
from mlcbuild.report.groups import verdict_line
from mlcbuild.verify.subject import read_subject
from wheel_list import cache_folder, entries, wheel_of

HERE = Path(__file__).resolve().parent
#: Runs in the lab. 0x1100: LOAD_LIBRARY_SEARCH_DEFAULT_DIRS and _DLL_LOAD_DIR.
PROBE: Final = """
import ctypes, importlib, json, os, site, sys
root, imports, images = json.loads(sys.argv[1])
site.addsitedir(root)
sys.path.insert(0, root)
def say(kind, name, answer):
    print("@", json.dumps([kind, name, answer]), flush=True)
for name in imports:
    try:
        importlib.import_module(name)
        say("import", name, "")
    except BaseException as error:
        say("import", name, f"{type(error).__name__}: {error}"[:100])
load = ctypes.WinDLL("kernel32", use_last_error=True).LoadLibraryExW
load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_wchar_p, ctypes.c_void_p, ctypes.c_uint)
for name in images:
    handle = load(os.path.join(root, *name.split("/")), None, 0x1100)
    say("image", name, "" if handle else str(ctypes.get_last_error()))
"""


def installed(wheel: Path, python: str, folder: Path) -> str:
    """Install a wheel with what it requires; return why that was not possible."""
    words = ["uv", "pip", "install", "--quiet", "--target", str(folder), "--only-binary", ":all:"]
    words += ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", python]
    done = programs.run([*words, str(wheel)], capture_output=True, text=True, check=False)
    return (done.stderr.strip().splitlines() or ["uv failed"])[-1] if done.returncode else ""


def answers(wheel: Path, python: str, images: list[str], folder: Path) -> dict[str, Any]:
    """Ask the lab: name -> "" where it loads, else the error; ``trouble`` where it did not end."""
    found: dict[str, Any] = {"import": {}, "image": {}, "trouble": installed(wheel, python, folder)}
    if found["trouble"]:
        return found
    try:
        machine = lab.up(python)
        question = json.dumps([machine.path(folder), read_subject(wheel).imports, images])
        ran = machine.python("-c", PROBE, question, timeout=300)
    except MlcbuildError as error:
        return {**found, "trouble": str(error).splitlines()[0]}
    for line in ran.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("@ "):
            kind, name, said = json.loads(line[2:])
            found[kind][name] = said
    if len(found["image"]) < len(images):
        found["trouble"] = f"ended after {len(found['image'])} of {len(images)} images"
    return found


def compared(wheel: Path, python: str) -> dict[str, Any]:
    """Predict and try one wheel; return the row of the table."""
    target = check([str(wheel)], Settings(with_deps=True)).targets[0]
    verdicts = {
        installed_path(module.path)[0]: module.load
        for module in target.modules
        if not module.path.casefold().endswith(".exe")
    }
    with tempfile.TemporaryDirectory(prefix="mlcbuild-lab-") as folder:
        said = answers(wheel, python, list(verdicts), Path(folder))
    differ = [
        f"{name}: {verdicts[name].verdict}, {error or 'it loads'}"
        for name, error in said["image"].items()
        if verdicts[name].verdict != "may-fail"
        and (verdicts[name].verdict == "loads") != (not error)
    ]
    return {
        "wheel": wheel.name,
        "predicted": verdict_line(target)[0],
        "imports": said["import"],
        "images": len(said["image"]),
        "differ": differ,
        "trouble": said["trouble"],
    }


def main() -> int:
    """Compare the sample and print the table."""
    parser = Parser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--cache", type=Path, default=cache_folder())
    parser.add_argument("--list", type=Path, default=HERE / "wheels.txt")
    parser.add_argument("--json", type=Path, help="write the rows there")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    rows = []
    for entry in entries(options.list, options.names):
        wheel = wheel_of(entry.project, entry, options.cache) if entry.lab else None
        if wheel is None:
            continue
        row = compared(wheel, entry.python)
        rows.append(row)
        failed = [f"{name}: {error}" for name, error in row["imports"].items() if error]
        happened = "; ".join(failed) or row["trouble"] or "imports"
        agree = f"{row['images'] - len(row['differ'])}/{row['images']}"
        print(f"{row['wheel'][:48]:48} {row['predicted']:19} {agree:>9}  {happened}", flush=True)
        for line in row["differ"]:
            print(f"    {line}", flush=True)
    images = sum(row["images"] for row in rows)
    differ = sum(len(row["differ"]) for row in rows)
    works = sum(not any(row["imports"].values()) and not row["trouble"] for row in rows)
    print(f"{len(rows)} wheels, {works} import; {images} images loaded or not, {differ} differ")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
