"""The doctor: examines the machine and reports problems, with one fix for each."""
