"""Verdicts on odd but healthy wheels: hashes in hex, .NET code for any CPU, no native code."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.check import check_package
from mlcbuild.check.settings import Settings
from mlcbuild.report import as_text
from mlcbuild.report.groups import verdict_line
from mlcbuild.report.result import Report
from pefactory import make_pe

#: CorHdr.h: IL alone, for any CPU.
IL_ONLY = 0x1
ASSEMBLY = make_pe(machine="x86", imports={"mscoree.dll": ["_CorDllMain"]}, managed_flags=IL_ONLY)


def checked(files: Any, **facts: Any) -> Any:
    tag = facts.pop("tag", "py3-none-win_amd64")
    package = MemoryPackage(files, kind="wheel", wheel=wheel(tag, **facts))
    return check_package(package, (), Settings())


@pytest.mark.parametrize("spell", [str.lower, str.upper])
def test_a_right_hash_in_hex_is_a_note(spell: Any) -> None:
    data = make_pe(exports=["f"])
    digest = spell(hashlib.sha256(data).hexdigest())
    rows: Any = {"pkg/a.dll": (f"sha256={digest}", len(data))}
    (found,) = checked({"pkg/a.dll": data}, record=rows).findings
    assert (found.severity, found.rule) == ("note", "record-mismatch")
    wrong = {"pkg/a.dll": (f"sha256={'0' * 64}", len(data))}
    found = checked({"pkg/a.dll": data}, record=wrong).findings[0]
    assert (found.severity, found.evidence["kind"]) == ("error", "hash")


@pytest.mark.parametrize("tag", ["py3-none-any", "py3-none-win_amd64", "py3-none-win_arm64"])
def test_dotnet_code_for_any_cpu_is_not_for_32_bits(tag: str) -> None:
    target = checked({"pkg/net.dll": ASSEMBLY}, tag=tag, record={"pkg/net.dll": ("", None)})
    assert [m.load.verdict for m in target.modules] == ["loads"]
    assert target.findings == ()
    assert verdict_line(target) == ("GOOD", "1 image: 1 will load")


def test_dotnet_code_bound_to_32_bits_is() -> None:
    bound = make_pe(machine="x86", managed_flags=IL_ONLY | 0x2)
    target = checked({"pkg/net.dll": bound}, tag="py3-none-any")
    assert verdict_line(target)[1] == "1 image for 32-bit x86: 1 will load"


def test_a_wheel_without_images_is_pure_python() -> None:
    rows: Any = {"pkg/__init__.py": ("", None)}
    target = checked({"pkg/__init__.py": b""}, tag="py3-none-any", record=rows)
    assert verdict_line(target) == ("GOOD", "pure Python: no images")


def test_the_counts_of_the_entries_add_up_to_the_summary() -> None:
    lacking = make_pe(imports={"gone.dll": ["f"], "lost.dll": ["f"]})
    files = {f"pkg/m{index}.pyd": lacking for index in range(9)}
    target = checked(files, record=dict.fromkeys(files, ("", None)))
    text = as_text.render(Report(targets=(target,)))
    printed = [int(count or 1) for count in re.findall(r"  error [\w-]+(?: \((\d+)\))?  ", text)]
    assert printed == [9, 9]
    assert text.endswith("18 errors, 0 warnings, 0 notes\n")
