"""The look of the workbench."""

from workbench.theme.theme import FONT_FAMILY, css, font_css, head, static_paths, theme

__all__ = ["FONT_FAMILY", "css", "font_css", "head", "static_paths", "theme"]
