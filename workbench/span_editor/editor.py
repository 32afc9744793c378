"""The span editor: a Gradio component with its own script and style.

The template is a static skeleton and user text enters the page as text nodes only, because Gradio evaluates whatever else a
template shows. Offsets are code points here and in every value and event; the script converts to the browser's UTF-16.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import gradio as gr

from workbench.span_editor.words import TEXT_KEYS

PARTS = ("text.js", "drawing.js", "drafts.js", "toolbar.js", "editor.js", "saving.js", "input.js", "wiring.js")
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


class SpanEditor(gr.HTML):
    """Marks spans in a text by mouse, finger or keyboard and hands them to ``save``.

    The value is ``{"key", "text", "spans": [{"start", "end", "label", "score"?, "predicted"}], "labels": [{"name", "key",
    "color", "title"?}], "texts", "acknowledged"}``. ``save`` fires with ``{key, client_key, text, spans, seconds}`` and is
    answered by a value whose ``acknowledged`` is that ``client_key``; until then the browser keeps the draft and sends it
    again. ``select`` fires with ``{start, end}``.
    """

    def __init__(
        self,
        value: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None,
        *,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        visible: bool = True,
        render: bool = True,
    ) -> None:
        """Make the component.

        Args:
            value: what to show first, or a function returning it on each page load.
            elem_id: the element's id on the page.
            elem_classes: the element's classes on the page.
            visible: whether it is shown.
            render: whether it is placed where it is made.
        """
        super().__init__(
            value=value,
            html_template='<div class="duomo-editor"></div>',
            css_template=_style(),
            js_on_load="\n".join(_read("workbench.span_editor", part) for part in PARTS),
            apply_default_css=False,
            elem_id=elem_id,
            elem_classes=elem_classes,
            visible=visible,
            render=render,
        )

    def postprocess(self, value: Mapping[str, Any] | None) -> dict[str, Any] | None:  # type: ignore[override]
        """Fill in what the value leaves out, so that the script need not guess.

        Args:
            value: as the class describes; missing words are English, a colour that is not ``#rrggbb`` becomes grey.
        """
        if value is None:
            return None
        labels = [dict(label) for label in value.get("labels", ())]
        for label in labels:
            label["color"] = label["color"] if _HEX.fullmatch(str(label.get("color", ""))) else "#7A7A7A"
        return {
            "key": str(value["key"]),
            "text": value["text"],
            "spans": [dict(span) for span in value.get("spans", ())],
            "labels": labels,
            "texts": {**TEXT_KEYS, **value.get("texts", {})},
            "acknowledged": value.get("acknowledged", ""),
        }

    def api_info(self) -> dict[str, Any]:
        """Describe the value to Gradio's API page."""
        return {"type": "object"}


def editor_texts(translate: Callable[[str], str]) -> dict[str, str]:
    """Collect the editor's words from a language table, for ``value["texts"]``.

    Args:
        translate: returns the words of a key such as ``editor.save.label``.
    """
    return {key: translate(key) for key in TEXT_KEYS}


def _style() -> str:
    return _read("workbench.views", "spans.css") + _read("workbench.span_editor", "editor.css")


def _read(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")
