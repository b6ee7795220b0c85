"""Try faulty installs under Windows CPython: what is judged, what the import says, what mends it.

    python faultprobe.py JOBS ANSWERS

Each job names its ``site``; the answer has ``judged`` (the files alone, as libinfo --no-load),
``imported`` (the error of the import), ``mended`` (whether its fix was carried out), and the same
two once more after it. The fix is carried out here as its command would: pip's by the sound files.
A job whose import has loaded something is the last of its process.
"""

# A program for a bare Python under Wine, where pathlib costs.
# ruff: noqa: BLE001, PLC0415, PTH103, PTH104, PTH107, PTH110, PTH118, PTH120, PTH121, PTH123, PTH208, S102

from __future__ import annotations

import ctypes
import importlib
import json
import os
import re
import shutil
import sys

FIELDS = ("cause", "culprit", "fix", "reason")
OURS = ("mlc_llm", "tvm", "tvm_ffi")
#: What pip brings with each distribution.
FILES = {
    "apache-tvm": ("tvm", "apache_tvm.libs", "apache_tvm-"),
    "apache-tvm-ffi": ("tvm_ffi", "apache_tvm_ffi.libs", "apache_tvm_ffi-"),
    "mlc-llm": ("mlc_llm", "mlc_llm-"),
}
start = list(sys.path)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        for job in jobs:
            out.write(json.dumps(run(job)) + "\n")
            out.flush()
            if loaded_something():
                break  # what is loaded wins over the files of every later site
    os._exit(0)


def loaded_something() -> bool:
    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.GetModuleHandleW.restype = ctypes.c_void_p
    return any(map(kernel32.GetModuleHandleW, ("tvm_ffi.dll", "msvcp140.dll")))


def run(job: dict) -> dict:
    os.environ.update(job.get("env", {}))
    sys.path[:] = [*job.get("first", []), job["site"], *job.get("more", []), *start[1:]]
    os.chdir(job.get("cwd", job["site"]))
    exec(job.get("before", ""), {})
    forget()
    found = {"judged": judged()}
    found["imported"] = None if job["only_judged"] else imported()
    error = found["imported"] or found["judged"]
    if not error:
        return found
    found["mended"] = mend(error["fix"], job)
    if found["mended"]:
        if not job.get("loads"):
            forget()
        importlib.invalidate_caches()
        found["judged_again"] = judged()
        found["again"] = imported() if job["loads"] and not job["only_judged"] else None
    for name in job.get("env", {}):
        os.environ.pop(name, None)
    return found


def forget() -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] in OURS:
            del sys.modules[name]
    importlib.invalidate_caches()


def judged() -> dict | None:
    sys.argv[:1], kept = ["-m"], sys.argv[:1]
    orig, sys.orig_argv = sys.orig_argv, ["python", "-m", "mlc_llm.libinfo", *sys.argv[1:]]
    try:
        from mlc_llm._locator import report, this_host

        facts = report.answer(this_host(), os.environ)
    except Exception as error:
        return told(error)
    finally:
        sys.argv[:1], sys.orig_argv = kept, orig
        sys.modules.pop("mlc_llm", None)
        sys.modules.pop("mlc_llm.libinfo", None)
    return facts["error"] and {name: facts["error"][name] for name in FIELDS}


def imported() -> dict | None:
    try:
        importlib.import_module("mlc_llm")
    except Exception as error:
        return told(error)
    return None


def told(error: Exception) -> dict:
    facts = {name: str(getattr(error, name, "") or "") for name in FIELDS}
    return {**facts, "kind": type(error).__name__, "text": str(error)}


def mend(fix: str, job: dict) -> bool:
    """Do what the fix says; False where it is nothing that can be done here."""
    if fix.startswith(("pip install", "uv pip install")):
        return install(fix, job)
    if match := re.match(r"unset (\w+)", fix):
        value = os.environ.pop(match[1], None)
        if match[1] == "PYTHONPATH" and value:
            sys.path[:] = [entry for entry in sys.path if entry not in value.split(os.pathsep)]
        return value is not None
    if match := re.match(r'del "([^"]+)"', fix):
        os.remove(match[1])
        return True
    if match := re.match(r'ren "([^"]+)" "([^"]+)"', fix):
        os.rename(match[1], os.path.join(os.path.dirname(match[1]), match[2]))
        if match[1].endswith(".pth"):
            sys.path[:] = [entry for entry in sys.path if entry not in job.get("pth", [])]
        return True
    if match := re.match(r'xcopy /y "([^"]+)" "([^"]+)"', fix):
        shutil.copy(match[1], match[2])
        return True
    return False


def install(fix: str, job: dict) -> bool:
    """Put a distribution's files back; what is still a link to the sound one is left alone."""
    name = fix.replace('"', " ").split()[-1].rpartition("/")[2]
    name = re.split(r"[=<>-](?=[\d=])", name)[0].replace("_", "-").rstrip("=")
    if name not in FILES:
        return False
    sound, site = job["sound"], job["site"]
    for entry in os.listdir(site):
        if belongs(entry, FILES[name]) and not os.path.exists(os.path.join(sound, entry)):
            shutil.rmtree(os.path.join(site, entry))
    for entry in os.listdir(sound):
        if belongs(entry, FILES[name]):
            for folder, _, files in os.walk(os.path.join(sound, entry)):
                target = os.path.join(site, os.path.relpath(folder, sound))
                os.makedirs(target, exist_ok=True)
                for file in files:
                    restore(os.path.join(folder, file), os.path.join(target, file))
    return True


def belongs(entry: str, names: tuple) -> bool:
    return entry in names or (entry.startswith(names[-1]) and entry.endswith(".dist-info"))


def restore(source: str, target: str) -> None:
    """Replace a file as pip does: one that is loaded is renamed."""
    if os.path.exists(target):
        if os.path.samefile(source, target):
            return
        try:
            os.remove(target)
        except PermissionError:
            os.rename(target, target + ".old")
    shutil.copyfile(source, target)


if __name__ == "__main__":
    main()
