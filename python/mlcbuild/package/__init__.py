"""The packages that ``check`` examines: each is one list of files."""
