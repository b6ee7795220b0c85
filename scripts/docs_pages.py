"""Lay out the source of the documentation site in a folder: what is written and what is made.

    python scripts/docs_pages.py FOLDER

Written: docs/ of this repository and its README, which becomes the first page. Made: one page for
each error text of ``mlcbuild explain`` with that text as its title, and the list of them. Links
that lead out of docs/ get the repository's address. Needs mlcbuild itself (scripts/docs.py has it).
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

from mlcbuild.codes import CODES, EXIT_CODES, Code, signed  # noqa: E402 - after the path is set
from mlcbuild.explain.catalogue import read_symptoms  # noqa: E402
from mlcbuild.explain.facts import NO_FACTS, spelt_out  # noqa: E402
from mlcbuild.rules import RULE_IDS  # noqa: E402

REPOSITORY = "https://github.com/mlcbuild/mlcbuild"
#: What stands in the side bar; every other page is reached from one of these.
SECTIONS = {
    "Start": (
        "tasks",
        "windows-from-zero",
        "Use it in your project <your-project>",
        "peers",
    ),
    "Errors": ("errors/index", "explain", "codes"),
    "Check": ("check", "rules", "repair", "loader-model", "check-facts"),
    "Diagnose": ("doctor", "doctor-checks", "trace", "locator"),
    "Build": ("superbuild", "windows-build", "windows-wheel", "cross", "sources", "ci", "release"),
    "Run": ("verify", "model", "server", "chat-only", "vulkan", "lab", "bench", "report", "shell"),
    "Inside": ("architecture", "windows-tests", "documents"),
}
GROUPS = {
    "loading.toml": "Loading, running and using",
    "devices.toml": "GPUs and their drivers",
    "shell.toml": "At the prompt",
    "python.toml": "Python",
    "cmake.toml": "CMake, Ninja and MSBuild",
    "compiling.toml": "Compiling",
    "linking.toml": "Linking",
    "cuda.toml": "CUDA",
    "rust.toml": "Rust",
    "installing.toml": "pip",
    "network.toml": "Network",
    "files.toml": "Files and folders",
}
#: Windows' English words for the codes that Python prints as ``[WinError N] words``
#: (Microsoft Learn: System Error Codes). A test asks ``explain`` for each.
WORDS = {
    2: "The system cannot find the file specified",
    3: "The system cannot find the path specified",
    5: "Access is denied",
    8: "Not enough memory resources are available to process this command",
    32: "The process cannot access the file because it is being used by another process",
    87: "The parameter is incorrect",
    112: "There is not enough space on the disk",
    123: "The filename, directory name, or volume label syntax is incorrect",
    126: "The specified module could not be found",
    127: "The specified procedure could not be found",
    182: "The operating system cannot run %1",
    193: "%1 is not a valid Win32 application",
    206: "The filename or extension is too long",
    225: "Operation did not complete successfully because the file contains a virus or "
    "potentially unwanted software",
    362: "The cloud file provider is not running",
    577: "Windows cannot verify the digital signature for this file",
    740: "The requested operation requires elevation",
    998: "Invalid access to memory location",
    1114: "A dynamic link library (DLL) initialization routine failed",
    1157: "One of the library files needed to run this application cannot be found",
    1260: "This program is blocked by group policy",
    1392: "The file or directory is corrupted and unreadable",
    1455: "The paging file is too small for this operation to complete",
    1920: "The file cannot be accessed by the system",
    4551: "An Application Control policy has blocked this file",
    14001: "The application has failed to start because its side-by-side configuration is "
    "incorrect",
}
_RULE = re.compile(r"\brule ([a-z0-9-]+)")
_ISSUE = re.compile(r"([\w.-]+/[\w.-]+)#(\d+)")
_LINK = re.compile(r"\[([^][]*)\]\((?!https?:|#)([^)\s#]+)(#[^)\s]*)?\)")


def code_title(code: Code) -> str:
    """Return a code as Python or a console prints it."""
    if code.kind == "WinError":
        words = WORDS.get(code.number, code.name)
        return f"OSError: [WinError {code.number}] {words}"
    if code.kind == "exit code":
        return f"exited with code {code.number}"
    return f"exit code {code.number} (0x{code.number:08X}, {signed(code.number)}): {code.name}"


def code_page(code: Code) -> str:
    """Return the name of a code's page, without its ending."""
    if code.kind == "exit code":
        return f"exit-code-{code.number}"
    return f"winerror-{code.number}" if code.kind == "WinError" else f"0x{code.number:08x}"


