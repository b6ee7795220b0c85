"""Where a wheel comes from: an in-toto statement with SLSA's build provenance, unsigned.

It says what the stamp and the runner say. The signature is the platform's: GitHub's attestation
action signs the same digests (docs/release.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlcbuild import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcbuild.release.contents import Contents
    from mlcbuild.stamp import Source

__all__ = ["make_provenance"]

_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://slsa.dev/provenance/v1"
_BUILD_TYPE: Final = "https://github.com/mlcbuild/mlcbuild/builder/v1"


def make_provenance(wheels: Sequence[Contents], env: Mapping[str, str]) -> dict[str, Any]:
    """Return one statement over all wheels. Outside GitHub Actions the builder is ``local``."""
    server, repository = env.get("GITHUB_SERVER_URL", ""), env.get("GITHUB_REPOSITORY", "")
    run = f"{server}/{repository}/actions/runs/{env.get('GITHUB_RUN_ID', '')}"
    on_github = bool(server and repository)
    materials = {
        source.name: _material(source)
        for wheel in wheels
        if wheel.stamp
        for source in wheel.stamp.sources
    }
    own = []
    if on_github and env.get("GITHUB_SHA"):
        uri = f"git+{server}/{repository}@{env.get('GITHUB_REF', '')}"
        own = [{"uri": uri, "digest": {"gitCommit": env["GITHUB_SHA"]}}]
    return {
        "_type": _STATEMENT,
        "subject": [{"name": wheel.file, "digest": {"sha256": wheel.sha256}} for wheel in wheels],
        "predicateType": _PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE,
                "externalParameters": {
                    "workflow": env.get("GITHUB_WORKFLOW_REF", ""),
                    "wheels": [_parameters(wheel) for wheel in wheels],
                },
                "internalParameters": {"mlcbuild": __version__},
                "resolvedDependencies": [*own, *(materials[name] for name in sorted(materials))],
            },
            "runDetails": {
                "builder": {"id": f"{server}/actions/runner" if on_github else "local"},
                "metadata": {"invocationId": run if on_github else ""},
            },
        },
    }


def _material(source: Source) -> dict[str, Any]:
    if source.commit:
        uri = f"git+{source.url}" if source.url else source.name
        return {"uri": f"{uri}@{source.commit}", "digest": {"gitCommit": source.commit}}
    entry: dict[str, Any] = {"uri": f"pkg:pypi/{source.name}@{source.version}"}
    if source.sha256:
        entry["digest"] = {"sha256": source.sha256}
    return entry


def _parameters(wheel: Contents) -> dict[str, Any]:
    stamp = wheel.stamp
    if stamp is None:
        return {"wheel": wheel.file}
    return {
        "wheel": wheel.file,
        "configuration": stamp.configuration,
        "generator": stamp.generator,
        "compiler": f"{stamp.compiler.id} {stamp.compiler.version}",
        "devices": list(stamp.devices),
    }
