"""Pin a source to another version, and change all that follows. Needs Python and Git, no more.

    python scripts/bump.py tvm              the newest release that the package index has
    python scripts/bump.py tvm 0.26.0       that release: commit, wheels, requirements, documents
    python scripts/bump.py tvm main         a branch or a commit, where Git has more than releases
    python scripts/bump.py mlc-llm          the newest commit of its default branch

NAME is a component of 3rdparty/sources.toml; NAME-windows, where there is one, goes with it. What
PyPI pins is pinned by the sha256 that the index gives. Git and pip are asked as they are set up
here, so that mirrors hold. Nothing is committed; what is to run next is printed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

from mlcbuild.commandline import Parser, meant  # noqa: E402 - after the path is set
from mlcbuild.errors import InputError, MlcbuildError, UsageError  # noqa: E402
from mlcbuild.programs import run  # noqa: E402
from mlcbuild.sources.pipconfig import load_settings  # noqa: E402

SOURCES = Path("3rdparty", "sources.toml")
#: Files that say a pinned release again, because their formats cannot read the lock. Each is
#: changed as a whole, documents in their commands alone.
FOLLOWERS = (
    *("pyproject.toml", "python/pyproject.toml", "plugins/*/pyproject.toml"),
    *("examples/*/pyproject.toml", "plugins/*/python/*/__init__.py", "cmake/Options.cmake"),
    *("README.md", "docs/*.md", "plugins/*/README.md", "examples/*/README.md"),
)
#: Made by make_docs.py from what the code says.
GENERATED = {"docs/doctor-checks.md", "docs/rules.md", "docs/codes.md"}
#: Components whose release is also a requirement of ours.
REQUIRED = {"tvm": "apache-tvm", "tvm-ffi": "apache-tvm-ffi"}
_LABEL = re.compile(r'(?<=\+tvm)[\w.]+?(?=\.g[0-9a-f]{8})|(?<=TVM_VERSION\n    ")[^"]+(?=")')
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """Where a version is: the commit, and the version that people name."""

    version: str
    commit: str = ""


def numbers(version: str) -> tuple[tuple[int, int], ...]:
    """Return a release to compare: finals after their candidates, post releases after finals."""
    ranks = {"dev": -3, "a": -2, "b": -2, "rc": -1, "post": 1}
    found = re.findall(r"(dev|rc|post|a|b)?\.?(\d+)", version)
    key = tuple((ranks.get(word, 0), int(digits)) for word, digits in found)
    return key if any(word for word, _ in found) else (*key, (0, -1))


def refs(url: str) -> dict[str, str]:
    """Return what a repository names, tags by the commits that they are of."""
    answer = run(["git", "ls-remote", "--exit-code", url], capture_output=True, text=True)
    if answer.returncode != 0:
        said = (answer.stderr.strip().splitlines() or ["no answer"])[-1]
        raise InputError(
            f"git ls-remote {url}: {said}",
            remedy="connect, or let Git's insteadOf name a mirror",
        )
    lines = (line.split("\t", 1) for line in answer.stdout.splitlines() if "\t" in line)
    return {name: commit for commit, name in lines}


def newest_tag(named: dict[str, str]) -> str:
    """Return the highest version that is tagged: what a branch after it is called, 0.27.dev0."""
    tags = [name.removeprefix("refs/tags/v") for name in named if name.startswith("refs/tags/v")]
    return max(
        (tag for tag in tags if re.fullmatch(r"[\d.]+(dev\d+)?", tag)), key=numbers, default=""
    )


def find_commit(url: str, version: str) -> Pin:
    """Return the commit of a tag, branch or commit; of the default branch for no version."""
    named = refs(url)
    if _COMMIT.fullmatch(version):
        return Pin(version=newest_tag(named), commit=version)
    if not version:
        return Pin(version=newest_tag(named), commit=named["HEAD"])
    for ref in (f"refs/tags/v{version}", f"refs/tags/{version}", f"refs/heads/{version}"):
        commit = named.get(f"{ref}^{{}}") or named.get(ref)
        if commit:
            named_so = newest_tag(named) if "/heads/" in ref else version.removeprefix("v")
            return Pin(version=named_so, commit=commit)
    names = [name.rpartition("/")[2] for name in named]
    raise UsageError(f"{url} has no tag or branch {version}{meant(version, names)}")


def of_index(project: str) -> list[dict[str, Any]]:
    """Return the files that the package index has of a project."""
    for index in load_settings().indexes:
        request = urllib.request.Request(  # noqa: S310 - pip's own index
            f"{index.rstrip('/')}/{project}/",
            headers={"Accept": "application/vnd.pypi.simple.v1+json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                files: list[dict[str, Any]] = json.load(answer)["files"]
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"the index does not answer for {project}: {error}") from error
        return [file for file in files if not file.get("yanked")]
    raise InputError("pip has no index", remedy="set PIP_INDEX_URL")


def pinned_file(entry: dict[str, Any], version: str) -> dict[str, str]:
    """Return the fields of the file that stands for this one in another release; newest for "".

    Wheel or sdist, tags and platform stay what they are.
    """
    before, after = entry["file"].split(f"-{entry['release']}", 1)
    pattern = re.compile(re.escape(before) + r"-([0-9][^-]*?)" + re.escape(after))
    found = {
        match[1]: file
        for file in of_index(entry["pypi"])
        if (match := pattern.fullmatch(file["filename"]))
    }
    finals = [each for each in found if not re.search(r"(a|b|rc|dev)\d", each)]
    chosen = version or max(finals or found, key=numbers, default="")
    if chosen not in found:
        raise UsageError(
            f"the index has no {entry['pypi']} {chosen} as {before}-...{after}",
            remedy=f"it has {', '.join(sorted(found, key=numbers)[-4:])}" if found else "",
        )
    file = found[chosen]
    return {"release": chosen, "file": file["filename"], "sha256": file["hashes"]["sha256"]}


def with_fields(text: str, name: str, fields: dict[str, str]) -> str:
    """Return the lock's text with some fields of one component changed."""
    section = re.search(rf"(?ms)^\[{re.escape(name)}\]\n.*?(?=^\[|\Z)", text)
    assert section is not None  # noqa: S101 - it was parsed from this text
    fresh = section[0]
    for key, value in fields.items():
        fresh = re.sub(rf'(?m)^{key} = ".*"$', f'{key} = "{value}"', fresh, count=1)
    return text.replace(section[0], fresh, 1)


