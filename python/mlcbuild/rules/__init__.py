"""Rules: facts and outcomes in, findings out. One file a rule."""
