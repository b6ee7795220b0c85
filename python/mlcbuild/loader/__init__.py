"""A model of the Windows loader for Python processes."""
