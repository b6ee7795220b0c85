"""Call one hook of a project's build backend as if it ran under a Windows CPython.

    python hook.py REQUEST

Run by ``cross/backend.py`` in the build's own environment, so it is standard library alone, and the
packaging that scikit-build-core needs. REQUEST is a JSON file; the hook's answer goes to the file
that it names. scikit-build-core asks Python about the target in few places: there, and nowhere
else, the modules it asks answer for Windows. The programs that CMake starts get what CPython itself
offers for cross builds: its build variables by ``_PYTHON_SYSCONFIGDATA_NAME``.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: nothing of the build is found here

import importlib
import json
import os
import platform
import sysconfig
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

#: Module of scikit-build-core -> the modules in it that answer for the target.
_ASKING = {
    "builder.builder": ("sys", "sysconfig"),
    "builder.sysconfig": ("sys", "sysconfig"),
    "builder.wheel_tag": ("sys",),
    "settings.skbuild_overrides": ("sys", "platform"),
}
_Version = namedtuple("_Version", ("major", "minor", "micro", "releaselevel", "serial"))  # noqa: PYI024
_VARIABLES_MODULE = "_sysconfigdata_mlcbuild_windows"
#: For the Pythons that CMake starts: a line of code (-c) that asks for the version hears the
#: target's; modules that are run (-m) hear their own, which their code was written for.
_SITE = """\
import sys
_words = sys.orig_argv
_code = "".join(_words[_words.index("-c") + 1 :][:1]) if "-c" in _words else ""
if "version_info" in _code:
    from collections import namedtuple
    _Version = namedtuple("version_info", "major minor micro releaselevel serial")
    sys.version_info = _Version(3, {minor}, {micro}, "final", 0)
"""


class _View:
    """A module of this Python that answers for another; what it is not told is as it is here."""

    def __init__(self, module: ModuleType, **answers: object) -> None:
        self.__dict__.update(answers)
        self._module = module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        return getattr(self._module, name)


def _views(target: dict[str, Any]) -> dict[str, _View]:
    version = _Version(3, target["minor"], target["micro"], "final", 0)
    variables, include = target["variables"], target["include"]

    def variable(name: str) -> Any:  # noqa: ANN401 - as sysconfig's own
        return variables[name] if name in variables else sysconfig.get_config_var(name)

    def path(name: str, *arguments: Any, **options: Any) -> str:  # noqa: ANN401
        return include if name == "include" else sysconfig.get_path(name, *arguments, **options)

    implementation = SimpleNamespace(
        name="cpython", version=version, cache_tag=f"cpython-3{target['minor']}"
    )
    return {
        "sys": _View(
            sys,
            platform="win32",
            version_info=version,
            implementation=implementation,
            base_exec_prefix=target["folder"],
        ),
        "sysconfig": _View(
            sysconfig,
            get_config_var=variable,
            get_path=path,
            get_platform=lambda: target["host_platform"],
        ),
        "platform": _View(platform, machine=lambda: target["processor"]),
    }


def _answer_for(target: dict[str, Any]) -> None:
    """Have scikit-build-core, and ``packaging.tags`` in this process, answer for the target."""
    views = _views(target)
    for name, asked in _ASKING.items():
        module = importlib.import_module(f"scikit_build_core.{name}")
        for each in asked:
            getattr(module, each)  # a scikit-build-core that asks elsewhere is not this one
            setattr(module, each, views[each])
    gil = importlib.import_module("scikit_build_core.builder.sysconfig")
    if not hasattr(gil, "is_free_threaded") and target["variables"]["Py_GIL_DISABLED"]:
        raise AttributeError("is_free_threaded")
    tags = importlib.import_module("packaging.tags")

    def sys_tags(**_: object) -> Any:  # noqa: ANN401 - an iterator of tags
        version = (3, target["minor"])
        yield from tags.cpython_tags(version, [target["abi"]], [target["platform"]])
        yield from tags.compatible_tags(version, f"cp3{target['minor']}", [target["platform"]])

    tags.sys_tags = sys_tags  # type: ignore[attr-defined]


def _tell_children(target: dict[str, Any], folder: Path) -> None:
    """Write the build variables of the target where the Pythons that CMake starts find them."""
    variables = {**sysconfig.get_config_vars(), **target["variables"]}
    plain = {k: v for k, v in variables.items() if v is None or isinstance(v, (str, int))}
    text = f"build_time_vars = {plain!r}\n"
    folder.joinpath(f"{_VARIABLES_MODULE}.py").write_text(text, encoding="utf-8")
    site = _SITE.format(minor=target["minor"], micro=target["micro"])
    folder.joinpath("sitecustomize.py").write_text(site, encoding="utf-8")
    found = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), found)))
    os.environ["_PYTHON_SYSCONFIGDATA_NAME"] = _VARIABLES_MODULE


def _backend(request: dict[str, Any]) -> Callable[..., Any]:
    """Import the backend as PEP 517 says: its own folders first; a colon names an object in it."""
    sys.path[:0] = [str(Path(folder).resolve()) for folder in request["backend_path"]]
    name, _, inner = request["backend"].partition(":")
    found: Any = importlib.import_module(name)
    for part in filter(None, inner.split(".")):
        found = getattr(found, part)
    return getattr(found, request["hook"], None) or (lambda *_: [])


def main(path: str) -> None:
    """Call the hook that the request names."""
    request = json.loads(Path(path).read_text(encoding="utf-8"))
    try:
        _answer_for(request["target"])
    except (ImportError, AttributeError) as error:
        sys.exit(f"mlcbuild: error: this scikit-build-core is not one that can be led: {error}")
    hook = _backend(request)
    _tell_children(request["target"], Path(request["folder"]))
    answer = hook(*request["arguments"], request["settings"])
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