def follow(text: str, old: str, new: str, *, document: bool) -> tuple[str, list[int]]:
    """Replace a version. Of a document only in commands; the other lines with it are returned.

    What a document shows or says was seen with the old release: it must be seen again.
    """
    version = re.compile(rf"(?<![\w.]){re.escape(old)}(?!\.?\d)")
    fence, lines, left = "", [], []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if line.startswith("```"):
            fence = "" if fence else line.strip("`\n") or "text"
        if not document or fence in {"sh", "bat"} or (fence and line.startswith(("$ ", "> "))):
            fresh = version.sub(new, line)
        elif not fence:  # in a requirement
            fresh = re.sub(r"`[^`]*==[^`]*`", lambda m: version.sub(new, m[0]), line)
        else:
            fresh = line
        if version.search(fresh):
            left.append(number)
        lines.append(fresh)
    return "".join(lines), left


def bump(root: Path, name: str, version: str) -> list[str]:
    """Change the files below ``root``; return what to say."""
    path = root / SOURCES
    text = path.read_text(encoding="utf-8")
    lock = tomllib.loads(text)
    names = [each for each in lock if isinstance(lock[each], dict)]
    if name not in names:
        raise UsageError(f"{SOURCES} has no {name}{meant(name, names)}")
    family = [each for each in (name, f"{name}-windows") if each in names]
    indexed = [each for each in family if "pypi" in lock[each]]
    said, releases = [], {}
    label = ""
    plain = not _COMMIT.fullmatch(version) and bool(re.fullmatch(r"v?\d[\w.]*", version or "0"))
    if indexed and plain:
        fields = pinned_file(lock[indexed[0]], version.removeprefix("v"))
        version = fields["release"]
    for each in family:
        entry = lock[each]
        if "git" in entry:
            pin = find_commit(entry["git"], version)
            releases[each] = (entry["commit"], pin.commit)
            label = pin.version if each == "tvm" else label
            text = with_fields(text, each, {"commit": pin.commit})
        elif plain:
            fields = pinned_file(entry, version)
            releases[each] = (entry["release"], fields["release"])
            text = with_fields(text, each, fields)
        else:
            said.append(f"{each} stays at {entry['release']}: the index has releases alone")
    for each, (old, new) in releases.items():
        said.append(f"{each}: {old} -> {new}" if old != new else f"{each}: {old} already")
    path.write_text(text, encoding="utf-8", newline="\n")
    changes = [pair for each, pair in releases.items() if "pypi" in lock[each]] or []
    changes += [(old[:8], new[:8]) for old, new in releases.values() if _COMMIT.fullmatch(old)]
    wanted = {pair for pair in changes if pair[0] != pair[1]}
    if name in REQUIRED or name == "mlc-llm":
        said += followers(root, sorted(wanted), label)
    return [*said, *what_to_run(name)]


def followers(root: Path, changes: list[tuple[str, str]], label: str = "") -> list[str]:
    """Change the files that say a pin again; return their names and what documents still show.

    ``label`` is TVM's version in ours and in TVM_VERSION: a branch has one that no wheel has.
    """
    said = []
    for path in sorted(path for pattern in FOLLOWERS for path in root.glob(pattern)):
        text = fresh = path.read_text(encoding="utf-8")
        left: list[int] = []
        for old, new in changes:
            if _COMMIT.match(old + "0" * 32):  # the mark of a commit in our version
                fresh = re.sub(rf"(?<=\.g){old}\b", new, fresh)
            else:
                fresh, more = follow(fresh, old, new, document=path.suffix == ".md")
                left += more
        if label:
            fresh = _LABEL.sub(label, fresh)
        name = path.relative_to(root).as_posix()
        if name in GENERATED:
            continue
        if fresh != text:
            path.write_text(fresh, encoding="utf-8", newline="\n")
            said.append(f"changed {name}")
        said += [f"see again what {name}:{number} says" for number in sorted(set(left))]
    return said


def what_to_run(name: str) -> list[str]:
    """Return the commands that follow."""
    return [
        "next:",
        f'  edit "why" of {name} in {SOURCES.as_posix()}',
        "  mlcbuild fetch --all            (a patch that no longer applies is named)",
        *(["  python scripts/pin_crates.py"] if name == "tokenizers-cpp" else []),
        "  python scripts/make_docs.py",
        "  python scripts/test.py --everything",
    ]


def main(argv: list[str] | None = None) -> int:
    """Parse the options and work."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", metavar="NAME", help="a component of 3rdparty/sources.toml")
    parser.add_argument("version", metavar="VERSION", nargs="?", default="", help="default: newest")
    options = parser.parse_args(argv)
    try:
        print("\n".join(bump(ROOT, options.name, options.version)))
    except MlcbuildError as error:
        print(f"bump: error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
