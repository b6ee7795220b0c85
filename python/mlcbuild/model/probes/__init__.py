"""Scripts that run inside the environment under test; they import nothing of mlcbuild."""
