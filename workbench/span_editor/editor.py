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

PARTS = (
    "text.js",
    "strokes.js",
    "drawing.js",
    "rows.js",
    "drafts.js",
    "editor.js",
    "commands.js",
    "input.js",
    "toolbar.js",
    "panels.js",
    "saving.js",
    "showing.js",
    "proposals.js",
    "same.js",
    "notes.js",
    "borders.js",
    "outside.js",
    "evidence.js",
    "navigation.js",
    "merge.js",
    "pointer.js",
    "wiring.js",
)
_PASSED_ON = (
    "revision",
    "notes",
    "boundaries",
    "evidence",
    "navigation",
    "flagged",
    "others",
    "other",
    "former",
    "flat",
    "joining",
    "scope",
    "account",
    "decided",
    "onward",
)
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


class SpanEditor(gr.HTML):
    """Marks spans in a text by mouse, finger or keyboard and hands them to ``save``.

    The value is ``{"key", "text", "spans": [{"start", "end", "label", "score"?, "predicted", "alternatives"?, "evidence"?}],
    "labels": [{"name", "key", "color", "title"?,
    "retired"?}], "texts", "acknowledged"}``. A ``predicted`` span is a proposal until a person
    accepts it. Its ``alternatives`` are ``{"label" or "spans", "score"}``, no spans standing for no entity; its ``evidence`` is
    HTML by name. These may be left out:

    - ``revision``: the version that the spans came from; ``base_revision`` of the save says it again.
    - ``notes``: ``{"document", "spans": [{"start", "end", "label", "note"}]}``.
    - ``boundaries``: where words begin or end, see :func:`workbench.span_editor.word_borders`.
    - ``evidence``: of the whole document, HTML by name, or ``{"title", "html"}`` where it has no caption of its own; escaped.
    - ``navigation``: ``{"position", "total", "skip"?, "flag"?, "next"?, "previous"?}`` of a queue, and ``flagged``. Where there
      is a ``next`` or ``previous`` follows from the place unless it is said; no position shows no place.
    - ``former``: the key under which drafts of this document may have been kept before; they are found under the new one.
    - ``flat``: whether spans that overlap are refused.
    - ``joining``: another than before has the value's proposals join what is there, undecided or not.
    - ``others``: who else is here, ``{"author", "state": "open" or "saved"}``.
    - ``other``: another person's version to merge, ``{"author", "spans", "revision"}``.
    - ``scope``: of an editor that saves elsewhere than others on the page; its drafts are then kept apart from theirs.
    - ``account``: whose drafts are kept and sent; others who sign in at the same browser have theirs apart.
    - ``decided``: whether there is no saving while a proposal is left.
    - ``onward``: whether a value that acknowledges a save brings another document to be shown after the one that was saved.

    ``save`` fires with ``{key, client_key, text, spans, proposals, notes, evidence, base_revision, seconds}``: ``spans`` are
    annotations, ``proposals`` what nobody has decided, ``evidence`` what a person looked at. It is answered by a value whose
    ``acknowledged`` is that ``client_key`` and whose ``revision`` is the new one; until then the browser keeps the draft and
    sends it again. ``select`` fires with ``{start, end}``; ``next``, ``previous``, ``skip`` and ``flagged`` with ``{key,
    unsaved}``, ``flagged`` also with whether it is ``flagged`` now.

    What stands beside the editor on the page speaks with its element without the server: see ``outside.js``.
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
            **{name: value[name] for name in _PASSED_ON if value.get(name) is not None},
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
    own = "".join(_read("workbench.span_editor", name) for name in ("editor.css", "panels.css"))
    return _read("workbench.views", "spans.css") + own


def _read(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")
