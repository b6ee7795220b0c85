"""A model of the Windows loader for Python processes.

``world_from_package`` collects the places that a load can see, ``predict`` returns what Windows
will do with one image. ``docs/loader-model.md`` describes the model, its sources and its limits.
"""

from mlcbuild.loader.build import Options, world_from_package
from mlcbuild.loader.outcome import Load, Need, Problem
from mlcbuild.loader.predict import predict
from mlcbuild.loader.world import World

__all__ = ["Load", "Need", "Options", "Problem", "World", "predict", "world_from_package"]
