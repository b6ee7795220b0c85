"""The running interpreter, as the checks see it."""

from __future__ import annotations

import os
import struct
import sys
import sysconfig

from mlcbuild.doctor.system import Python


def this_python() -> Python:
    """Describe the running interpreter."""
    folders = [path for path in sys.path if path and _has_distributions(path)]
    folders += [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    return Python(
        executable=sys.executable or "",
        version=sys.version_info[:3],
        bits=struct.calcsize("P") * 8,
        prefix=sys.prefix,
        base_prefix=sys.base_prefix,
        platform=sysconfig.get_platform(),
        site_packages=tuple(dict.fromkeys(folders)),
        implementation=sys.implementation.name,
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        build=sys.version,
    )


def _has_distributions(folder: str) -> bool:
    """Return whether a folder is site-packages, or a folder from a .pth file with distributions."""
    try:
        return folder.endswith("-packages") or any(
            name.endswith(".dist-info")
            for name in os.listdir(folder)  # noqa: PTH208 - strings
        )
    except OSError:
        return False
