"""Duomo's engine: Chinese multimodal named entity recognition as a library and a command line.

The nouns are in :mod:`engine.document`; ``python -m engine --help`` lists the verbs.
"""

__version__ = "0.1.0"
