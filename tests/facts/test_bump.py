"""``scripts/bump.py``: the lock and all that says a pin again, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from commands import ROOT, load_script
from mlcbuild.errors import UsageError
from mlcbuild.sources.pipconfig import IndexSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HASH = "ab" * 32
bump: Any = load_script("scripts/bump.py")


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the tags v1.0.0 (annotated), v2.0.0 and v3.dev0, and a newer HEAD."""
    folder = tmp_path_factory.mktemp("origin")
    git(folder, "init", "-q", "-b", "main")
    for tag in ("v1.0.0", "v2.0.0", "v3.dev0", ""):
        git(folder, "commit", "-q", "--allow-empty", "-m", tag or "later")
        if tag:
            git(folder, "tag", tag, *(["-a", "-m", "x"] if tag == "v1.0.0" else []))
    return folder


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package index with releases of demo as sdists and wheels."""
    names = [
        f"demo-{version}{rest}"
        for version in ("1.0.0", "2.0.0rc1", "2.0.0", "10.0.0.post1", "11.0.0rc1")
        for rest in (".tar.gz", "-py3-none-win_amd64.whl", "-py3-none-win_arm64.whl")
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files = [{"filename": name, "url": name, "hashes": {"sha256": HASH}} for name in names]
            yanked = {"filename": "demo-12.0.0.tar.gz", "hashes": {"sha256": HASH}, "yanked": "bad"}
            body = json.dumps({"files": [*files, yanked]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = (f"http://127.0.0.1:{server.server_port}/simple",)
    monkeypatch.setattr(bump, "load_settings", lambda: IndexSettings(indexes=here))
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def tree(tmp_path: Path, origin: Path) -> Path:
    """A project that pins tvm by Git and its wheel by the index, and says the release again."""
    root = tmp_path / "tree"
    first = git(origin, "rev-parse", "v1.0.0^{}")
    files = {
        "3rdparty/sources.toml": f'version = 1\n\n[tvm]\ngit = "{origin.as_uri()}"\n'
        f'commit = "{first}"\nwhy = "Tag v1.0.0"\n\n[tvm-windows]\npypi = "demo"\n'
        f'release = "1.0.0"\nfile = "demo-1.0.0-py3-none-win_amd64.whl"\nsha256 = "{"0" * 64}"\n'
        f'\n[tvm-ffi]\npypi = "demo"\nrelease = "1.0.0"\nfile = "demo-1.0.0.tar.gz"\n'
        f'sha256 = "{"1" * 64}"\n',
        "pyproject.toml": 'version = "0.2.dev0+tvm1.0.0.g12345678"\n'
        'needs = ["demo==1.0.0", "demo==1.0.0,!=1.0.0+x", "other==11.0.0", "other==1.0.0.1"]\n',
        "cmake/Options.cmake": 'set(MLCBUILD_TVM_VERSION\n    "1.0.0"\n    CACHE STRING "x")\n',
        "plugins/a/pyproject.toml": 'version = "1.0.0"\n',
        "docs/page.md": "`pip install demo==1.0.0`\n\ndemo 1.0.0 takes 3 s.\n\n"
        "```console\n$ run demo-1.0.0.whl\ndone with 1.0.0\n```\n",
        "tests/test_x.py": 'x = "1.0.0"\n',
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def text_of(tree: Path, name: str) -> str:
    return (tree / name).read_text(encoding="utf-8")


pytestmark = pytest.mark.needs_git


@pytest.mark.usefixtures("index")
def test_a_release_changes_the_lock_and_what_follows(tree: Path, origin: Path) -> None:
    before = text_of(tree, "3rdparty/sources.toml")
    said = bump.bump(tree, "tvm", "2.0.0")
    commit = git(origin, "rev-parse", "v2.0.0")
    first = git(origin, "rev-parse", "v1.0.0^{}")
    ffi = before.partition("[tvm-ffi]")[2]
    lock = text_of(tree, "3rdparty/sources.toml")
    assert lock == (
        before.replace(first, commit)
        .replace('release = "1.0.0"\nfile = "demo-1.0.0-', 'release = "2.0.0"\nfile = "demo-2.0.0-')
        .replace("0" * 64, HASH)
    )
    assert lock.endswith(ffi), "another component of the same project stays"
    assert text_of(tree, "pyproject.toml") == (
        'version = "0.2.dev0+tvm2.0.0.g12345678"\n'
        'needs = ["demo==2.0.0", "demo==2.0.0,!=2.0.0+x", "other==11.0.0", "other==1.0.0.1"]\n'
    )
    assert '"2.0.0"' in text_of(tree, "cmake/Options.cmake")
    assert text_of(tree, "plugins/a/pyproject.toml") == 'version = "2.0.0"\n'
    assert text_of(tree, "docs/page.md") == (
        "`pip install demo==2.0.0`\n\ndemo 1.0.0 takes 3 s.\n\n"
        "```console\n$ run demo-2.0.0.whl\ndone with 1.0.0\n```\n"
    ), "what was measured is not rewritten"
    assert "see again what docs/page.md:3 says" in said
    assert "see again what docs/page.md:7 says" in said
    assert text_of(tree, "tests/test_x.py") == 'x = "1.0.0"\n'
    assert any("mlcbuild fetch" in line for line in said)


@pytest.mark.usefixtures("index")
def test_there_and_back_changes_nothing(tree: Path) -> None:
    def everything() -> dict[Path, str]:
        return {p: p.read_text("utf-8") for p in tree.rglob("*") if p.is_file()}

    bump.bump(tree, "tvm", "2.0.0")
    bump.bump(tree, "tvm", "1.0.0")
    once = everything()
    bump.bump(tree, "tvm", "1.0.0")
    assert everything() == once
    assert text_of(tree, "pyproject.toml").startswith('version = "0.2.dev0+tvm1.0.0.g12345678"')


@pytest.mark.usefixtures("index")
def test_the_newest_is_a_release_that_is_final_and_not_withdrawn(tree: Path) -> None:
    bump.bump(tree, "tvm-ffi", "")
    lock = text_of(tree, "3rdparty/sources.toml")
    assert 'release = "10.0.0.post1"\nfile = "demo-10.0.0.post1.tar.gz"' in lock


def test_a_branch_has_a_commit_and_no_wheel(tree: Path, origin: Path) -> None:
    said = bump.bump(tree, "tvm", "main")
    assert git(origin, "rev-parse", "HEAD") in text_of(tree, "3rdparty/sources.toml")
    assert "tvm-windows stays at 1.0.0: the index has releases alone" in said
    assert "demo==1.0.0" in text_of(tree, "pyproject.toml")
    assert "+tvm3.dev0.g12345678" in text_of(tree, "pyproject.toml")
    assert '"3.dev0"' in text_of(tree, "cmake/Options.cmake")


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("tvn", "", "did you mean tvm?"),
        ("tvm", "9.9.9", "the index has no demo 9.9.9"),
        ("tvm", "mainn", "did you mean main?"),
        ("tvm", "10.0.0.post1", "no tag or branch 10.0.0.post1"),
    ],
)
def test_what_is_not_there_changes_nothing(tree: Path, name: str, version: str, said: str) -> None:
    before = {p: p.read_bytes() for p in tree.rglob("*") if p.is_file()}
    with pytest.raises(UsageError) as caught:
        bump.bump(tree, name, version)
    assert said in str(caught.value)
    assert {p: p.read_bytes() for p in tree.rglob("*") if p.is_file()} == before


def test_it_runs_in_a_bare_python() -> None:
    command = [sys.executable, "-I", "-S", str(ROOT / "scripts" / "bump.py"), "tvn"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean tvm?" in done.stderr
