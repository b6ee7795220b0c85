"""``user-install``: files that reach site-packages only if it is below ``sys.prefix``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.package.names import in_site_by_prefix, installed_path
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
    paths = [path for path in subject.images if in_site_by_prefix(path)]
    if not paths:
        return
    yield Finding(
        severity="note",
        module=paths[0],
        message=(
            f"{installed_path(paths[0])[0]} is where this wheel means it to be in an environment "
            "or a whole Python, not after pip install --user"
        ),
        evidence={"paths": paths},
        fix="put it into the package itself, not into .data/data/Lib/site-packages",
    )


RULE = Rule(
    severity="note",
    title="A native file is installed into site-packages through the prefix",
    why=(
        "A wheel's NAME.data/data/ goes to the prefix, and on Windows the packages are in "
        "Lib/site-packages below it. pip install --user puts packages into PythonXY/site-"
        "packages below another prefix: there the file ends up in a folder that Python does "
        "not search."
    ),
    source="PyPA, Binary distribution format; CPython, sysconfig schemes nt and nt_user",
    fix="Ship the file inside the package's own folder.",
    judge=_judge,
)
