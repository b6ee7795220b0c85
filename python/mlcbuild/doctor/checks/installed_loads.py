"""``installed-loads``: the installed TVM family loads together, by ``mlcbuild check``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.distributions import Distribution, family
from mlcbuild.doctor.runtimes import members_of, system_folder
from mlcbuild.errors import InputError
from mlcbuild.msvc import MSVCP
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.package.member import Kind, Member, Package, WheelFacts
    from mlcbuild.rules.finding import Finding

#: Rules that other checks cover (the redistributable, drivers), or that concern no load.
_ELSEWHERE: Final = frozenset(
    {
        "driver-dll-needed",
        "redist-needed",
        "redist-too-old",
        "record-mismatch",
        "wheel-tag-mismatch",
        "path-too-long",
    }
)
_DOUBTS: Final = frozenset({"mutex-abi", "ambiguous-dll", "openmp-duplicate"})


@check(
    title="What is installed will load",
    why="mlc_llm, tvm, tvm_ffi and xgrammar are one graph of DLLs from several wheels, which no "
    "installer checks as a whole: a missing DLL, a symbol that the installed version does not "
    "export, another machine, a Debug build.",
    source="mlc-ai/mlc-llm#3508; SystemPanic/vllm-windows#87; docs/check.md",
    platforms=("win32",),
    imports=(
        "mlcbuild.check",
        "mlcbuild.check.gather",
        "mlcbuild.check.corrections",
        "mlcbuild.check.settings",
        "mlcbuild.report.result",
    ),
    worth=lambda system: bool(family(system)),
)
def installed_loads(system: System) -> Outcome:
    installed = family(system)
    if not installed:
        return skip("none of mlc-llm, TVM, tvm-ffi and xgrammar is installed in this Python")
    from mlcbuild.check import check_package
    from mlcbuild.check.settings import Settings

    packages = {found.name: InstalledFiles(system, found) for found in installed}
    settings = Settings(msvcp140=_msvcp140(system))
    errors: list[tuple[str, Finding]] = []
    doubts: list[tuple[str, Finding]] = []
    loads = 0
    for name, package in packages.items():
        others = [other for other in packages.values() if other is not package]
        try:
            target = check_package(package, others, settings)
        except InputError as error:
            return fail(str(error), fix="mlcbuild doctor --only damaged-distributions")
        loads += sum(module.load.verdict == "loads" for module in target.modules)
        for finding in target.findings:
            if finding.severity == "error" and finding.rule not in _ELSEWHERE:
                errors.append((name, finding))
            elif finding.severity == "warning" and finding.rule in _DOUBTS:
                doubts.append((name, finding))
    found = errors or doubts
    if not found:
        return ok(f"{loads} images of {', '.join(packages)} load")
    name, first = found[0]
    answer = fail if errors else warn
    return answer(
        f"{name}: {first.module or ''}: {first.message}",
        evidence=[f"{who}: {each.rule}: {each.module}: {each.message}" for who, each in found],
        fix=f"mlcbuild check installed:{name}",
    )


def _msvcp140(system: System) -> str:
    image = system.image(system.join(system_folder(system), MSVCP))
    version = image.file_version if image is not None else None
    return dotted(version) if version else "none"


_PEEK: Final = 16
#: The size of code whose RECORD row states none.
_MOST_CODE: Final = 1 << 18


class InstalledFiles:
    """The native images of one distribution, and its code near the top. See ``package.member``."""

    def __init__(self, system: System, distribution: Distribution) -> None:
        self.name = distribution.name
        self.kind: Kind = "installed"
        self.wheel: WheelFacts | None = None
        self.companions: Sequence[Package] = ()
        self._system = system
        self._place = distribution.place
        self._distribution = distribution
        self._members: tuple[Member, ...] | None = None
        self._code: dict[str, memoryview] = {}

    def members(self) -> Iterator[Member]:
        """List the DLLs and modules, and the code that adds DLL folders."""
        if self._members is None:
            self._members = tuple(members_of(self._system, self._distribution))
        return iter(self._members)

    def read(
        self, member: Member, *, watch: Callable[[memoryview], None] | None = None
    ) -> memoryview:
        """Return a member's bytes. Raises ``InputError`` where it cannot be read."""
        data = self._code.get(member.path) or self._read(member, member.size or _MOST_CODE)
        if member.path.endswith(".py"):
            self._code[member.path] = data  # each package of the family reads it again
        if watch is not None:
            watch(data)
        return data

    def peek(self, member: Member) -> bytes:
        """Return a member's first bytes; raises like ``read``."""
        return bytes(self._read(member, _PEEK))

    def close(self) -> None:
        """Do nothing: no file is held open."""

    def _read(self, member: Member, limit: int) -> memoryview:
        path = self._system.join(self._place, *member.path.split("/"))
        data = self._system.read(path, limit=limit)
        if data is None:
            raise InputError(f"{member.path}: cannot be read")
        return memoryview(data)
