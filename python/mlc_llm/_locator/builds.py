"""Libraries outside a wheel: editable installs and build trees.

Several can be there, of every generator and configuration, and any of them can be left over from
last week. Each is judged to the end (what it needs, symbol by symbol), and the newest good one
comes first. Only people who build mlc_llm pay for this module.
"""

from __future__ import annotations

import os

from mlc_llm._locator.faults import first_fault
from mlc_llm._locator.freshness import newest_source, source_root
from mlc_llm._locator.judge import Candidate, Verdict, judge
from mlc_llm._locator.records import read_stamp, stamped_size
from mlc_llm._locator.search import Search
from mlc_llm._locator.steps import added_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlc_llm._locator import Host

__all__ = ["built", "judged", "libraries", "library_stamp", "ranked"]

_CONFIGURATIONS = ("Release", "RelWithDebInfo", "MinSizeRel", "Debug")
#: Below a build folder: ours, single-config generators, upstream's of every TVM generation.
_BELOW = ("out", "", "lib", "bin", "mlc_llm", "mlc_llm/lib")
#: Sources that decide whether two builds fit together.
_DECIDING = ("tvm", "mlc-llm", "tvm-ffi")


def built(
    name: str, host: Host, environment: Mapping[str, str], package: str
) -> Iterator[Candidate]:
    """Judge the recorded libraries of an editable install and all of its source's build trees."""
    recorded, recorded_source = _recorded()
    named_source = environment.get("MLC_LLM_SOURCE_DIR")
    wanted = [named_source] if named_source else [recorded_source, source_root(package)]
    found = []
    for folder in recorded if not os.path.isdir(os.path.join(package, "lib")) else ():
        path = os.path.join(folder, host.file_name(name))
        found.append(judged(path, "the RECORD of mlc_llm", host, package, recorded_source))
    seen = {candidate.path for candidate in found}
    for source in dict.fromkeys(os.path.abspath(root) for root in wanted if root):
        for tree in _build_trees(source):
            for path in libraries(tree, name, host):
                if path not in seen:
                    seen.add(path)
                    found.append(judged(path, "the build tree", host, package))
    yield from ranked(found)


def library_stamp(path: str) -> dict[str, object]:
    """Return the stamp that lies with a library: in the folder above its own, or beside it."""
    folder = os.path.dirname(path)
    return read_stamp(os.path.dirname(folder)) or read_stamp(folder)


def ranked(found: list[Candidate]) -> list[Candidate]:
    """Sort: good before bad, newest first; the best says so where a Debug build is newer."""
    times = {candidate.path: _time(candidate.path) for candidate in found}
    ranked = sorted(found, key=lambda c: (not c.verdict.good, -times[c.path]))
    best = ranked[0] if ranked and ranked[0].verdict.good else None
    if best is not None and not best.note:
        for other in ranked:
            debug = other.verdict.cause in ("debug-crt", "debug-build")
            if debug and times[other.path] > times[best.path]:
                best.note = f"{other.path} is newer and is not taken: it is a Debug build"
                break
    return ranked


