"""Scripts that run in a build environment; started by path, not imported."""
