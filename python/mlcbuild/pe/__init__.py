"""Facts of one PE image: ``reader.PeFile`` over its bytes, ``facts.Image`` what it says."""
