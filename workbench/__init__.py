"""The face of Duomo: a page to analyse, annotate and retrain; it holds no model code."""
