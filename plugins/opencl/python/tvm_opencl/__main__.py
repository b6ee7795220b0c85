"""``python -m tvm_opencl``: what OpenCL is on this machine, as TVM sees it."""

import sys

from tvm_opencl import PLUGIN

if __name__ == "__main__":
    sys.exit(PLUGIN.tell())
