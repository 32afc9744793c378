"""Bringing documents into a project and taking them out, without a page: what is uploaded is laid out, looked at, then kept."""

from workbench.exchange.bringing import Look, Progress, bring, declare, look, new_labels
from workbench.exchange.desk import Desk, lay_out
from workbench.exchange.empty import Empty
from workbench.exchange.ready import ENCODINGS, SEPARATORS, Options
from workbench.exchange.returning import compared
from workbench.exchange.taking import ANNOTATED_BY, BEST, COUNTED, GOLD, IMPORTED, Choice, Taken, lost, take
from workbench.exchange.working import Stopped, Working

__all__ = [
    "ANNOTATED_BY",
    "BEST",
    "COUNTED",
    "ENCODINGS",
    "GOLD",
    "IMPORTED",
    "SEPARATORS",
    "Choice",
    "Desk",
    "Empty",
    "Look",
    "Options",
    "Progress",
    "Stopped",
    "Taken",
    "Working",
    "bring",
    "compared",
    "declare",
    "lay_out",
    "look",
    "lost",
    "new_labels",
    "take",
]
