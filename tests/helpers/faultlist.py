"""The faults that the locator is judged by: how each is made, and what must be said of it.

``culprit`` is the end of a path. ``fix`` is how the fix begins; a healthy case has no cause.
``only_judged``: Wine loads what Windows refuses, so that the import proves nothing here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from realsite import Site, put
from tinydll import build_dll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Fault", "Parts", "faults"]

FFI, TVM, MLC = "apache-tvm-ffi", "apache-tvm", "mlc-llm"
PIP = "pip install --force-reinstall --no-deps"
BRINGS = {FFI: f"{PIP} {FFI}==0.1.13.post2", TVM: f"{PIP} {TVM}==0.26.0", MLC: PIP}


@dataclass(frozen=True, kw_only=True)
class Fault:
    name: str
    make: Callable[[Site, Parts], dict[str, Any]]
    cause: str = ""
    culprit: str = ""
    fix: str = ""
    #: It is seen in a process that has loaded something: one process for it alone.
    loads: bool = False
    only_judged: bool = False
    #: Files do not show it: the import alone says it.
    only_imported: bool = False


@dataclass(frozen=True)
class Parts:
    """DLLs to spoil an install with, each made once."""

    folder: Path
    made: dict[str, bytes] = field(default_factory=dict)

    def get(self, name: str, make: Callable[[Path], Path]) -> bytes:
        if name not in self.made:
            self.made[name] = make(self.folder / name / "x.dll").read_bytes()
        return self.made[name]

    def dll(self, kind: str) -> bytes:
        machine = {"x86": "x86", "arm64": "arm64"}.get(kind, "x86_64")
        imports = {
            "needs gone.dll": {"gone.dll": ["f"]},
            "a Debug build": {"MSVCP140D.dll": ["f"], "VCRUNTIME140D.dll": ["memcpy"]},
        }.get(kind)
        source = {
            "refuses": "int STDCALL DllMain(void *m, unsigned r, void *p) { return r != 1; }\n",
            "crashes": "int STDCALL DllMain(void *m, unsigned r, void *p) "
            "{ if (r == 1) *(volatile int *)0 = 1; return 1; }\n",
        }.get(kind, "")
        return self.get(
            kind,
            lambda path: build_dll(
                path, exports=["f"], imports=imports, machine=machine, source=source,
                toolchain="lld",
            ),
        )  # fmt: skip


def aged(site: Site, minor: int) -> bytes:
    """Return PyPI's own msvcp140.dll, which says that it is of an older version."""
    data = (site / "apache_tvm_ffi.libs/msvcp140.dll").read_bytes()
    at = data.index(b"\xbd\x04\xef\xfe") + 8  # VS_FIXEDFILEINFO
    return data[:at] + struct.pack("<II", 14 << 16 | minor, 1 << 16) + data[at + 8 :]


def faults() -> list[Fault]:
    found = [*_damaged(), *_ran(), *_packages(), *_variables(), *_runtimes(), *_stamps()]
    assert len({each.name for each in found}) == len(found)
    return found


#: A library -> whose it is.
LIBRARIES = {
    "tvm_ffi/lib/tvm_ffi.dll": FFI,
    "tvm_ffi/lib/tvm_ffi_testing.dll": FFI,
    "tvm_ffi/core.cp311-win_amd64.pyd": FFI,
    "mlc_llm/lib/tvm_runtime.dll": MLC,
    "tvm/lib/tvm_runtime.dll": TVM,
    "mlc_llm/lib/mlc_llm.dll": MLC,
}
DAMAGES = {
    "gone": "missing-dll",
    "empty": "not-a-pe",
    "text": "not-a-pe",
    "cut off": "not-a-pe",
    "x86": "wrong-machine",
    "arm64": "wrong-machine",
    "needs gone.dll": "missing-dll",
    "a Debug build": "debug-crt",
    "exports nothing": "missing-export",
}


