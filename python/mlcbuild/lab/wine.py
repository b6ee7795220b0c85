"""A Wine prefix: its creation, environment and server."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.errors import FailedError
from mlcbuild.lab.downloads import RUNTIMES, fetch
from mlcbuild.lab.programs import DATA, OVERRIDES, Programs, compile_source, install_stand_ins
from mlcbuild.lab.waiting import quiet
from mlcbuild.programs import NOT_HERE
from mlcbuild.sources.cache import hold, stage_folder

#: Changed with the way a prefix is made, so that an older one is not used.
_RECIPE: Final = "3"
#: Wine asks this driver, in another process, for a volume's number with every ``stat`` of a file
#: and every file that Python opens: half of the time of an import. Without it the number is 0.
_VOLUMES: Final = r"HKLM\System\CurrentControlSet\Services\mountmgr"
_DISABLED: Final = ("/v", "Start", "/t", "REG_DWORD", "/d", "4", "/f")
#: Seconds the server stays after its last client: starts then take 0.1 s instead of 2.5.
_STAY_S: Final = 600
#: Seconds that making or starting a prefix may take on a loaded machine.
_BOOT_S: Final = 300
#: Attempts to start: another program may end the server meanwhile.
_STARTS: Final = 3
_LAUNCHER: Final = "launch.exe"
#: No Mono, no browser; no WMI, whose half kills Python 3.12's ``platform``; no debugger at a
#: fault, no entries in the user's menus.
_WITHOUT: Final = "mscoree,mshtml,wbemprox=;winedbg.exe,winemenubuilder.exe=d"
#: Microsoft's runtime, once installed: Wine's copies hide faults of the real ones.
_OVERRIDES: Final = (
    "concrt140,msvcp140,msvcp140_1,msvcp140_2,msvcp140_atomic_wait,msvcp140_codecvt_ids,"
    f"ucrtbase,vccorlib140,vcomp140,vcruntime140,vcruntime140_1=n;{OVERRIDES};{_WITHOUT}"
)
#: Variables of the caller's session to hide from Windows programs: its display, its desktop
#: folders, and settings of other loaders and interpreters.
_FOREIGN: Final = (
    *("CONDA_PREFIX", "DISPLAY", "LANGUAGE", "VIRTUAL_ENV", "WAYLAND_DISPLAY"),
    *("__PYVENV_LAUNCHER__", "SKIP_LOADING_MLCLLM_SO"),
)
_FOREIGN_PREFIXES: Final = (
    *("LC_", "LD_", "MLC_", "MLCBUILD_LAB_", "PYTHON", "TVM_", "WINE", "XDG_"),
)


def windows_path(path: Path) -> str:
    """Return a path of this machine as seen by Windows programs in the lab (drive Z is /)."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefix:
    """A complete Wine prefix."""

    folder: Path
    programs: Programs

    @property
    def system32(self) -> Path:
        """The System32 folder."""
        return self.folder / "drive_c" / "windows" / "system32"

    @property
    def launcher(self) -> Path:
        """The program that starts others and reports their exit code."""
        return self.folder / _LAUNCHER

    def environment(self, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of Wine's processes: the caller's, cleaned, plus ``given``.

        The locale is always UTF-8, so that names and arguments arrive unchanged.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in _FOREIGN and not name.startswith(_FOREIGN_PREFIXES)
        }
        return {
            **kept,
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": _OVERRIDES,
            **(given or {}),
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            NOT_HERE: "1",
            "WINEARCH": "win64",
            "WINELOADER": self.programs.wine,
            "WINEPREFIX": str(self.folder),
            "WINESERVER": self.programs.server,
        }

    def start(self) -> None:
        """Start the server and Windows' services unless they run; takes 2 ms then.

        Raises ``FailedError`` where Wine does not start.
        """
        with hold(self.folder):
            code = -1
            for _ in range(_STARTS):
                if self._server(f"-p{_STAY_S}", _BOOT_S) != 0:  # 2 where it ran already
                    return
                code = self._boot("cmd", "/c", "exit")
                if code == 0:
                    return
                if self.serves:  # the server was not ended: Wine itself fails
                    break
            raise self._dead(code)

    @property
    def serves(self) -> bool:
        """Whether the server runs; 2 ms."""
        return self._server("-k0") == 0

    def boot(self, *arguments: str, overrides: str) -> None:
        """Run one of Wine's programs while the prefix is made.

        Raises ``FailedError`` where it fails.
        """
        if code := self._boot(*arguments, overrides=overrides, serves=lambda: True):
            raise self._dead(code)

    def _boot(
        self,
        *arguments: str,
        overrides: str = _OVERRIDES,
        serves: Callable[[], bool] | None = None,
    ) -> int:
        """Run it with its output discarded: its children inherit its files."""
        environment = self.environment({"WINEDLLOVERRIDES": overrides})
        command = [self.programs.wine, *arguments]
        return quiet(command, environment, _BOOT_S, serves=serves or (lambda: self.serves))

    def _dead(self, code: int) -> FailedError:
        return FailedError(
            f"{self.programs.version} does not start (exit code {code})",
            remedy=f"delete {self.folder} and try again; WINEDEBUG= wine64 says more",
        )

    def stop(self) -> None:
        """End every process of this prefix and its server, and wait for that."""
        for option in ("-k", "-w"):
            self._server(option)

    def _server(self, option: str, limit_s: float = 60) -> int:
        return quiet([self.programs.server, option], self.environment(), limit_s)


