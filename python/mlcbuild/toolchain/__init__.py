"""The choice of compiler and generator: pure decisions over recorded facts.

``probe.read_machine`` reads the machine, ``overrides.read_overrides`` the requests of the user and
the project; ``choice.choose`` decides and gives its reasons; ``activate.environment`` runs
``vcvarsall.bat`` where the choice needs MSVC's environment. All but the first and last step are
pure functions, so that Windows situations can be tested on any system.
"""

from __future__ import annotations

from mlcbuild.toolchain.choice import choose
from mlcbuild.toolchain.decision import Choice, Vcvars
from mlcbuild.toolchain.machine import NINJA, CMake, Machine, Prompt, read_capabilities
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
