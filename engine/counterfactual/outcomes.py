"""What becomes of each entity under each edit: kept, of another type, with other borders, lost; and what is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.counterfactual.edit import Edit, Edited, Setting
from engine.counterfactual.kinds import KINDS, apply
from engine.counterfactual.offsets import Offsets
from engine.document import Document, Span
from engine.errors import ConfigError, InputError
from engine.evidence import Alignment

if TYPE_CHECKING:
    from engine.layers.vector_table import VectorTable
    from engine.tagger import Prediction, Tagger

KEPT, RELABELLED, MOVED, BOTH, LOST = "kept", "relabelled", "moved", "both", "lost"
FATES = (KEPT, RELABELLED, MOVED, BOTH, LOST)
"""As it was; of another type; with other borders; both of these; not there any more."""
_GLYPH, _GLYPHS = "glyph", "zh-glyph-small"


@dataclass(frozen=True, slots=True)
class Fate:
    """What an edit has made of one entity.

    Attributes:
        entity: as it was found in the sentence as it is.
        fate: of :data:`FATES`.
        found: what is found in its place, in the offsets of the new text; none if nothing is.
    """

    entity: Span
    fate: str
    found: Span | None

    @property
    def change(self) -> float | None:
        """Return by how much the model is surer of what it finds there now; none where nothing is found."""
        if self.found is None or self.found.score is None or self.entity.score is None:
            return None
        return self.found.score - self.entity.score


@dataclass(frozen=True)
class Row:
    """One edit and what came of it.

    Attributes:
        edit: as it was asked for.
        document: the new one, with what is found in it.
        offsets: from the old text to the new.
        put: what was put there, where the edit chose it.
        fates: of each entity of the sentence as it is, in their order.
        new: what is found where nothing was.
    """

    edit: Edit
    document: Document
    offsets: Offsets
    put: str
    fates: tuple[Fate, ...]
    new: tuple[Span, ...]

    @property
    def flips(self) -> bool:
        """Tell whether anything but confidences has changed."""
        return bool(self.new) or any(fate.fate != KEPT for fate in self.fates)


@dataclass(frozen=True, slots=True)
class Hinge:
    """What the decision on one entity hangs on.

    Attributes:
        entity: the entity.
        flips: the numbers of the rows that do not leave it as it is.
        shaken: the number of the row that leaves it and takes most of its confidence away; none if none does.
    """

    entity: Span
    flips: tuple[int, ...]
    shaken: int | None


@dataclass(frozen=True)
class Grid:
    """A sentence, what was done to it, and what came of it.

    Attributes:
        original: the sentence as it is, with what is found in it.
        rows: one for each edit.
    """

    original: Document
    rows: tuple[Row, ...]

    @property
    def hinges(self) -> tuple[Hinge, ...]:
        """Return of each entity which edits flip it: what the decision hangs on."""
        return tuple(self._hinge(number, entity) for number, entity in enumerate(self.original.spans))

    def _hinge(self, number: int, entity: Span) -> Hinge:
        fates = [row.fates[number] for row in self.rows]
        flips = tuple(at for at, fate in enumerate(fates) if fate.fate != KEPT)
        shaken = [(fate.change, at) for at, fate in enumerate(fates) if at not in flips and fate.change is not None]
        change, at = min(shaken, default=(0.0, -1))
        return Hinge(entity, flips, at if change < 0 else None)

    def to_json(self) -> dict[str, Any]:
        """Return the grid as plain values."""
        rows = [
            {
                "edit": str(row.edit),
                "put": row.put,
                "text": row.document.text,
                "fates": [{"fate": f.fate, "found": _plain(row.document, f.found), "change": f.change} for f in row.fates],
                "new": [_plain(row.document, span) for span in row.new],
            }
            for row in self.rows
        ]
        hinges = [{"entity": _plain(self.original, h.entity), "flips": list(h.flips), "shaken": h.shaken} for h in self.hinges]
        entities = [_plain(self.original, span) for span in self.original.spans]
        return {"text": self.original.text, "entities": entities, "rows": rows, "hinges": hinges}


def outcomes(
    tagger: Tagger,
    document: Document,
    edits: Sequence[Edit],
    *,
    folder: Path | None = None,
    original: Prediction | None = None,
) -> Grid:
    """Do each edit by itself to a document, and compare what is found with what is found in it as it is.

    Args:
        tagger: asked once for the document as it is, and once for all edits that leave no modality out.
        document: stays as it is.
        edits: what to do.
        folder: where changed recordings are written; none where none may be.
        original: what the tagger says of the document as it is, explained, if that is known already.

    Raises:
        InputError: if an edit cannot be done, or makes no difference to the tagger, with what to do instead.
    """
    for edit in edits:
        check_use(tagger, edit)
    prediction = original or tagger.predict([document], explain=True)[0]
    setting = setting_of(tagger, prediction, folder)
    made = [apply(document, edit, setting) for edit in edits]
    found: dict[int, Document] = {}
    for without in dict.fromkeys(each.without for each in made):
        numbers = [number for number, each in enumerate(made) if each.without == without]
        asked = [made[number].document for number in numbers]
        answers = tagger.predict(asked, without=(without,) if without else ())
        found |= {number: answer.document for number, answer in zip(numbers, answers, strict=True)}
    rows = [_row(prediction.document, edit, made[number], found[number]) for number, edit in enumerate(edits)]
    return Grid(prediction.document, tuple(rows))


def check_use(tagger: Tagger, edit: Edit) -> None:
    """Check that a tagger makes use of what an edit is done to.

    Raises:
        InputError: if it does not.
    """
    system, needed = tagger.system, KINDS[edit.name].modality
    if needed and not system.uses(system.config, needed):
        raise InputError(
            f"{edit}: {tagger.info.name} makes no use of {needed}; leave this edit out, or choose another checkpoint"
        )
    if edit.name == "without" and edit.value not in system.optional_modalities:
        able = ", ".join(system.optional_modalities) or "none"
        raise InputError(f"{edit}: {tagger.info.name} cannot leave out {edit.value!r}; it can leave out: {able}")


def setting_of(tagger: Tagger, prediction: Prediction, folder: Path | None) -> Setting:
    """Return what edits of a document may have to know, from what a tagger says of it."""
    times = next((item.times for item in prediction.evidence if isinstance(item, Alignment)), ())
    return Setting(prediction.document.spans, times, glyphs_of(tagger), folder)


def glyphs_of(tagger: Tagger) -> VectorTable | None:
    """Return by which vectors characters look alike: those of the tagger, else those that ship; none where there are none."""
    return tagger.system.vector_tables.get(_GLYPH) or _shipped_glyphs()


@lru_cache(1)
def _shipped_glyphs() -> VectorTable | None:
    from engine.layers.learned_table import load_table

    try:
        return load_table(_GLYPH, _GLYPHS)
    except ConfigError:  # an installation without the checkpoints
        return None


def _row(original: Document, edit: Edit, made: Edited, found: Document) -> Row:
    fates, new = compare(original.spans, found.spans, made.offsets)
    return Row(edit, found, made.offsets, made.put, fates, new)


def compare(entities: Iterable[Span], found: Iterable[Span], offsets: Offsets) -> tuple[tuple[Fate, ...], tuple[Span, ...]]:
    """Say what has become of each entity, and what is new.

    What is found stands for one entity at most: first for one of the same place and type, then of the same place, then for the
    one of the same type that shares most characters with it, then for any other that shares some.

    Args:
        entities: of the old text.
        found: in the new text.
        offsets: from the old text to the new.
    """
    wanted = list(entities)
    places = [offsets.stretch(entity.start, entity.end) for entity in wanted]
    exact = [offsets.is_exact(entity.start) and offsets.is_exact(entity.end) for entity in wanted]
    free, fates = list(found), dict[int, tuple[str, Span]]()
    for fate in (KEPT, RELABELLED, MOVED, BOTH):
        pairs = [
            (-_shared(places[number], span), number, span)
            for number in range(len(wanted))
            for span in free
            if number not in fates and _is(fate, places[number], exact[number], wanted[number].label, span)
        ]
        for _, number, span in sorted(pairs, key=lambda pair: (pair[0], pair[1], pair[2].key)):
            if number not in fates and span in free:
                fates[number] = fate, span
                free.remove(span)
    known: Mapping[int, tuple[str, Span]] = fates
    all_fates = [Fate(entity, *known.get(number, (LOST, None))) for number, entity in enumerate(wanted)]
    return tuple(all_fates), tuple(free)


def _is(fate: str, place: tuple[int, int], exact: bool, label: str, span: Span) -> bool:
    same_place = exact and (span.start, span.end) == place
    wanted = {KEPT: (True, True), RELABELLED: (True, False), MOVED: (False, True), BOTH: (False, False)}[fate]
    return _shared(place, span) > 0 and (same_place, span.label == label) == wanted


def _shared(place: tuple[int, int], span: Span) -> int:
    return max(0, min(place[1], span.end) - max(place[0], span.start))


def _plain(document: Document, span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    return {"start": span.start, "end": span.end, "label": span.label, "text": document.mention(span), "score": span.score}
