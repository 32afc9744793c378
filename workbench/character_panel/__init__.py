"""The panel of characters on the Analyse page: the strip, the card of one character, its sound."""

from workbench.character_panel.panel import CharacterPanel, chosen_readings, is_seen, lay_out, shown, wire

__all__ = ["CharacterPanel", "chosen_readings", "is_seen", "lay_out", "shown", "wire"]
