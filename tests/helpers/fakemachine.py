r"""Machines for the doctor, laid out by a test: any platform's files, programs and registry.

    pc = windows()
    pc.program(r"C:\CMake\bin\cmake.exe", {"--version": "cmake version 3.28.1"}, on_path=True)
    pc.registry_values[r"HKLM\SYSTEM\..."] = {"LongPathsEnabled": 0}
    pc.env["TVM_HOME"] = r"C:\gone"

``windows()`` and ``linux()`` are healthy machines, on which no check has anything to say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlcbuild.doctor.system import Entry, Python, Ran, System
from mlcbuild.pe.facts import Image
from mlcbuild.pe.fields import NotPeError
from mlcbuild.pe.reader import read_image
from pefactory import make_pe
from windowsmachines import capabilities, visual_studio, vswhere

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CMAKE",
    "GIT",
    "KITS",
    "SITE",
    "VSWHERE",
    "WINGET",
    "FakeSystem",
    "install",
    "linux",
    "set_cmake",
    "set_gpu",
    "set_redist",
    "set_visual_studios",
    "windows",
]

VSWHERE = r"C:\Program Files (x86)\Microsoft Visual Studio\Installer\vswhere.exe"
CMAKE = r"C:\Program Files\CMake\bin\cmake.exe"
GIT = r"C:\Program Files\Git\cmd\git.exe"
CARGO = r"C:\Users\ada\.cargo\bin"
WINGET = r"C:\Users\ada\AppData\Local\Microsoft\WindowsApps\winget.exe"
KITS = r"C:\Program Files (x86)\Windows Kits\10"
SYSTEM32 = r"C:\Windows\System32"
#: The registry's class of display adapters.
DISPLAY = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
SITE = r"C:\src\mlc\.venv\Lib\site-packages"


class FakeSystem(System):
    """A machine that is what its attributes say; change them, then examine it."""

    def __init__(
        self, *, platform: str, machine: str, python: Python, folder: str, home: str
    ) -> None:
        self.platform = platform
        self.machine = machine
        self.python = python
        self.folder = folder
        self.home = home
        self.user = "ada"
        self.host = "analytical"
        self.env: dict[str, str] = {}
        #: Key -> its values.
        self.registry_values: dict[str, dict[str, object]] = {}
        self.free = 200_000_000_000
        self.read_only: set[str] = set()
        self.unreadable: set[str] = set()
        #: URL's beginning -> what goes wrong; other pages are there.
        self.dead_hosts: dict[str, str] = {}
        #: The proxy of each page that was asked for.
        self.proxies: list[str] = []
        #: The programs that started this one, nearest first.
        self.callers_: tuple[str, ...] = ()
        self._files: dict[str, tuple[str, bytes | Image | None]] = {}
        self._answers: dict[str, Mapping[str, str | Ran]] = {}
        self._key_cache: dict[str, str] = {}
        #: Commands that were run, for tests of what is not started.
        self.commands: list[tuple[str, ...]] = []

    # ------------------------------------------------------------------ laying it out
    def put(self, path: str, content: str | bytes | Image = b"") -> FakeSystem:
        """Lay down a file and the folders above it."""
        data = content.encode() if isinstance(content, str) else content
        self._files[self._key(path)] = (path, data)
        parent = self.path.dirname(path)
        while parent and self._key(parent) not in self._files:
            self._files[self._key(parent)] = (parent, None)
            parent = self.path.dirname(parent)
        return self

    def put_folder(self, path: str) -> FakeSystem:
        """Lay down an empty folder."""
        self.put(self.join(path, "x"))
        self.remove(self.join(path, "x"))
        return self

    def remove(self, path: str) -> FakeSystem:
        """Take away a file, or a folder with all in it."""
        key = self._key(path)
        separator = "\\" if self.windows else "/"
        for other in [k for k in self._files if k == key or k.startswith(key + separator)]:
            del self._files[other]
        self._answers.pop(key, None)
        return self

    def program(
        self, path: str, answers: Mapping[str, str | Ran] | None = None, *, first: bool = False
    ) -> FakeSystem:
        """Lay down a program and put its folder on PATH; arguments -> what it prints."""
        self.put(path, b"MZ" if self.windows else b"\x7fELF")
        self._answers[self._key(path)] = answers or {}
        folder = self.path.dirname(path)
        separator = ";" if self.windows else ":"
        entries = [entry for entry in self.env.get("PATH", "").split(separator) if entry]
        if first or folder not in entries:
            entries = [folder, *entries] if first else [*entries, folder]
        self.env["PATH"] = separator.join(dict.fromkeys(entries))
        return self

    def answer(self, path: str, answers: Mapping[str, str | Ran]) -> FakeSystem:
        """Say what a program off PATH answers."""
        self.put(path, b"MZ")
        self._answers[self._key(path)] = answers
        return self

    def with_python(self, **changes: Any) -> FakeSystem:
        """Change facts of the interpreter."""
        self.python = replace(self.python, **changes)
        return self

    # ------------------------------------------------------------------ the door
    def environment(self) -> Mapping[str, str]:
        return self.env

    def registry(self, key: str) -> Mapping[str, object] | None:
        found = {k.lower(): v for k, v in self.registry_values.items()}.get(key.lower())
        if found is None and self.registry_keys(key):
            return {}
        return found

    def registry_keys(self, key: str) -> tuple[str, ...]:
        start = key.lower() + "\\"
        below = [k[len(start) :] for k in self.registry_values if k.lower().startswith(start)]
        return tuple(dict.fromkeys(rest.partition("\\")[0] for rest in below))

    def run(self, *command: str, limit_s: float = 20.0) -> Ran:
        assert limit_s > 0
        self.commands.append(command)
        answers = self._answers.get(self._key(command[0]))
        if answers is None:
            return Ran(code=None, problem="no such file or directory")
        answer = answers.get(" ".join(command[1:]), Ran(code=1, err="unknown option"))
        return Ran(code=0, out=answer) if isinstance(answer, str) else answer

    def entry(self, path: str) -> Entry | None:
        found = self._files.get(self._key(path))
        if found is None:
            return None
        _, data = found
        size = data.size if isinstance(data, Image) else len(data or b"")
        return Entry(kind="folder" if data is None else "file", size=size)

    def names(self, folder: str) -> tuple[str, ...] | None:
        key = self._key(folder)
        if folder in self.unreadable or not self.is_folder(folder):
            return None
        parents = ((path, self._key(self.path.dirname(path))) for path, _ in self._files.values())
        return tuple(
            sorted(
                self.path.basename(path)
                for path, parent in parents
                if parent == key and self._key(path) != key
            )
        )

    def read(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        found = self._files.get(self._key(path))
        data = found[1] if found else None
        return data[:limit] if isinstance(data, bytes) and path not in self.unreadable else None

    def image(self, path: str) -> Image | None:
        found = self._files.get(self._key(path))
        data = found[1] if found else None
        if isinstance(data, bytes):
            try:
                return read_image(data, path=path)
            except NotPeError:
                return None
        return replace(data, path=path) if data is not None else None

    def free_bytes(self, folder: str) -> int | None:
        assert folder
        return self.free

    def writable(self, folder: str) -> bool:
        return self.is_folder(folder) and folder not in self.read_only

    def fetch(self, url: str, *, proxy: str = "", limit_s: float = 10.0) -> str:
        assert limit_s > 0
        self.proxies.append(proxy)
        return next((why for start, why in self.dead_hosts.items() if url.startswith(start)), "")

    def callers(self) -> tuple[str, ...]:
        return self.callers_

    def rename(self, old: str, new: str) -> str:
        if self.entry(new) is not None:
            return f"{new} already exists"
        _, data = self._files.pop(self._key(old))
        assert isinstance(data, bytes)
        self.put(new, data)
        return ""

    def _key(self, path: str) -> str:
        if path not in self._key_cache:
            self._key_cache[path] = self.path.normcase(self.path.normpath(path))
        return self._key_cache[path]


def windows() -> FakeSystem:
    """A healthy Windows 11: Visual Studio 2022, CMake, Git, Rust, Python 3.12 in a venv."""
    venv = r"C:\src\mlc\.venv"
    pc = FakeSystem(
        platform="win32",
        machine="AMD64",
        python=Python(
            executable=rf"{venv}\Scripts\python.exe",
            version=(3, 12, 7),
            bits=64,
            prefix=venv,
            base_prefix=r"C:\Python312",
            platform="win-amd64",
            site_packages=(rf"{venv}\Lib\site-packages",),
        ),
        folder=r"C:\src\mlc",
        home=r"C:\Users\ada",
    )
    pc.env = {
        "SystemRoot": r"C:\Windows",
        "ProgramFiles(x86)": r"C:\Program Files (x86)",
        "PROMPT": "$P$G",
        "VIRTUAL_ENV": venv,
        "TEMP": r"C:\Users\ada\AppData\Local\Temp",
        "PATH": rf"{SYSTEM32};C:\Windows",
    }
    pc.put_folder(SYSTEM32)
    pc.put_folder(pc.folder).put_folder(pc.env["TEMP"]).put_folder(r"C:\Python312")
    pc.put(r"C:\Python312\Lib\ensurepip\__init__.py").put(rf"{SITE}\pip\__init__.py")
    pc.program(rf"{venv}\Scripts\python.exe")
    pc.program(WINGET)
    set_cmake(pc, "4.2.1")
    set_visual_studios(pc, visual_studio(2022, "BuildTools"))
    set_redist(pc)
    set_gpu(pc)
    pc.program(
        GIT,
        {
            "--version": "git version 2.47.1.windows.1\n",
            "lfs version": "git-lfs/3.6.0 (GitHub; windows amd64)\n",
            "config --get filter.lfs.process": "git-lfs filter-process\n",
            "config --get core.longpaths": "true\n",
        },
    )
    set_rust(pc, "1.85.0", "x86_64-pc-windows-msvc")
    pc.registry_values[r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem"] = {
        "LongPathsEnabled": 1
    }
    roots = r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows Kits\Installed Roots"
    pc.registry_values[roots] = {"KitsRoot10": KITS}
    pc.put(rf"{KITS}\Include\10.0.26100.0\um\windows.h")
    pc.put(rf"{KITS}\Lib\10.0.26100.0\um\x64\kernel32.lib")
    return pc


def set_redist(pc: FakeSystem, version: tuple[int, int, int, int] = (14, 44, 35211, 0)) -> None:
    """Install the Visual C++ redistributable: files and registration."""
    for name in ("msvcp140.dll", "vcruntime140.dll", "vcruntime140_1.dll"):
        pc.put(rf"{SYSTEM32}\{name}", make_pe(version=version, exports=["f"]))
    key = r"HKLM\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64"
    text = "v" + ".".join(map(str, version))
    pc.registry_values[key] = {"Installed": 1, "Version": text}


def set_gpu(pc: FakeSystem, name: str = "AMD Radeon RX 7800 XT", provider: str = "AMD") -> None:
    """Put in a graphics card with its maker's driver, Vulkan and OpenCL."""
    store = rf"{SYSTEM32}\DriverStore\FileRepository\gpu"
    pc.registry_values[rf"{DISPLAY}\0000"] = {
        "DriverDesc": name,
        "ProviderName": provider,
        "DriverVersion": "32.0.12019.1028",
        "VulkanDriverName": [rf"{store}\vk64.json"],
    }
    pc.put(rf"{store}\vk64.json", '{"ICD": {"library_path": ".\\\\vk64.dll"}}')
    pc.put(rf"{store}\vk64.dll", b"MZ")
    pc.put(rf"{store}\ocl64.dll", b"MZ")
    vendors = r"HKLM\SOFTWARE\Khronos\OpenCL\Vendors"
    pc.registry_values[vendors] = {rf"{store}\ocl64.dll": 0}
    for loader in ("vulkan-1.dll", "OpenCL.dll"):
        pc.put(rf"{SYSTEM32}\{loader}", b"MZ")


