"""``--output``: readable, complete, and without names of users, homes and hosts."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from fakemachine import FakeSystem, install, linux, windows
from mlcbuild.doctor.as_page import render
from mlcbuild.doctor.check import Examination, Result
from mlcbuild.doctor.redact import redacted, redactor
from mlcbuild.doctor.runner import examine


def sick_windows() -> FakeSystem:
    pc = windows()
    pc.folder = r"C:\Users\ada\OneDrive\Dokumente\mlc"
    pc.env |= {
        "OneDrive": r"C:\Users\ada\OneDrive",
        "TVM_LIBRARY_PATH": r"c:/users/ADA/tvm/build",
        "MLC_LLM_SOURCE_DIR": r"\\analytical\share\mlc",
        "COMPUTERNAME": "ANALYTICAL",
        "USERNAME": "ada",
        "PYTHONPATH": r"D:\Users\Charles Babbage\src",
    }
    install(pc, "mlc-llm", "1.0", editable=r"C:\Users\ada\mlc-llm")
    return pc


@pytest.mark.parametrize("form", ["md", "html"])
def test_no_name_is_left(form: str) -> None:
    pc = sick_windows()
    examination = examine(pc)
    assert "ada" in render(examination, form)
    page = render(redacted(examination, pc), form).lower()
    for name in ("ada\\", "ada/", "ada<", "analytical", "charles", "babbage"):
        assert name not in page
    assert "onedrive" in page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"C:\Users\ada\tvm\x.dll 1.0", r"~\tvm\x.dll 1.0"),
        ("c:/users/ada/tvm", "~/tvm"),
        (r"C:\Users\adam\tvm", r"C:\Users\USER\tvm"),
        (r"C:\Users\ADALOV~1\AppData", r"C:\Users\USER\AppData"),
        (r"\\server\share\x", r"\\HOST\share\x"),
        (r"\\?\C:\long", r"\\?\C:\long"),
        ("ada@analytical.corp.example", "USER@HOST.corp.example"),
        ("/home/somebody/.cargo/bin/cargo 1.8", "/home/USER/.cargo/bin/cargo 1.8"),
        ("metadata of Canada", "metadata of Canada"),
        (r"C:\Program Files\CMake\bin", r"C:\Program Files\CMake\bin"),
    ],
)
def test_names_are_taken_out_and_nothing_else(text: str, expected: str) -> None:
    assert redactor(windows())(text) == expected


def test_root_is_no_name() -> None:
    pc = linux()
    pc.home, pc.user = "/var/root", "root"
    assert redactor(pc)("/var/root/.cargo and the root") == "~/.cargo and the root"


def test_a_companys_index_is_not_told() -> None:
    result = Result(
        id="package-index",
        title="t",
        category="network",
        status="fail",
        finding="the package index cannot be reached: no route",
        evidence=("index https://nexus.corp.example:8443/simple", "proxy http://proxy.corp:3128"),
        fix="x",
    )
    page = render(redacted(Examination(results=(result,)), linux()), "md")
    assert "corp" not in page
    assert "https://HOST/simple" in page


def test_markdown_shows_what_comes_from_a_machine_as_text() -> None:
    nasty = "x | y <b>`z`</b> ``` [a](b)"
    result = Result(
        id="a",
        title="t",
        category="paths",
        status="fail",
        finding=nasty,
        evidence=(nasty,),
        fix=nasty,
    )
    page = render(Examination(results=(result,), machine="m"), "md")
    assert "<b>" not in page.replace(nasty, "")
    assert "````text" in page


def test_html_is_well_formed_and_escaped() -> None:
    pc = windows()
    pc.env["TVM_LIBRARY_PATH"] = r"C:\<script>alert(1)</script>"
    page = render(examine(pc), "html")
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            assert attrs is not None
            tags.append(tag)

    Reader().feed(page)
    assert tags.count("script") == 1  # the page's own, which copies a fix
    assert {"table", "pre", "details"} <= set(tags)
