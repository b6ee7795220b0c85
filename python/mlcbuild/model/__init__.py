"""Model libraries for any machine, compiled on this one."""
