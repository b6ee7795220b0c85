"""A report with one of everything, for the tests of the report forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from check_facts import broken_load, loads, need
from mlcbuild.report.result import Module, Report, Target
from mlcbuild.rules.finding import Finding

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load

__all__ = ["finding", "full_report", "module", "wheel_target"]


def finding(
    rule: str = "missing-dll",
    severity: str = "error",
    module: str | None = "pkg/mid.dll",
    message: str = "leaf.dll is not found",
    fix: str = "bundle leaf.dll",
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,  # type: ignore[arg-type]
        module=module,
        message=message,
        evidence={"dll": "leaf.dll", "fails_too": ["pkg/user.dll"]},
        fix=fix,
    )


def module(
    path: str,
    load: Load | None = None,
    toolset: str | None = "14.44",
    machine: str = "x86_64",
) -> Module:
    return Module(path=path, machine=machine, toolset=toolset, crt="dynamic", load=load or loads())


def wheel_target(*findings: Finding, name: str = "pkg-1.0-py3-none-win_amd64.whl") -> Target:
    """Return a wheel with a module that loads, two that fail and one that may fail."""
    return Target(
        name=name,
        kind="wheel",
        modules=(
            module(
                "pkg/user.dll",
                broken_load(
                    "missing-dll",
                    126,
                    ["pkg/user.dll", "mid.dll", "leaf.dll"],
                    need("mid.dll", "dll-dir", "pkg/mid.dll", importer="pkg/user.dll"),
                    need("leaf.dll", "missing", importer="pkg/mid.dll", direct=False),
                    need("kernel32.dll", "system", importer="pkg/user.dll"),
                ),
            ),
            module(
                "pkg/mid.dll",
                broken_load(
                    "missing-dll", 126, ["pkg/mid.dll", "leaf.dll"], need("leaf.dll", "missing")
                ),
            ),
            module(
                "pkg/gpu.dll",
                broken_load(
                    "driver",
                    126,
                    ["pkg/gpu.dll", "vulkan-1.dll"],
                    need("vulkan-1.dll", "driver"),
                    certain=False,
                ),
            ),
            module("pkg/fine.pyd", toolset=None),
        ),
        findings=findings,
    )


def full_report(*, strict: bool = False) -> Report:
    """Return a wheel with findings of every severity, a clean image and an unreadable target."""
    return Report(
        targets=(
            wheel_target(
                finding(),
                finding("driver-dll-needed", "warning", "pkg/gpu.dll", "needs vulkan-1.dll"),
                finding("path-too-long", "note", None, "paths over 259 characters", ""),
            ),
            Target(name="good.dll", kind="image", modules=(module("good.dll"),)),
            Target(name="gone.whl", kind="wheel", error="no such file: gone.whl", remedy="look"),
        ),
        strict=strict,
    )
