"""The package index client: what it finds, what it brings, and how it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mlcbuild
import pytest
from mlcbuild.errors import FailedError, InputError
from mlcbuild.sources.index import Index
from mlcbuild.sources.pipconfig import IndexSettings, load_settings, parse_settings
from mlcbuild.sources.transfer import IndexFile
from sources_helpers import IndexServer, hash_of

DATA = bytes(range(256)) * 1000


def index_at(url: str) -> Index:
    return Index(settings=IndexSettings(indexes=(url,), timeout=5))


def test_json_listing_is_read_with_hash_size_and_absolute_url(index: IndexServer) -> None:
    index.add("my-pack", "my_pack-1.0.tar.gz", DATA)
    (found,) = index_at(index.url).find_files("My_Pack")
    assert found == IndexFile(
        filename="my_pack-1.0.tar.gz",
        url=index.url.replace("/simple", "/files/my_pack-1.0.tar.gz"),
        sha256=hash_of(DATA),
        size=len(DATA),
    )


def test_html_listing_is_read_where_there_is_no_json(index: IndexServer) -> None:
    index.pages["/simple/pack/"] = (
        "text/html",
        b"""<a href="../../files/pack-1.0-py3-none-any.whl#sha256=ab" data-yanked="bad"
        data-requires-python="&gt;=3.8">pack</a><a href="/elsewhere">other</a>""",
    )
    (found,) = index_at(index.url).find_files("pack")
    assert found.filename == "pack-1.0-py3-none-any.whl"
    assert found.sha256 == "ab"
    assert found.yanked
    assert found.requires_python == ">=3.8"


def test_an_unknown_project_has_no_files(index: IndexServer) -> None:
    assert index_at(index.url).find_files("nothing") == []


def test_a_broken_index_is_not_an_empty_one(index: IndexServer) -> None:
    index.status = 503
    with pytest.raises(InputError, match="503"):
        index_at(index.url).find_files("pack")
    index.status = 200
    index.pages["/simple/pack/"] = ("application/json", b"<html>log in first</html>")
    with pytest.raises(InputError, match="not a package index page"):
        index_at(index.url).find_files("pack")


def test_an_unreachable_index_is_named_without_its_password() -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1:1") as caught:
        index_at("http://me:secret@127.0.0.1:1/simple").find_files("pack")
    assert "secret" not in str(caught.value)


def test_credentials_of_the_url_are_sent(index: IndexServer) -> None:
    index.add("pack", "pack-1.0.tar.gz", DATA)
    assert index_at(index.url.replace("//", "//me:s%40cret@")).find_files("pack")
    assert index.authorization == ["Basic bWU6c0BjcmV0"]


def test_a_folder_of_find_links_comes_before_the_index(tmp_path: Path, index: IndexServer) -> None:
    index.add("pack", "pack-1.0.tar.gz", DATA)
    (tmp_path / "pack-1.0.tar.gz").write_bytes(b"local")
    (tmp_path / "packer-1.0.tar.gz").write_bytes(b"another project")
    both = Index(settings=IndexSettings(indexes=(index.url,), find_links=(str(tmp_path),)))
    (found,) = both.find_files("pack")
    both.download(found, tmp_path / "out" / "pack.tar.gz")
    assert (tmp_path / "out" / "pack.tar.gz").read_bytes() == b"local"


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    tmp_path: Path, index: IndexServer
) -> None:
    index.add("pack", "pack-1.0.tar.gz", DATA)
    client = index_at(index.url)
    (file,) = client.find_files("pack")
    index.cut_after = 100_000
    with pytest.raises(InputError, match="100000 of 256000"):
        client.download(file, tmp_path / "file")
    assert not (tmp_path / "file").exists()
    index.cut_after = None
    assert client.download(file, tmp_path / "file") == 156_000
    assert index.asked[-1][1] == "bytes=100000-"
    assert (tmp_path / "file").read_bytes() == DATA
    assert [p.name for p in tmp_path.glob("file*")] == ["file"]


@pytest.mark.parametrize("left", [b"other bytes", b"x" * len(DATA), b"x" * (len(DATA) + 5)])
def test_leftovers_of_something_else_do_not_spoil_a_download(
    tmp_path: Path, index: IndexServer, left: bytes
) -> None:
    index.add("pack", "pack-1.0.tar.gz", DATA)
    (tmp_path / "file.part").write_bytes(left)
    client = index_at(index.url)
    client.download(client.find_files("pack")[0], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_wrong_hash_is_refused_and_leaves_nothing(tmp_path: Path, index: IndexServer) -> None:
    index.add("pack", "pack-1.0.tar.gz", DATA, sha256="0" * 64)
    client = index_at(index.url)
    with pytest.raises(FailedError, match="sha256"):
        client.download(client.find_files("pack")[0], tmp_path / "file")
    assert list(tmp_path.glob("file*")) == []


def test_an_empty_file_is_brought(tmp_path: Path, index: IndexServer) -> None:
    index.add("pack", "pack-1.0.tar.gz", b"")
    client = index_at(index.url)
    client.download(client.find_files("pack")[0], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b""


def test_pip_settings_are_taken_in_pips_order() -> None:
    options = parse_settings(
        "global.index-url='http://a/simple'\n"
        "download.index-url='http://b/simple'\n"
        ":env:.trusted-host='h1 h2'\n"
        "freeze.timeout='10'\n"
    )
    assert options == {"index-url": "http://b/simple", "trusted-host": "h1 h2"}


def test_a_pip_configuration_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = http://127.0.0.1:9/simple\n"
        "extra-index-url =\n    http://127.0.0.1:8/simple\n    http://127.0.0.1:7/simple\n"
        "cert = /a b/ca.pem\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    settings = load_settings()
    assert settings.indexes == tuple(f"http://127.0.0.1:{n}/simple" for n in (9, 8, 7))
    assert settings.certificates == "/a b/ca.pem"


def test_no_index_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels")
    settings = load_settings()
    assert settings.indexes == ()
    assert settings.find_links == ("/wheels",)


#: Debian's Python has no ensurepip, whose pip would be asked.
BARE = "import sys; sys.modules |= {'pip': None, 'ensurepip': None}; "


@pytest.mark.parametrize("bare", ["", BARE])
@pytest.mark.parametrize(
    ("env", "index"),
    [
        ({"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}, "http://127.0.0.1:9/simple"),
        ({}, "https://pypi.org/simple"),
    ],
)
def test_a_python_without_pip_asks_the_variable_or_pypi(
    env: dict[str, str], index: str, bare: str
) -> None:
    """-S hides site-packages, as an environment of uv's without pip would."""
    code = "from mlcbuild.sources import pipconfig as p; print(p.load_settings().indexes)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", bare + code],
        env=os.environ
        | env
        | {
            "PYTHONPATH": str(Path(mlcbuild.__file__).parents[1]),
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.strip() == f"('{index}',)", done.stderr
