"""Run what was built: verify a wheel for real."""