def _damaged() -> Iterator[Fault]:
    for library, owner in LIBRARIES.items():
        for damage, cause in DAMAGES.items():
            # Without ours, TVM's own runtime of the same release is as good.
            healthy = damage == "gone" and library == "mlc_llm/lib/tvm_runtime.dll"
            last = library.endswith("mlc_llm.dll")
            if damage == "exports nothing" and (last or library.endswith(".pyd")):
                continue  # nothing imports from it
            name = library.rpartition("/")[2]
            gone = "absent" if last else cause
            debug = damage == "a Debug build" and not library.endswith(".pyd")
            # Told by the same code for every library: two of them are enough to load.
            alike = damage in ("empty", "cut off", "arm64") and library in (
                "tvm_ffi/lib/tvm_ffi_testing.dll",
                "tvm/lib/tvm_runtime.dll",
            )
            yield Fault(
                name=f"{library} is {damage}" if not damage.startswith("needs") else
                f"{library} {damage}",
                make=_damage(library, damage),
                cause="" if healthy else gone if damage == "gone" else cause,
                culprit="" if healthy else "gone.dll" if damage == "needs gone.dll" else name,
                fix="" if healthy else "build with" if debug else BRINGS[owner],
                loads=not alike and not last and not library.endswith(".pyd"),
                only_judged=alike or damage == "exports nothing",
            )  # fmt: skip


def _damage(library: str, damage: str) -> Callable[[Site, Parts], dict[str, Any]]:
    def make(site: Site, parts: Parts) -> dict[str, Any]:
        path = site / library
        whole = path.read_bytes()
        if library == "tvm/lib/tvm_runtime.dll":  # it counts where ours is not there
            (site / "mlc_llm/lib/tvm_runtime.dll").unlink()
        if damage == "gone":
            path.unlink()
        else:
            simple = {"empty": b"", "text": b"no library\n" * 90, "cut off": whole[:300]}
            put(path, simple[damage] if damage in simple else parts.dll(damage))
        return {}

    return make


def _ran() -> Iterator[Fault]:
    """What fails while it runs: only a load can tell."""
    for library in ("tvm_ffi/lib/tvm_ffi.dll", "tvm/lib/tvm_runtime.dll"):
        for damage in ("refuses", "crashes"):
            yield Fault(
                name=f"{library} {damage}",
                make=_damage(library, damage),
                cause="init-failed",
                culprit=library.rpartition("/")[2],
                fix=BRINGS[LIBRARIES[library]],
                loads=True,
                only_imported=True,
            )


def _version(site: Site, package: str, number: str) -> None:
    put(site / f"{package}/_version.py", f"__version__ = version = '{number}'\n")


def _elsewhere(how: str, files: dict[str, str]) -> Callable[[Site, Parts], dict[str, Any]]:
    """Put files before the right package: through PYTHONPATH, a .pth file or the current folder."""

    def make(site: Site, parts: Parts) -> dict[str, Any]:
        del parts
        other = site.folder.parent / f"{site.folder.name} other"
        for name, text in files.items():
            put(other / name, text)
        if how == "PYTHONPATH":
            return {"other": str(other), "first": [str(other)], "env": {"PYTHONPATH": str(other)}}
        if how == ".pth":
            put(site / "old tree.pth", f"{other}\n")
            return {"other": str(other), "first": [str(other)], "pth": [str(other)]}
        return {"other": str(other), "first": [str(other)], "cwd": str(other)}

    return make


