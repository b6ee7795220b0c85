"""Continuous integration: the matrix that workflows run over."""