def make_prefix(root: Path, programs: Programs, notice: Callable[[str], None]) -> Prefix:
    """Return the prefix below ``root``, created on first use. Its server need not run.

    Its name encodes its inputs: another Wine, runtime or stand-in gives another prefix.
    Raises ``FailedError`` where Wine or the compiler fails, and what ``fetch`` raises.
    """
    pins = " ".join(download.sha256 for download, _ in RUNTIMES.values())
    recipe = hashlib.sha256(f"{_RECIPE} {programs.version} {pins}".encode())
    for source in sorted(DATA.glob("*.c")):
        recipe.update(source.read_bytes())
    folder = root / "prefixes" / recipe.hexdigest()[:12]

    def make(staged: Path) -> None:
        runtimes = [
            (fetch(download, root / "downloads", notice), inside)
            for download, inside in RUNTIMES.values()
        ]
        fetched = (f"{name} {download.version}" for name, (download, _) in RUNTIMES.items())
        notice(f"making the prefix: {', '.join((programs.version, *fetched))}")
        prefix = Prefix(folder=staged, programs=programs)
        (staged / "home").mkdir()
        try:
            prefix.boot("wineboot", "-i", overrides=_WITHOUT)
            prefix.boot("winecfg.exe", "/v", "win10", overrides=_WITHOUT)
            prefix.boot("reg", "add", _VOLUMES, *_DISABLED, overrides=_WITHOUT)
        finally:
            prefix.stop()
        _own_user_folders(staged)
        _link_to_wine(prefix.system32, programs)
        for wheel, inside in runtimes:
            _install_runtime(wheel, inside, prefix.system32)
        install_stand_ins(programs, prefix.system32)
        compile_source(programs, "launch", prefix.launcher)

    def abandon(staged: Path) -> None:
        # A server identifies its prefix by the folder's inode, which may be reused.
        Prefix(folder=staged, programs=programs).stop()

    stage_folder(folder, make, notice, abandon=abandon)
    return Prefix(folder=folder, programs=programs)


def existing_prefixes(root: Path, programs: Programs) -> list[Prefix]:
    """Return every prefix below ``root``, including incomplete and old ones."""
    folders = [path.parent for path in (root / "prefixes").glob("*/drive_c")]
    return [Prefix(folder=folder, programs=programs) for folder in folders]


def _own_user_folders(prefix: Path) -> None:
    """Replace Wine's symlinks into $HOME by real folders; the prefix is renamed later."""
    for link in (prefix / "drive_c" / "users").glob("*/*"):
        if link.is_symlink():
            link.unlink()
            link.mkdir()


def _link_to_wine(system32: Path, programs: Programs) -> None:
    """Replace Wine's copies of its own DLLs by links to them: 60 MB instead of 690."""
    for folder in programs.modules:
        for own in Path(folder).iterdir():
            copy = system32 / own.name
            # wineboot has just copied it: the size distinguishes copies from files it writes
            # itself.
            if copy.is_file() and own.stat().st_size == copy.stat().st_size:
                copy.unlink()
                copy.symlink_to(own)


def _install_runtime(wheel: Path, inside: str, system32: Path) -> None:
    """Overwrite Wine's DLLs with those of a runtime."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(inside) and name.endswith(".dll"):
                dll = system32 / name.rpartition("/")[2]
                dll.unlink(missing_ok=True)
                dll.write_bytes(archive.read(name))
