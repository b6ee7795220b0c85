"""``mlcbuild trace``: really load an image, leaf first, and name the one that fails.

Children do the loading (``child.py``), the loader model says what to load in which order, and
``judge`` puts both together. Described in docs/trace.md.
"""

from mlcbuild.trace.result import Options, Trace
from mlcbuild.trace.run import trace

__all__ = ["Options", "Trace", "trace"]
