"""Run a module as ``python -m`` does, with libraries loaded first: what PATH is not for on Windows.

    python with_libraries.py MODULE WORDS...

MLCBUILD_LIBRARIES names the DLLs; their folders are searched for what else is needed.
"""

import ctypes
import os
import runpy
import sys
from pathlib import Path

loaded = []
for path in os.environ["MLCBUILD_LIBRARIES"].split(os.pathsep):
    os.add_dll_directory(Path(path).parent)
    loaded.append(ctypes.CDLL(path))
del sys.argv[0]
sys.path.pop(0)  # this file's folder
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
