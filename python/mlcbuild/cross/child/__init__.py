"""What runs in the environment of a build, by its file and not by its name."""
