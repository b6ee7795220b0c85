"""The JSON form (schema: ``schemas/check-1.json``), a stable interface for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlcbuild.jsontext import headed, written

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load, Need
    from mlcbuild.report.result import Module, Report, Target
    from mlcbuild.rules.finding import Finding


def render(report: Report) -> str:
    """Return the report as JSON."""
    return written(table(report))


def table(report: Report) -> dict[str, Any]:
    """Return the report as plain dictionaries and lists."""
    targets = [_target(target) for target in report.targets]
    return headed({"targets": targets, "summary": report.summary})


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
