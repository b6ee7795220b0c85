from __future__ import annotations

import subprocess
import sys

from commands import ROOT, run_mlcbuild
from mlcbuild.report import FORMATS


def test_the_generated_parts_of_the_page_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_docs.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_page_names_every_option_of_the_command() -> None:
    done = run_mlcbuild("check", "--help")
    assert done.returncode == 0, done.stderr
    page = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    options = {word.strip(",[]") for word in done.stdout.split() if word.startswith("--")}
    missing = {option for option in options if f"`{option}" not in page}
    assert missing <= {"--help", "--verbose"}
    assert all(f"`{form}`" in page for form in FORMATS)
