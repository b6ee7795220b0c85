"""The JSON form (schema: ``schemas/check-1.json``), a stable interface for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mlcbuild import __version__

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load, Need
    from mlcbuild.report.result import Module, Report, Target
    from mlcbuild.rules.finding import Finding

SCHEMA_VERSION: Final = 1


def render(report: Report) -> str:
    """Return the report as indented JSON with a final newline; ASCII, for any console."""
    return json.dumps(table(report), indent=2) + "\n"


def table(report: Report) -> dict[str, Any]:
    """Return the report as plain dictionaries and lists."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "mlcbuild", "version": __version__},
        "targets": [_target(target) for target in report.targets],
        "summary": report.summary,
    }


def _target(target: Target) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": target.name,
        "kind": target.kind,
        "modules": [_module(module) for module in target.modules],
        "findings": [_finding(finding) for finding in target.findings],
    }
    if target.error:
        entry["error"] = {"message": target.error, "fix": target.remedy}
    return entry


def _module(module: Module) -> dict[str, Any]:
    return {
        "path": module.path,
        "machine": module.machine,
        "toolset": module.toolset,
        "crt": module.crt,
        "load": _load(module.load),
        "needs": [_need(need) for need in module.load.needs],
        "optional": module.optional,
    }


def _load(load: Load) -> dict[str, Any]:
    return {
        "verdict": load.verdict,
        "winerror": load.winerror,
        "chain": list(load.chain),
        "reason": load.reason,
    }


def _need(need: Need) -> dict[str, Any]:
    return {
        "name": need.name,
        "from": need.origin,
        "path": need.path,
        "importer": need.importer,
        "direct": need.direct,
        "delayed": need.delayed,
        "alternatives": list(need.alternatives),
        "provider": _provider(need),
    }


def _provider(need: Need) -> str | None:
    """Return the companion's file (``x.whl!pkg/x.dll``), or a description of the provider."""
    if need.origin == "companion" and need.key:
        return need.key
    return need.provider or None


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "module": finding.module,
        "message": finding.message,
        "evidence": finding.evidence,
        "fix": finding.fix,
    }