def set_cmake(pc: FakeSystem, version: str) -> None:
    """Install a CMake of this version on Windows."""
    answers = {
        "--version": f"cmake version {version}\n",
        "-E capabilities": capabilities(version).decode(),
    }
    pc.program(CMAKE, answers)


def set_visual_studios(
    pc: FakeSystem, *visual_studios: dict[str, Any], toolset: str = "14.44.35207"
) -> None:
    """Say what vswhere answers, and lay down what the installations hold."""
    answer = vswhere(*visual_studios).decode()
    words = "-all -products * -prerelease -format json -utf8"
    pc.answer(VSWHERE, {f"{words} -include packages": answer, words: answer})
    for entry in visual_studios:
        place = rf"{entry['installationPath']}\VC\Auxiliary\Build"
        pc.put(rf"{place}\Microsoft.VCToolsVersion.default.txt", f"{toolset}\n")


def set_rust(pc: FakeSystem, version: str, host: str) -> None:
    """Install Rust by rustup for the user."""
    end = ".exe" if pc.windows else ""
    folder = pc.join(pc.home, ".cargo", "bin")
    pc.program(pc.join(folder, f"cargo{end}"), {"--version": f"cargo {version} (d73d2caf9)\n"})
    pc.program(pc.join(folder, f"rustup{end}"))
    pc.program(pc.join(folder, f"rustc{end}"), {"-vV": f"rustc {version}\nhost: {host}\n"})


