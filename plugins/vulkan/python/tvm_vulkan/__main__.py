"""``python -m tvm_vulkan``: what Vulkan is on this machine, as TVM sees it."""

import sys

from tvm_vulkan import PLUGIN

if __name__ == "__main__":
    sys.exit(PLUGIN.tell())
