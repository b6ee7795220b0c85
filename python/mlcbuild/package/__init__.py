"""What is examined, as one list of files."""