def _time(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def judged(
    path: str,
    origin: str,
    host: Host,
    package: str,
    source: str | None = None,
    *,
    explicit: bool = False,
) -> Candidate:
    stamp = library_stamp(path)
    size = stamped_size(stamp, os.path.basename(path))
    verdict = judge(path, host, size=size)
    note = ""
    if verdict.good:
        verdict = _judge_configuration(path, stamp)
    if verdict.good:
        verdict = _judge_stamp(stamp, package) or verdict
    if verdict.good:
        verdict = first_fault(path, Search(host, added_folders(host))) or verdict
    if verdict.good and (root := source or source_root(path)):
        newest, when = newest_source(root)
        if newest and when > _time(path):
            note = f"older than {newest}: build again (pip install -e ., or your own build)"
    return Candidate(path, origin, verdict, explicit=explicit, note=note)


def _judge_configuration(path: str, stamp: Mapping[str, object]) -> Verdict:
    """Tell a Debug build that no debug runtime gives away (ELF, Mach-O, MinGW)."""
    configuration = stamp.get("configuration") or _configured(path)
    if configuration != "Debug":
        return Verdict()
    return Verdict(
        "debug-build",
        "a Debug build",
        "build with --config Release (MLC_ALLOW_DEBUG=1 takes it all the same)",
    )


def _configured(path: str) -> str:
    """Return the configuration that a multi-config folder or the CMake cache above it names."""
    folder = os.path.dirname(path)
    for _ in range(4):
        if os.path.basename(folder) in _CONFIGURATIONS:
            return os.path.basename(folder)
        cache = os.path.join(folder, "CMakeCache.txt")
        if os.path.isfile(cache):
            return _cached_configuration(cache)
        folder = os.path.dirname(folder)
    return ""


def _cached_configuration(cache: str) -> str:
    values = {}
    with open(cache, encoding="utf-8", errors="replace") as file:
        for line in file:
            key, mark, value = line.rstrip("\n").partition("=")
            if mark and key.startswith(("CMAKE_BUILD_TYPE:", "CMAKE_CONFIGURATION_TYPES:")):
                values[key.partition(":")[0]] = value
    kinds = values.get("CMAKE_CONFIGURATION_TYPES", "")
    return kinds if kinds and ";" not in kinds else values.get("CMAKE_BUILD_TYPE", "")


def _judge_stamp(stamp: Mapping[str, object], package: str) -> Verdict | None:
    """Compare the pins of a library's own stamp with those of the installed package."""
    ours, theirs = _pins(read_stamp(package)), _pins(stamp)
    for name in _DECIDING:
        if name in ours and name in theirs and ours[name] != theirs[name]:
            reason = f"built from {name} {theirs[name]}, this package is from {ours[name]}"
            return Verdict("stamp-mismatch", reason, "build it again from the sources of this one")
    return None


def _pins(stamp: Mapping[str, object]) -> dict[str, str]:
    sources = stamp.get("sources")
    return {
        str(source.get("name")): str(source.get("version") or source.get("commit"))
        for source in (sources if isinstance(sources, list) else ())
        if isinstance(source, dict)
    }


def libraries(folder: str, name: str, host: Host) -> list[str]:
    """List the libraries in a folder and where generators put them below it."""
    files = [host.file_name(name), host.file_name(f"{name}_module")]
    found = []
    for below in _BELOW:
        for configuration in ("", *_CONFIGURATIONS):
            for file in files:
                path = os.path.normpath(os.path.join(folder, below, configuration, file))
                if os.path.isfile(path) and path not in found:
                    found.append(path)
    return found


def _build_trees(source: str) -> list[str]:
    """List a source's build folders: ``build*``, Visual Studio's and CLion's, and one level down.

    Our own build has a folder for each platform below ``build``.
    """
    found = []
    for parent, prefixes in ((source, ("build", "cmake-build")), (f"{source}/out/build", ("",))):
        try:
            names = sorted(os.listdir(parent))
        except OSError:
            continue
        for entry in names:
            tree = os.path.join(parent, entry)
            if entry.startswith(prefixes) and os.path.isdir(tree):
                found.append(tree)
                below = (os.path.join(tree, inner) for inner in sorted(os.listdir(tree)))
                found += [b for b in below if os.path.isfile(os.path.join(b, "CMakeCache.txt"))]
    return found


def _recorded() -> tuple[list[str], str | None]:
    """Return where the installed distribution recorded libraries, and an editable's source."""
    import json  # noqa: PLC0415
    from importlib import metadata  # noqa: PLC0415
    from urllib import parse, request  # noqa: PLC0415

    try:
        distribution = metadata.distribution("mlc_llm")
    except metadata.PackageNotFoundError:
        return [], None
    files = distribution.files or []
    folders = {os.path.dirname(str(f.locate())) for f in files if "mlc_llm/lib/" in f.as_posix()}
    source = None
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            source = request.url2pathname(parse.urlparse(str(origin["url"])).path)
    except (ValueError, KeyError, AttributeError):
        source = None
    return sorted(folders), source
