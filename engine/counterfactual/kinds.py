"""What can be done to a sentence, declared as data: what an edit is called, what it is to be told, what does it.

In writing an edit is ``NAME[:PLACE][=VALUE]``: ``homophone:3``, ``entity:0-2=LOC``, ``pause:4=0.3``, ``without=glyph``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.counterfactual import beside, wording
from engine.counterfactual.edit import Edit, Edited, Setting
from engine.document import Document
from engine.errors import InputError

CHARACTER, STRETCH, PICTURE, NOWHERE = "character", "stretch", "picture", "nowhere"
"""What an edit is done to: one character, a stretch of text, a picture by its number from 1, the whole."""
NONE, MAY, MUST = "none", "may", "must"
"""Whether an edit is told a value."""


@dataclass(frozen=True)
class Kind:
    """One kind of edit.

    Attributes:
        place: what it is done to, of :data:`CHARACTER`, :data:`STRETCH`, :data:`PICTURE`, :data:`NOWHERE`.
        value: whether it is told a value, of :data:`NONE`, :data:`MAY`, :data:`MUST`.
        modality: that a model has to make use of for it to make any difference; empty for the text.
        make: does it.
        told: what the value says.
        example: a value.
    """

    place: str
    value: str
    modality: str
    make: Callable[[Document, Edit, Setting], Edited]
    told: str = ""
    example: str = ""


KINDS: Mapping[str, Kind] = {
    "replace": Kind(STRETCH, MUST, "", wording.replaced, "what to write there", "某"),
    "homophone": Kind(CHARACTER, MAY, "", wording.homophone, "which of the characters read alike", "章"),
    "lookalike": Kind(CHARACTER, MAY, "", wording.lookalike, "which of the characters that look alike", "末"),
    "traditional": Kind(NOWHERE, NONE, "", wording.traditional),
    "simplified": Kind(NOWHERE, NONE, "", wording.simplified),
    "entity": Kind(STRETCH, MAY, "", wording.entity, "a type, or another name", "LOC"),
    "mask": Kind(STRETCH, MAY, "", wording.masked, "the sign that hides it: □, 某 or unknown", "某"),
    "reading": Kind(CHARACTER, MUST, "phonetic", wording.reading, "a syllable", "zhang3"),
    "pause": Kind(CHARACTER, MAY, "speech", beside.paused, "for how many seconds", "0.3"),
    "no_pauses": Kind(NOWHERE, NONE, "speech", beside.unpaused),
    "no_picture": Kind(PICTURE, NONE, "image", beside.no_picture),
    "swap_picture": Kind(PICTURE, MUST, "image", beside.swapped_picture, "the path of another picture", "other.jpg"),
    "without": Kind(NOWHERE, MUST, "", beside.left_out, "a modality", "speech"),
}
"""What can be done, by name."""

_PLACES = {
    CHARACTER: "one character",
    STRETCH: "a stretch of characters",
    PICTURE: "a picture, by its number from 1",
    NOWHERE: "the whole sentence, so without a place",
}


def parse(words: str) -> Edit:
    """Read what is written.

    Raises:
        InputError: if there is no such edit, or its place is none.
    """
    head, equals, value = words.partition("=")
    name, colon, place = head.partition(":")
    if name not in KINDS:
        raise InputError(f"there is no edit {name!r}; there are {', '.join(KINDS)}")
    start, dash, end = place.partition("-")
    if (colon and not start.isdecimal()) or (dash and not end.isdecimal()):
        raise InputError(f"{words}: expected a place like :3 or :3-5 behind {name}, got {place!r}")
    first = int(start) if colon else -1
    edit = Edit(name, first, int(end) if dash else first + 1 if colon else -1, value)
    check(edit)
    return edit


def check(edit: Edit) -> None:
    """Check that an edit is told what it needs.

    Raises:
        InputError: if it is not.
    """
    kind = KINDS[edit.name]
    shown = f"{edit.name}{'' if kind.place == NOWHERE else ':3-5' if kind.place == STRETCH else ':3'}"
    if (edit.start < 0) != (kind.place == NOWHERE) and not (kind.place == PICTURE and edit.start < 0):
        raise InputError(f"{edit.name} is done to {_PLACES[kind.place]}; write {shown}")
    if kind.value == MUST and not edit.value:
        raise InputError(f"{edit.name} has to be told {kind.told}; write {shown}={kind.example}")
    if kind.value == NONE and edit.value:
        raise InputError(f"{edit.name} takes no value, got {edit.value!r}; write {shown}")


def apply(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Do one edit.

    Args:
        document: stays as it is.
        edit: what to do.
        setting: what has to be known for it.

    Raises:
        InputError: if it cannot be done to this document, with what to do instead.
    """
    check(edit)
    kind = KINDS[edit.name]
    if kind.place in (CHARACTER, STRETCH):
        if not 0 <= edit.start < edit.end <= len(document):
            raise InputError(f"{edit}: the text has the characters 0 to {len(document) - 1}; give a place among them")
        if kind.place == CHARACTER and edit.end != edit.start + 1:
            raise InputError(f"{edit}: {edit.name} is done to one character; write {edit.name}:{edit.start}")
    return kind.make(document, edit, setting)
