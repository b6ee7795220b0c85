"""SARIF 2.1.0, which code-scanning services and editors read (OASIS standard, 2020)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mlcbuild import __version__
from mlcbuild.foreign import sarif_text
from mlcbuild.rules import RULE_IDS, all_rules

if TYPE_CHECKING:
    from mlcbuild.report.result import Report, Target
    from mlcbuild.rules.finding import Finding, Rule

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_HELP: Final = "https://github.com/mlcbuild/mlcbuild/blob/main/docs/rules.md"


def render(report: Report) -> str:
    """Return the report as an ASCII SARIF log, which any console can show, with a final newline."""
    return json.dumps(table(report), indent=2) + "\n"


def table(report: Report) -> dict[str, Any]:
    """Return the SARIF log as plain dictionaries and lists."""
    unreadable = [target for target in report.targets if target.error]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "mlcbuild",
                        "semanticVersion": __version__,
                        "informationUri": _HELP,
                        "rules": [_rule(rule) for rule in all_rules()],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "artifacts": [{"location": _location(t)} for t in report.targets],
                "invocations": [
                    {
                        "executionSuccessful": not unreadable,
                        "exitCode": report.exit_code,
                        "toolExecutionNotifications": [_unread(target) for target in unreadable],
                    }
                ],
                "results": [
                    _result(target, finding, index)
                    for index, target in enumerate(report.targets)
                    for finding in target.findings
                ],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.fix}\nSource: {rule.source}"},
        "helpUri": f"{_HELP}#{rule.id}",
        "defaultConfiguration": {"level": rule.severity.partition(";")[0].partition(" ")[0]},
    }


def _location(target: Target) -> dict[str, Any]:
    path = (target.spec or target.name).replace("\\", "/")
    if path.startswith("//"):  # else a reader takes the next part for a host
        path = f"/{path.lstrip('/')}"
    # A file name need not be valid text.
    return {"uri": quote(path, safe="/", errors="surrogatepass")}


def _unread(target: Target) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": sarif_text(target.error)},
        "locations": [{"physicalLocation": {"artifactLocation": _location(target)}}],
    }


def _result(target: Target, finding: Finding, index: int) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {**_location(target), "index": index}}
    }
    where = target.name
    if finding.module is not None:
        where = finding.module
        location["logicalLocations"] = [
            {
                "name": finding.module.rpartition("/")[2],
                "fullyQualifiedName": finding.module,
                "kind": "module",
            }
        ]
    identity = "\0".join((target.name, finding.rule, finding.module or "", finding.message))
    return {
        "ruleId": finding.rule,
        "ruleIndex": RULE_IDS.index(finding.rule),
        "level": finding.severity,
        "message": {"text": sarif_text(f"{where}: {finding.message}. Fix: {finding.fix}")},
        "locations": [location],
        "partialFingerprints": {
            "finding/v1": hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
        },
        "properties": {"evidence": finding.evidence},
    }
