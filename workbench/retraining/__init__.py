"""The correction loop: which document to look at next, when to retrain, the jobs that do it, and what it all saves."""