def install(pc: FakeSystem, name: str, version: str, *requires: str, editable: str = "") -> str:
    """Install a distribution; return its metadata's folder."""
    place = pc.python.site_packages[0]
    info = pc.join(place, f"{name.replace('-', '_')}-{version}.dist-info")
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {r}" for r in requires)]
    pc.put(pc.join(info, "METADATA"), "\n".join(lines) + "\n\nText\n")
    if editable:
        url = "file:///" + editable.replace("\\", "/").lstrip("/")
        pc.put(
            pc.join(info, "direct_url.json"),
            f'{{"url": "{url}", "dir_info": {{"editable": true}}}}',
        )
    return info


def linux() -> FakeSystem:
    """A healthy Debian with what the build and the cross-build need."""
    venv = "/home/ada/mlc/.venv"
    pc = FakeSystem(
        platform="linux",
        machine="x86_64",
        python=Python(
            executable=f"{venv}/bin/python",
            version=(3, 11, 2),
            bits=64,
            prefix=venv,
            base_prefix="/usr",
            platform="linux-x86_64",
            site_packages=(f"{venv}/lib/python3.11/site-packages",),
        ),
        folder="/home/ada/mlc",
        home="/home/ada",
    )
    site = pc.python.site_packages[0]
    pc.put_folder(pc.folder).put_folder("/tmp")  # noqa: S108 - in the fake machine
    pc.put(f"{site}/pip/__init__.py")
    pc.program(f"{venv}/bin/python").program("/usr/bin/apt-get").program("/usr/bin/sudo")
    pc.program("/usr/bin/cmake", {"--version": "cmake version 3.31.6\n"})
    pc.program("/usr/bin/ninja", {"--version": "1.12.1\n"})
    pc.program("/usr/bin/g++", {"--version": "g++ (Debian 12.2.0-14) 12.2.0\n"})
    pc.program("/usr/bin/git", {"--version": "git version 2.39.5\n"})
    pc.program(
        "/usr/bin/x86_64-w64-mingw32-g++-posix",
        {"-v": Ran(code=0, err="Thread model: posix\ngcc version 12-posix (GCC)\n")},
    )
    pc.program("/usr/bin/wine", {"--version": "wine-8.0 (Debian 8.0~repack-4)\n"})
    set_rust(pc, "1.85.0", "x86_64-unknown-linux-gnu")
    sysroot = "/home/ada/.rustup/toolchains/stable-x86_64-unknown-linux-gnu"
    pc.program(
        "/home/ada/.cargo/bin/rustc",
        {"-vV": "host: x86_64-unknown-linux-gnu\n", "--print sysroot": f"{sysroot}\n"},
    )
    pc.put_folder(f"{sysroot}/lib/rustlib/x86_64-pc-windows-gnu/lib")
    return pc
