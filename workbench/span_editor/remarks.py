"""Notes between the store, which knows stretches of text, and the editor, which hangs them on spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.document import Span
from workbench.store import Note

Remark = tuple[tuple[int, int] | None, str]
"""The stretch that a note is about, ``None`` for the document, and its words."""


def editor_notes(notes: Iterable[Note], spans: Sequence[Span]) -> dict[str, Any]:
    """Return a document's open notes as the editor takes them.

    A stretch that has no span any more keeps its note: it is shown with the document's.

    Args:
        notes: of the document.
        spans: that the editor is to show.
    """
    labels = {(span.start, span.end): span.label for span in reversed(spans)}
    whole, hung = [], []
    for note in notes:
        if note.closed:
            continue
        if note.extent in labels:
            start, end = note.extent
            hung.append({"start": start, "end": end, "label": labels[note.extent], "note": note.text})
        else:
            whole.append(note.text)
    return {"document": "\n".join(whole), "spans": hung}


def read_remarks(said: Mapping[str, Any]) -> list[Remark]:
    """Return the notes of a save.

    Raises:
        KeyError, TypeError, ValueError: if they are not as :class:`workbench.span_editor.SpanEditor` describes them.
    """
    found: list[Remark] = [(None, str(said.get("document", "")))]
    found += [((int(note["start"]), int(note["end"])), str(note["note"])) for note in said.get("spans", ())]
    return found
