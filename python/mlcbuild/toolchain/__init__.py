"""Which compiler builds, driven how: pure decisions over recorded facts.

``probe.read_machine`` reads what the machine has, ``overrides.read_overrides`` what the user and
the project ask for; ``choice.choose`` decides and gives its reasons; ``activate.environment`` runs
``vcvarsall.bat`` where the choice needs MSVC's environment. Everything but the two ends is a
function of its arguments, so that a situation of Windows is tested anywhere.
"""

from __future__ import annotations

from mlcbuild.toolchain.choice import Choice, Vcvars, choose
from mlcbuild.toolchain.cmake import NINJA, CMake, read_capabilities
from mlcbuild.toolchain.machine import Machine, Prompt
from mlcbuild.toolchain.overrides import Overrides, read_overrides
from mlcbuild.toolchain.vswhere import VisualStudio, read_vswhere, vswhere_arguments

__all__ = [
    "NINJA",
    "CMake",
    "Choice",
    "Machine",
    "Overrides",
    "Prompt",
    "Vcvars",
    "VisualStudio",
    "choose",
    "read_capabilities",
    "read_overrides",
    "read_vswhere",
    "vswhere_arguments",
]
