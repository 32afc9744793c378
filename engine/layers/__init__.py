"""Stable mathematics that systems share."""
