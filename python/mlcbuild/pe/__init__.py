"""Facts of one PE image, read with pefile."""
