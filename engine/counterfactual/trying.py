"""Edits worth trying where nobody has chosen any: other names and masks for the entities, and what stands beside the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.counterfactual.edit import Edit
from engine.counterfactual.outcomes import glyphs_of
from engine.counterfactual.wording import homophones, lookalikes, names_of, simple_form
from engine.document import Document
from engine.modalities.glyphs import traditional

if TYPE_CHECKING:
    from engine.tagger import Prediction, Tagger

_MOST_ENTITIES = 6


def worth_trying(tagger: Tagger, prediction: Prediction) -> list[Edit]:
    """Return edits that can be done, for what a tagger says of a document, at most of its first six entities.

    Of each entity: another name of its type, a name of another type, a mask, and its first character that can be, as a homophone
    and as one that looks alike. Of the whole: the other script, without each modality that is there, no pauses.
    """
    document = prediction.document
    edits = [
        edit
        for span in document.spans[:_MOST_ENTITIES]
        for edit in _of_entity(tagger, document, span.start, span.end, span.label)
    ]
    if (simple := simple_form(document.text)) != document.text:
        edits.append(Edit("simplified"))
    if traditional(simple) != document.text:
        edits.append(Edit("traditional"))
    return [*edits, *_beside(tagger, document)]


def _of_entity(tagger: Tagger, document: Document, start: int, end: int, label: str) -> list[Edit]:
    edits = [Edit("entity", start, end)] if names_of(label) else []
    other = "LOC" if names_of(label) == names_of("PER") else "PER"
    edits += [Edit("entity", start, end, other), Edit("mask", start, end)]
    glyphs = glyphs_of(tagger)
    edits += [Edit("homophone", at, at + 1) for at in range(start, end) if homophones(document, at)][:1]
    return edits + [Edit("lookalike", at, at + 1) for at in range(start, end) if lookalikes(document, at, glyphs)][:1]


def _beside(tagger: Tagger, document: Document) -> list[Edit]:
    from engine.modalities.hearing import heard_pauses

    there = {"speech": document.audio is not None, "image": bool(document.images)}
    edits = [Edit("without", value=name) for name in tagger.system.optional_modalities if there.get(name, True)]
    if "speech" in tagger.system.optional_modalities and heard_pauses(document):
        edits.append(Edit("no_pauses"))
    return edits
