"""The doctor: examines the machine and says what stands in the way, with one fix for each."""