def error_page(
    title: str,
    meaning: str,
    causes: Iterable[str],
    run: str,
    sources: Iterable[str],
    *,
    name: str,
    text: Iterable[str],
) -> str:
    """Return the page of one error: the same words that ``mlcbuild explain`` says."""
    first = title.splitlines()[0]
    causes, text = list(causes), list(text)
    # The search takes a name for one word: these are its parts.
    words = ", ".join(re.findall("[A-Za-z]{3,}", " ".join(text)))
    parts = [
        "---",
        "orphan: true",
        "myst:",
        "  html_meta:",
        f"    description: {_quoted(f'{meaning}. Causes, likeliest first, and what to run.')}",
        *([f"    keywords: {_quoted(words)}"] if words else []),
        "---",
        "",
        f"# {_code(first)}",
        "",
        f"{_sentence(meaning)}",
        "",
    ]
    if title != first:
        parts += ["```text", *title.splitlines(), "```", ""]
    if causes:
        parts += ["## Causes, likeliest first", ""]
        parts += [f"{number}. {_prose(cause)}" for number, cause in enumerate(causes, 1)] + [""]
    shown = spelt_out(run.replace("{path}", "FILE").replace("{name}", "FILE"), "", "", NO_FACTS)
    shown = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), shown)
    # One block of commands a page, and no prompt in it: it is copied as it stands.
    parts += ["## Run this next", "", "```bat", *shown.splitlines(), "```", ""]
    if "FILE" in shown:
        parts += ["`FILE` is the DLL, folder or wheel that the error names.", ""]
    if "VERSION" in shown:
        parts += ["`VERSION` is that of your CUDA toolkit.", ""]
    parts += [f"The same at your prompt: `mlcbuild explain {name}`, or the whole error text.", ""]
    if text:
        parts += ["## Recognised by", "", *(f"- {_code(each)}" for each in text), ""]
    parts += ["## Known from", "", *(f"- {_source(each)}" for each in sources), ""]
    parts += ["[All errors](index.md)", ""]
    return "\n".join(parts)


def errors() -> Iterator[tuple[str, str, str, str]]:
    """Yield group, page name, title and page text of every error."""
    for row in read_symptoms():
        said = row.explanation
        text = error_page(
            row.example,
            said.meaning,
            said.causes,
            said.run,
            said.sources,
            name=f'"{_typed(row.example)}"',
            text=row.text,
        )
        yield GROUPS[row.file], said.id, row.example.splitlines()[0], text
    for code in (*CODES, *EXIT_CODES):
        title = code_title(code)
        also = [f"{code.number}", f"0x{code.number:X}", code.name]
        if code.kind == "NTSTATUS":
            also.insert(1, str(signed(code.number)))
        text = error_page(
            title,
            code.meaning,
            code.causes,
            code.run,
            code.sources,
            name=str(code.number),
            text=also,
        )
        group = "Windows' numbers" if code.kind == "WinError" else "Exit codes of a process"
        yield group, code_page(code), title, text


def error_index(pages: Iterable[tuple[str, str, str, str]]) -> str:
    """Return the list of all errors, a section a group."""
    parts = ["# Errors by their text", ""]
    parts += [
        "Each page has the text as its title, what it means, its causes with the likeliest first,",
        "the command to run next, and where that is known from. `mlcbuild explain` says the same.",
        "",
    ]
    group = ""
    for where, name, title, _ in pages:
        if where != group:
            group = where
            parts += ["", f"## {group}", ""]
        parts.append(f"- [{_code(title)}]({name}.md)")
    return "\n".join([*parts, ""])


def _typed(text: str) -> str:
    """Return the first line of an error as an argument: without what a shell would read."""
    return re.sub(r"[\"$`%\\\\]+", " ", text.splitlines()[0])


def _code(text: str) -> str:
    """Return a text as inline code, whatever it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _prose(text: str) -> str:
    """Return words of the catalogue as Markdown: nothing in them is markup, rules are links."""
    plain = re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)
    return _RULE.sub(
        lambda m: f"rule [{m[1]}](../rules.md#{m[1]})" if m[1] in RULE_IDS else m[0], plain
    )


def _sentence(text: str) -> str:
    return _prose(text[0].upper() + text[1:]) + "."


def _source(text: str) -> str:
    """Return a source, linked where it names an issue."""
    found = _ISSUE.fullmatch(text)
    if not found:
        return _prose(text)
    return f"[{text}](https://github.com/{found[1]}/issues/{found[2]})"


def linked(text: str, page: Path) -> str:
    """Return a document with the links that leave docs/ turned to the repository's address."""

    def turned(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        path = (page.parent / target).resolve()
        docs = ROOT / "docs"
        if path.is_relative_to(docs):
            inside = path.relative_to(docs).as_posix()
            title = "" if words == target else words  # a path as the words: the page's title
            return f"[{title}]({inside}{anchor})"
        if not path.exists():
            raise SystemExit(f"{page.relative_to(ROOT)}: there is no {target}")
        kind = "tree" if path.is_dir() else "blob"
        return f"[{words}]({REPOSITORY}/{kind}/main/{path.relative_to(ROOT).as_posix()}{anchor})"

    return _LINK.sub(turned, text)


def assemble(folder: Path) -> None:
    """Fill a folder, which is emptied first, with the source of the site."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns("*.md", "__pycache__"))
    for page in sorted((ROOT / "docs").glob("*.md")):
        _write(folder / page.name, linked(page.read_text(encoding="utf-8"), page))
    readme = ROOT / "README.md"
    contents = "".join(
        "\n".join(["", "```{toctree}", ":hidden:", f":caption: {name}", "", *pages, "```", ""])
        for name, pages in SECTIONS.items()
    )
    _write(folder / "index.md", linked(readme.read_text(encoding="utf-8"), readme) + contents)
    made = list(errors())
    for _, name, _, text in made:
        _write(folder / "errors" / f"{name}.md", text)
    _write(folder / "errors" / "index.md", error_index(made))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the folder
        sys.exit(__doc__)
    assemble(Path(sys.argv[1]).resolve())
