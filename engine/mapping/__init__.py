"""A map of mentions: how a model sees each annotated and predicted entity, laid out in the plane."""

from engine.mapping.figure import WAYS, map_figure
from engine.mapping.mention_map import METHODS, MOST, Mention, MentionMap, map_mentions

__all__ = ["METHODS", "MOST", "WAYS", "Mention", "MentionMap", "map_figure", "map_mentions"]
