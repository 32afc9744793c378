"""The look: ink on paper, one accent, in light and dark, with the fonts that draw Chinese anywhere.

``launch(theme=theme(), css=css(), head=head(), allowed_paths=static_paths())`` is all an app needs.
"""

from __future__ import annotations

import re
from importlib.resources import files
from urllib.parse import quote

import gradio as gr
from gradio.themes.utils import colors, sizes

from engine.drawing.lettering import FONTS
from workbench.views.colours import ramp_css

FONT_FAMILY = "Noto Sans SC Variable"

_INK = colors.Color(
    name="ink",
    c50="#FBFAF7",
    c100="#F4F2ED",
    c200="#E6E3DB",
    c300="#D0CCC2",
    c400="#A5A198",
    c500="#827E75",
    c600="#6B6760",
    c700="#3A3935",
    c800="#26262A",
    c900="#1C1B19",
    c950="#17181B",
)
_SEAL = colors.Color(
    name="seal",
    c50="#FBF0EF",
    c100="#F6DEDD",
    c200="#EDBEBD",
    c300="#F2A8A5",
    c400="#F2938F",
    c500="#A4343A",
    c600="#A4343A",
    c700="#8A2930",
    c800="#6F2127",
    c900="#551A1F",
    c950="#3A1215",
)


def theme() -> gr.themes.Base:
    """Build the theme."""
    base = gr.themes.Base(
        primary_hue=_SEAL,
        secondary_hue=_INK,
        neutral_hue=_INK,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_sm,
        font=(FONT_FAMILY, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "system-ui", "sans-serif"),
        font_mono=("ui-monospace", "SFMono-Regular", "Consolas", FONT_FAMILY, "monospace"),
    )
    return base.set(**_surfaces(), **_controls())


def _surfaces() -> dict[str, str]:
    light = {
        "body_background_fill": "#FBFAF7",
        "background_fill_primary": "#FBFAF7",
        "background_fill_secondary": "#F4F2ED",
        "body_text_color": "#1C1B19",
        "body_text_color_subdued": "#6B6760",
        "border_color_primary": "#E0DCD3",
        "border_color_accent": "#A4343A",
        "color_accent_soft": "#F6EDEB",
        "block_background_fill": "transparent",
        "block_border_color": "transparent",
        "block_label_background_fill": "transparent",
        "block_label_text_color": "#6B6760",
        "block_title_text_color": "#3A3935",
        "block_info_text_color": "#6B6760",
        "panel_background_fill": "transparent",
        "link_text_color": "#A4343A",
        "table_even_background_fill": "transparent",
        "table_odd_background_fill": "transparent",
        "table_border_color": "#E0DCD3",
        "code_background_fill": "#F4F2ED",
    }
    dark = {
        "body_background_fill": "#17181B",
        "background_fill_primary": "#17181B",
        "background_fill_secondary": "#1F2024",
        "body_text_color": "#ECE9E2",
        "body_text_color_subdued": "#A5A198",
        "border_color_primary": "#35363B",
        "border_color_accent": "#F2938F",
        "color_accent_soft": "#2E2426",
        "block_background_fill": "transparent",
        "block_border_color": "transparent",
        "block_label_background_fill": "transparent",
        "block_label_text_color": "#A5A198",
        "block_title_text_color": "#D0CCC2",
        "block_info_text_color": "#A5A198",
        "panel_background_fill": "transparent",
        "link_text_color": "#F2938F",
        "table_even_background_fill": "transparent",
        "table_odd_background_fill": "transparent",
        "table_border_color": "#35363B",
        "code_background_fill": "#1F2024",
    }
    shape = {"block_border_width": "0px", "block_shadow": "none", "block_padding": "0px", "block_label_border_width": "0px"}
    return {**light, **{f"{name}_dark": value for name, value in dark.items()}, **shape, "color_accent": "#A4343A"}


def _controls() -> dict[str, str]:
    return {
        "input_background_fill": "#FFFFFF",
        "input_background_fill_dark": "#1F2024",
        "input_background_fill_focus": "#FFFFFF",
        "input_background_fill_focus_dark": "#1F2024",
        "input_border_color": "#B9B4A8",
        "input_border_color_dark": "#55565C",
        "input_border_color_focus": "#A4343A",
        "input_border_color_focus_dark": "#F2938F",
        "input_border_width": "1px",
        "input_shadow": "none",
        "input_shadow_focus": "none",
        "input_placeholder_color": "#827E75",
        "input_placeholder_color_dark": "#8E8A82",
        "button_primary_background_fill": "#A4343A",
        "button_primary_background_fill_hover": "#8A2930",
        "button_primary_background_fill_dark": "#F2938F",
        "button_primary_background_fill_hover_dark": "#F6ABA8",
        "button_primary_text_color": "#FFFFFF",
        "button_primary_text_color_dark": "#2A0F10",
        "button_primary_border_color": "transparent",
        "button_primary_border_color_dark": "transparent",
        "button_primary_shadow": "none",
        "button_secondary_background_fill": "transparent",
        "button_secondary_background_fill_hover": "#F0EDE6",
        "button_secondary_background_fill_dark": "transparent",
        "button_secondary_background_fill_hover_dark": "#26272B",
        "button_secondary_border_color": "#B9B4A8",
        "button_secondary_border_color_dark": "#55565C",
        "button_secondary_text_color": "#1C1B19",
        "button_secondary_text_color_dark": "#ECE9E2",
        "button_secondary_shadow": "none",
        "button_border_width": "1px",
        "button_transform_hover": "none",
        "button_transform_active": "none",
        "checkbox_label_background_fill": "transparent",
        "checkbox_label_background_fill_dark": "transparent",
        "checkbox_background_color_selected": "#A4343A",
        "checkbox_border_color": "#827E75",
        "slider_color": "#A4343A",
        "slider_color_dark": "#F2938F",
    }


def static_paths() -> list[str]:
    """Return the folders the page must be allowed to fetch, for ``launch(allowed_paths=)``."""
    return [str(FONTS)]


def font_css(base_url: str = "") -> str:
    """Return the ``@font-face`` rules.

    Args:
        base_url: the address of the fonts' folder; empty leaves the addresses relative to the style sheet's own.
    """
    text = (FONTS / "noto-sans-sc.css").read_text(encoding="utf-8")
    if not base_url:
        return text
    return re.sub(r"url\(([^)/]+)\)", lambda found: f'url("{base_url.rstrip("/")}/{found[1]}")', text)


def head(base_url: str = "") -> str:
    """Return what the page's head needs: the fonts' style sheet and the viewport.

    Args:
        base_url: where the fonts' folder is served; by default where Gradio serves files that it is allowed to.
    """
    folder = base_url.rstrip("/") or "gradio_api/file=" + quote(FONTS.as_posix())
    return (
        f'<link rel="stylesheet" href="{folder}/noto-sans-sc.css">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
    )


def css() -> str:
    """Return the style of the whole app: the frame, the views, the spans.

    Gradio rewrites selectors at each comma, inside parentheses too, and moves media queries under its container; the rules
    are written so that neither matters.
    """
    views = (("workbench.views", name) for name in ("views.css", "spans.css", "speech.css", "pictures.css"))
    parts = (("workbench.theme", "style.css"), *views)
    return "\n".join([*((files(package) / name).read_text(encoding="utf-8") for package, name in parts), ramp_css()])
