"""The bill of materials of a wheel as CycloneDX 1.6, for ``.dist-info/sboms`` (PEP 770).

The output is reproducible: serial number and time derive from the wheel and SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mlcbuild import __version__
from mlcbuild.errors import UsageError
from mlcbuild.extras import install_extra

if TYPE_CHECKING:
    from mlcbuild.release.contents import Contents, Part

#: PEP 770: the name contains the tool's, so that two tools do not overwrite each other.
SBOM_NAME: Final = "mlcbuild.cdx.json"


def make_sbom(contents: Contents, *, epoch: int, of_file: bool = False) -> str:
    """Return the document; ``of_file`` adds the wheel's own digest, for the separate copy.

    ``epoch`` is in seconds since 1970. Raises ``UsageError`` without cyclonedx-python-lib.
    """
    try:
        from cyclonedx.model import HashAlgorithm, HashType, Property  # noqa: PLC0415
        from cyclonedx.model.bom import Bom  # noqa: PLC0415
        from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
        from cyclonedx.output import make_outputter  # noqa: PLC0415
        from cyclonedx.schema import OutputFormat, SchemaVersion  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "cyclonedx-python-lib is not installed", remedy=install_extra("release")
        ) from error

    def component(part: Part) -> Any:  # noqa: ANN401 - the library's
        is_file = part.kind in ("library", "bundled")
        return Component(
            name=part.name,
            version=part.version or None,
            type=ComponentType.FILE if is_file else ComponentType.LIBRARY,
            bom_ref=_reference(part),
            licenses=_licences(part.licence),
            purl=_purl(part.purl),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)]
            if part.sha256
            else None,
            properties=[
                Property(name=f"mlcbuild:{name}", value=value)
                for name, value in (("kind", part.kind), ("requirement", part.requirement))
                if value
            ],
        )

    root = Component(
        name=contents.distribution,
        version=contents.version,
        type=ComponentType.LIBRARY,
        bom_ref="wheel",
        licenses=_licences(contents.licence),
        purl=_purl(f"pkg:pypi/{contents.distribution.lower()}@{contents.version}"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=contents.sha256)] if of_file else None,
        properties=[
            Property(name=f"mlcbuild:{name}", value=value)
            for name, value in _built(contents).items()
        ],
    )
    # A library both linked and required is one component: the linked one.
    parts = {_reference(part): component(part) for part in reversed(contents.parts)}
    identity = "\n".join(f"{p.kind} {p.name} {p.version} {p.sha256}" for p in contents.parts)
    bom = Bom(
        components=parts.values(),
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{contents.file}\n{identity}"),
    )
    bom.metadata.component = root
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, tz=UTC)
    bom.metadata.tools.components.add(
        Component(name="mlcbuild", version=__version__, type=ComponentType.APPLICATION)
    )
    bom.register_dependency(root, parts.values())
    text: str = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(
        indent=1
    )
    return text + "\n"


def _reference(part: Part) -> str:
    return part.purl or f"{part.kind}:{part.name}"


def _built(contents: Contents) -> dict[str, str]:
    stamp = contents.stamp
    if stamp is None:
        return {}
    return {
        "configuration": stamp.configuration,
        "compiler": f"{stamp.compiler.id} {stamp.compiler.version}",
        "target": f"{stamp.target.system} {stamp.target.machine}",
        "devices": ",".join(stamp.devices),
    }


def _licences(text: str) -> Any:  # noqa: ANN401 - the library's
    if not text:
        return None
    from cyclonedx.contrib.license.factories import LicenseFactory  # noqa: PLC0415

    # Crates write MIT/Apache-2.0 for SPDX's OR.
    return [LicenseFactory().make_from_string(text.replace("/", " OR "))]


def _purl(text: str) -> Any:  # noqa: ANN401 - the library's
    if not text:
        return None
    from packageurl import PackageURL  # noqa: PLC0415

    return PackageURL.from_string(text)
