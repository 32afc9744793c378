"""Pictures on the Analyse page: where they come from and which are shown to the model, and what the answer owes to them."""

from workbench.picture_panel.answer import PictureAnswer, offered
from workbench.picture_panel.source import PictureSource, wire

__all__ = ["PictureAnswer", "PictureSource", "offered", "wire"]