def _packages() -> Iterator[Fault]:
    def gone(package: str, owner: str) -> Callable[[Site, Parts], dict[str, Any]]:
        def make(site: Site, parts: Parts) -> dict[str, Any]:
            del parts
            for path in sorted(site.folder.rglob("*"), reverse=True):
                top = path.relative_to(site.folder).parts[0]
                if top == package or top.startswith(f"{owner.replace('-', '_')}-"):
                    path.rmdir() if path.is_dir() else path.unlink()
            return {}

        return make

    def versioned(package: str, number: str) -> Callable[[Site, Parts], dict[str, Any]]:
        return lambda site, _: _version(site, package, number) or {}

    for package, owner in (("tvm", TVM), ("tvm_ffi", FFI)):
        pinned = BRINGS[owner].rpartition(" ")[2]
        yield Fault(
            name=f"{package} is not installed", make=gone(package, owner),
            cause="missing-package", culprit=package, fix=f"pip install {pinned}",
        )  # fmt: skip
        for number in ("0.0.9", "0.99.0"):
            yield Fault(
                name=f"{package} {number} is installed", make=versioned(package, number),
                cause="stamp-mismatch", culprit=package, fix=f"pip install {pinned}",
            )  # fmt: skip
        mark = "base.py" if package == "tvm" else "registry.py"
        old = {f"{package}/__init__.py": "", f"{package}/{mark}": "",
               f"{package}/_version.py": "__version__ = '0.1.2'\n"}  # fmt: skip
        other = {f"{package}/__init__.py": "", f"{package}/hello.py": ""}
        file = {f"{package}.py": ""}
        if package == "tvm_ffi":
            old["tvm_ffi/core.py"] = ""
        for how in ("PYTHONPATH", ".pth", "the current folder"):
            for what, files, cause in (
                ("an old", old, "stamp-mismatch"),
                ("another project's", other, "wrong-package"),
                ("a file of that name as", file, "wrong-package"),
            ):
                yield Fault(
                    name=f"{what} {package} comes first through {how}",
                    make=_elsewhere(how, files),
                    cause=cause,
                    culprit=f"{package}.py" if what.startswith("a file") else package,
                    fix="unset PYTHONPATH" if how == "PYTHONPATH" else "ren ",
                )
    yield Fault(
        name="tvm is overwritten by another project's",
        make=lambda site, _: (site / "tvm/base.py").unlink() or {},
        cause="wrong-package", culprit="tvm", fix=BRINGS[TVM],
    )  # fmt: skip
    yield Fault(
        name="tvm_ffi is for another Python",
        make=lambda site, _: site.core.rename(site / "tvm_ffi/core.cp312-win_amd64.pyd") and {},
        cause="missing-dll", culprit="core.cp312-win_amd64.pyd", fix=BRINGS[FFI],
    )  # fmt: skip
    for name, make in (
        ("metadata of an older apache-tvm lies beside it",
         lambda site, _: put(site / "apache_tvm-0.25.0.dist-info/METADATA", "Name: x\n") and {}),
        ("an empty folder tvm comes first", _elsewhere("PYTHONPATH", {"tvm/read.me": ""})),
        ("metadata of mlc_llm is gone",
         lambda site, _: [p.unlink() for p in site.folder.glob("mlc_llm-*/METADATA")] and {}),
    ):  # fmt: skip
        yield Fault(name=name, make=make)


def _variables() -> Iterator[Fault]:
    variable = "MLC_LIBRARY_PATH"

    def named(value: str) -> Callable[[Site, Parts], dict[str, Any]]:
        def make(site: Site, parts: Parts) -> dict[str, Any]:
            put(site.folder.parent / "made" / "text.dll", "no library")
            put(site.folder.parent / "made" / "x86.dll", parts.dll("x86"))
            put(site.folder.parent / "made" / "other.dll", parts.dll("other"))
            put(site.folder.parent / "made" / "tool.py", "")
            return {"env": {variable: value}}

        return make

    for what, value, cause in (
        ("a file that is not there", "{made}\\gone.dll", "absent"),
        ("a folder without the library", "{made}", "bad-variable"),
        ("several folders", "{made};{site}", "bad-variable"),
        ("a path in quotes", '"{site}\\mlc_llm\\lib\\mlc_llm.dll"', "bad-variable"),
        ("a Python file", "{made}\\tool.py", "bad-variable"),
        ("a variable that nothing expands", "%USERPROFILE%\\mlc_llm.dll", "bad-variable"),
        ("a text file", "{made}\\text.dll", "not-a-pe"),
        ("a DLL of 32 bits", "{made}\\x86.dll", "wrong-machine"),
        ("another library", "{made}\\other.dll", "not-mlc-llm"),
        ("TVM's runtime", "{site}\\tvm\\lib\\tvm_runtime.dll", "not-mlc-llm"),
    ):
        yield Fault(
            name=f"{variable} names {what}", make=named(value), cause=cause,
            fix=f"unset {variable}",
        )  # fmt: skip
    for what in ("text", "x86", "needs gone.dll"):
        cause = DAMAGES[what]

        def make(site: Site, parts: Parts, what: str = what) -> dict[str, Any]:
            data = b"no library" if what == "text" else parts.dll(what)
            put(site.folder.parent / f"made {what}" / "tvm_runtime.dll", data)
            return {"env": {"TVM_LIBRARY_PATH": f"{{made}} {what}"}}

        yield Fault(
            name=f"TVM_LIBRARY_PATH has a runtime that is {what}", make=make, cause=cause,
            culprit="gone.dll" if "gone" in what else "tvm_runtime.dll",
            fix="unset TVM_LIBRARY_PATH", loads=True,
        )  # fmt: skip
    yield Fault(
        name="TVM_LIBRARY_PATH names nothing",
        make=lambda _, __: {"env": {"TVM_LIBRARY_PATH": "C:\\nowhere"}},
    )
    yield Fault(
        name="TVM_USE_RUNTIME_LIB is set", make=lambda _, __: {"env": {"TVM_USE_RUNTIME_LIB": "1"}}
    )


