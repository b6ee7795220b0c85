"""The three wheels that we make: mlc_llm as built, and PyPI's two on our libraries."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mlcbuild.build.expectation import Expectation
from mlcbuild.build.judge import judge
from mlcbuild.build.staged import promises_native, read_contents
from mlcbuild.build.stamp import STAMP_NAME, Source, read_stamp, write_stamp
from mlcbuild.build.stamping import with_new_files
from mlcbuild.build.windows import is_system_dll
from mlcbuild.errors import FailedError
from mlcbuild.wheelhouse.repack import labelled, repack, repinned
from mlcbuild.wheelhouse.wheelfile import WheelFile, headers_of, with_headers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcbuild.build.stamp import Stamp
    from mlcbuild.wheelhouse.repack import Recipe

__all__ = ["Ingredients", "relabel", "stamp_of", "variant"]

#: Packages whose import loads the DLLs that the others find: stem -> who brings it.
_COMPANIONS: Final = {
    "apache-tvm-ffi": ("tvm_ffi", "mlcstdc++-6", "mlcgcc_s_seh-1", "mlcwinpthread-1"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingredients:
    """What the build left, for the variants: our DLLs by name, licence files, the stamp."""

    libraries: Mapping[str, bytes]
    #: Path below ``licenses/`` -> text; those of GCC's runtime among them.
    licences: Mapping[str, bytes]
    stamp: Stamp
    #: Project -> version with the label.
    pins: Mapping[str, str]


def relabel(wheel: WheelFile, ingredients: Ingredients) -> WheelFile:
    """Return our own wheel under its labelled version, requiring exactly the variants."""
    metadata = wheel.info["METADATA"]
    requires = headers_of(metadata, "Requires-Dist")
    version = labelled(wheel.version)
    headers = {"Version": [version], "Requires-Dist": repinned(requires, ingredients.pins)}
    info = {name: data for name, data in wheel.info.items() if name not in ("WHEEL", "METADATA")}
    info["METADATA"] = with_headers(metadata, headers)
    return replace(wheel, version=version, info=info)


def variant(wheel: WheelFile, data: bytes, recipe: Recipe, ingredients: Ingredients) -> WheelFile:
    """Repack one of PyPI's wheels, judge its libraries by the gate's rules, and stamp it.

    ``data`` are the bytes of the wheel, whose sha256 goes into the stamp. Raises ``FailedError``
    with the gate's first finding where a library must not be shipped.
    """
    prefix = f"{recipe.component}/"
    licences = {
        name: text
        for name, text in ingredients.licences.items()
        if name.startswith((prefix, *(f"{each}/" for each in recipe.licences_of)))
    }
    made = repack(
        wheel,
        recipe,
        libraries=ingredients.libraries,
        licences=licences,
        pins=ingredients.pins,
    )
    natives = [
        (path, content)
        for path, content in sorted(made.files.items())
        if promises_native(path, content[:4])
    ]
    _judge(made, natives, recipe, ingredients.stamp)
    origin = Source(
        name=recipe.project,
        origin="pypi",
        version=wheel.version,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    others = [source for source in ingredients.stamp.sources if source.name != recipe.project]
    stamp = with_new_files(
        replace(ingredients.stamp, sources=(*others, origin)), read_contents(natives)
    )
    where = f"{recipe.folder.partition('/')[0]}/{STAMP_NAME}"
    return replace(made, files={**made.files, where: write_stamp(stamp)})


def _judge(
    made: WheelFile, natives: Sequence[tuple[str, bytes]], recipe: Recipe, stamp: Stamp
) -> None:
    """Judge our libraries; what is PyPI's (core.pyd, Microsoft's runtime) is as it was there."""
    ours = {f"{recipe.folder}/{name}" for name in recipe.libraries}
    staged = read_contents((path, data) for path, data in natives if path in ours)
    expected = Expectation(
        system=stamp.target.system,
        machine=stamp.target.machine,
        configuration=stamp.configuration,
        companions={n: s for n, s in _COMPANIONS.items() if n != recipe.project},
    )
    for finding in judge(staged.natives, expected, is_system_dll=is_system_dll):
        if finding.severity == "error":
            raise FailedError(
                f"{made.filename}: [{finding.rule}] {finding.module or ''} {finding.message}",
                remedy=finding.fix,
            )
    for path, why in staged.broken.items():
        raise FailedError(f"{made.filename}: {path} has the name of a library and is none: {why}")


def stamp_of(wheel: WheelFile) -> Stamp:
    """Return the stamp of our own wheel. Raises ``FailedError`` where it has none."""
    for path, data in wheel.files.items():
        if path.endswith(f"/{STAMP_NAME}"):
            return read_stamp(data)
    raise FailedError(f"{wheel.filename} has no stamp", remedy="build it by mlcbuild's policy")
