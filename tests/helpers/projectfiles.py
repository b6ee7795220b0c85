"""What MSBuild would be given: Visual Studio's project files, read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Project", "read_projects", "words"]

_MSBUILD: Final = "{http://schemas.microsoft.com/developer/msbuild/2003}"
_PATHS: Final = ("ClCompile", "ResourceCompile", "CustomBuild", "None", "ProjectReference")
#: What CMake wraps round the commands of a step.
_FRAME: Final = re.compile(r"(setlocal|endlocal .*|if %errorlevel% .*|:\w+|exit /b %1|cd \.)$")


@dataclass(frozen=True, kw_only=True)
class Project:
    """One ``.vcxproj``."""

    path: Path
    root: ET.Element = field(repr=False)

    @property
    def name(self) -> str:
        """The target's name."""
        return self.path.stem

    def texts(self, element: str) -> list[str]:
        """Return the text of every element of that name, wherever it stands."""
        return [found.text or "" for found in self.root.iter(_MSBUILD + element)]

    def items(self, *elements: str) -> list[ET.Element]:
        """Return what the project lists by elements of those names: files, mostly."""
        every = (found for name in elements for found in self.root.iter(_MSBUILD + name))
        return [found for found in every if found.get("Include")]

    def included(self, *elements: str) -> list[str]:
        """Return the names of those items."""
        return [item.attrib["Include"] for item in self.items(*elements)]

    def settings(self, tool: str) -> dict[str, str]:
        """Return what is set for all files that a tool (ClCompile, Link, Lib) works on."""
        groups = self.root.iter(f"{_MSBUILD}ItemDefinitionGroup")
        found = (child for group in groups for child in group.findall(f"{_MSBUILD}{tool}/*"))
        return {child.tag.removeprefix(_MSBUILD): child.text or "" for child in found}

    @property
    def compiles(self) -> bool:
        """Whether cl.exe has a file to compile here."""
        return bool(self.included("ClCompile"))

    @property
    def commands(self) -> list[str]:
        """Return the command lines of every step, without CMake's frame round them."""
        lines = (line for text in self.texts("Command") for line in text.splitlines())
        return [line for line in lines if line.strip() and not _FRAME.match(line)]

    @property
    def files(self) -> Iterator[str]:
        """Every file that the project reads or writes, relative ones as they stand."""
        yield from self.included(*_PATHS)
        for element in ("Outputs", "AdditionalInputs", "ImportLibrary", "ProgramDataBaseFile"):
            for text in self.texts(element):
                yield from (name for name in text.split(";") if name and "%(" not in name)
        for folder in self.texts("IntDir"):
            for source in self.included("ClCompile", "ResourceCompile"):
                yield folder + re.split(r"[\\/]", source)[-1].rpartition(".")[0] + ".obj"
            # The longest of the logs that MSBuild keeps of each tool.
            yield f"{folder}{self.name}.tlog\\custombuild.command.1.tlog"


def read_projects(build: Path) -> dict[str, Project]:
    """Read every project of a build folder, CMake's own ones included.

    Raises ``ParseError`` for one that is not XML: a control character is none.
    """
    found = sorted(build.rglob("*.vcxproj"))
    return {path.stem: Project(path=path, root=ET.parse(path).getroot()) for path in found}  # noqa: S314 - CMake's own


def words(line: str) -> list[str]:
    """Split a command line or a list of options as Windows does; no quote stands in a word here."""
    return [word.replace('"', "") for word in re.findall(r'(?:"[^"]*"|[^\s"])+', line)]
