"""The PEP 517 backend, toolchain choice, gate and stamp."""