def _runtimes() -> Iterator[Fault]:
    libs = "apache_tvm_ffi.libs/msvcp140.dll"

    def at(name: str, minor: int = 29) -> Callable[[Site, Parts], dict[str, Any]]:
        return lambda site, _: put(site / name, aged(site, minor)) and {}

    for minor in (16, 29, 34, 37):
        yield Fault(
            name=f"{libs} is 14.{minor}",
            make=at(libs, minor),
            cause="mutex-abi", culprit="apache_tvm_ffi.libs/MSVCP140.dll", fix=BRINGS[FFI],
        )  # fmt: skip
    yield Fault(
        name="an old msvcp140.dll lies beside tvm_ffi.dll",
        make=at("tvm_ffi/lib/msvcp140.dll"),
        cause="mutex-abi", culprit="tvm_ffi/lib/MSVCP140.dll", fix="del ",
    )  # fmt: skip
    yield Fault(
        name="an old msvcp140.dll is loaded before",
        make=lambda site, _: put(site.folder.parent / "old" / "msvcp140.dll", aged(site, 29))
        and {"before": "import ctypes; ctypes.CDLL(r'{old}\\msvcp140.dll')"},
        cause="mutex-abi", culprit="old/msvcp140.dll", fix="import mlc_llm before", loads=True,
    )  # fmt: skip
    yield Fault(
        name=f"{libs} is text",
        make=lambda site, _: put(site / libs, b"no library" * 9) and {},
        cause="not-a-pe", culprit="apache_tvm_ffi.libs/MSVCP140.dll", fix=BRINGS[FFI], loads=True,
    )  # fmt: skip
    yield Fault(  # the search passes over it
        name=f"{libs} is x86",
        make=lambda site, parts: put(site / libs, parts.dll("x86")) and {},
        loads=True,
    )
    yield Fault(name="all is well", make=lambda _, __: {}, loads=True)
    for name, make in (
        (f"{libs} is gone", lambda site, _: (site / libs).unlink() or {}),
        ("an old msvcp140.dll in apache_tvm.libs loses", at("apache_tvm.libs/msvcp140.dll")),
        ("an old msvcp140.dll beside mlc_llm.dll loses", at("mlc_llm/lib/msvcp140.dll")),
    ):
        yield Fault(name=name, make=make, loads=True)


def _stamps() -> Iterator[Fault]:
    stamp = "mlc_llm/_build.json"
    for what, text in (
        ("{", "{"), ("a list", "[1, 2]"), ("empty", ""), ("zeros", "\0" * 40),
        ("nested too deep", "[" * 200_000), ("of odd types", '{"files": 3, "sources": {"a": 1}}'),
    ):  # fmt: skip
        yield Fault(
            name=f"{stamp} is {what}",
            make=lambda site, _, text=text: put(site / stamp, text) and {},
        )  # type: ignore[misc]

    def longer(site: Site, parts: Parts) -> dict[str, Any]:
        del parts
        path = site / "mlc_llm/lib/mlc_llm.dll"
        put(path, path.read_bytes() + struct.pack("<I", 0))
        return {}

    yield Fault(
        name="mlc_llm.dll is not the file that was built", make=longer, cause="stamp-mismatch",
        culprit="mlc_llm.dll", fix=PIP,
    )  # fmt: skip
    yield Fault(
        name=f"{stamp} is of a build for another TVM",
        make=lambda site, _: put(
            site / stamp, '{"sources": [{"name": "tvm", "version": "0.27.0"}]}'
        )
        and {},
        cause="stamp-mismatch", culprit="mlc_llm/_build.json", fix=PIP,
    )  # fmt: skip
