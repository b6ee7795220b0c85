"""A model of the Windows loader for Python processes.

``world_from_package`` builds the places a load can see, ``predict`` says what Windows will do with
one image. The model is described, with its sources and limits, in ``docs/loader-model.md``.
"""

from mlcbuild.loader.build import Options, world_from_package
from mlcbuild.loader.outcome import Load, Need, Problem
from mlcbuild.loader.predict import predict
from mlcbuild.loader.world import World

__all__ = ["Load", "Need", "Options", "Problem", "World", "predict", "world_from_package"]
