"""The annotation component."""

from workbench.span_editor.borders import word_borders
from workbench.span_editor.editor import SpanEditor, editor_texts
from workbench.span_editor.proposals import evidence_snippets, proposed_spans
from workbench.span_editor.remarks import editor_notes, read_remarks
from workbench.span_editor.words import TEXT_KEYS

__all__ = [
    "TEXT_KEYS",
    "SpanEditor",
    "editor_notes",
    "editor_texts",
    "evidence_snippets",
    "proposed_spans",
    "read_remarks",
    "word_borders",
]
