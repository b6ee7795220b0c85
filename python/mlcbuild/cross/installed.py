"""The distributions of a build environment, and which have headers for this machine only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from mlcbuild.programs import ask

if TYPE_CHECKING:
    from build.env import DefaultIsolatedEnv

#: Headers of a pure wheel are the same everywhere; those of others are in an include folder.
_LIST: Final = """
import json
from importlib.metadata import distributions
found = []
for each in distributions():
    native = "Root-Is-Purelib: false" in (each.read_text("WHEEL") or "")
    paths = [str(path) for path in each.files or () if native]
    headers = [p for p in paths if "/include/" in p and p.endswith((".h", ".hpp"))]
    found.append((each.metadata["Name"], each.version, str(each.locate_file("")), bool(headers)))
print(json.dumps(found))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """One distribution below the folder ``root``; ``name`` is normalised."""

    name: str
    version: str
    root: str
    #: Whether it is platform-specific and has headers.
    has_headers: bool


def installed_in(env: DefaultIsolatedEnv) -> tuple[Installed, ...]:
    """Return the distributions of the environment."""
    done = ask([env.python_executable, "-c", _LIST])
    return tuple(
        Installed(name=canonicalize_name(name), version=version, root=root, has_headers=headers)
        for name, version, root, headers in json.loads(done.stdout if done else b"[]")
    )
