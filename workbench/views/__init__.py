"""Evidence and results as HTML: pure functions, all user text escaped."""
