"""Pre-training: what a model learns before anyone labels anything."""
