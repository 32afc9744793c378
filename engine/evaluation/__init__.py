"""How good predictions are, measured against annotations."""
