from llamafixtures import compiled, llama, wheel

__all__ = ["compiled", "llama", "wheel"]
