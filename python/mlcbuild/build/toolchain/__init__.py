"""Which compiler builds, driven how: pure decisions over recorded facts.

``probe.read_machine`` reads what the machine has, ``wishes.read_wishes`` what the user and the
project ask for; ``choice.choose`` decides and gives its reasons; ``activate.environment`` runs
``vcvarsall.bat`` where the choice needs MSVC's environment. Everything but the two ends is a
function of its arguments, so that a situation of Windows is tested anywhere.
"""

from __future__ import annotations

from mlcbuild.build.toolchain.choice import Choice, Vcvars, choose
from mlcbuild.build.toolchain.cmake import NINJA, CMake, read_capabilities
from mlcbuild.build.toolchain.facts import Machine, Prompt
from mlcbuild.build.toolchain.vswhere import VisualStudio, read_vswhere, vswhere_arguments
from mlcbuild.build.toolchain.wishes import Wishes, read_wishes

__all__ = [
    "NINJA",
    "CMake",
    "Choice",
    "Machine",
    "Prompt",
    "Vcvars",
    "VisualStudio",
    "Wishes",
    "choose",
    "read_capabilities",
    "read_vswhere",
    "read_wishes",
    "vswhere_arguments",
]
