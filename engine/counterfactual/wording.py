"""Edits of the text itself: other characters, other script, another reading, another name, a mask."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.counterfactual.edit import Edit, Edited, Setting
from engine.counterfactual.offsets import spliced
from engine.document import Document
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.layers.vector_table import VectorTable

UNKNOWN = "unknown"
UNKNOWN_CHARACTER = "\ufdd0"
"""Unicode says that this is no character and never will be: no vocabulary knows it, it has no glyph and no sound."""
SIGN = "□"
_ONE_FOR_ALL = "某"
_NEAR = 12
_NAMES = Path(__file__).with_name("entities.json")


def replaced(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Write something else in a stretch."""
    return _put(document, edit, edit.value)


def homophone(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Write another character that is read alike.

    Raises:
        InputError: if there is none, or the one that is asked for is read otherwise.
    """
    known, character = homophones(document, edit.start), document.text[edit.start]
    if not known:
        raise InputError(
            f"{edit}: no other character is known that is read like {character}; choose another place, or replace it"
        )
    if edit.value and edit.value not in known:
        raise InputError(f"{edit}: {edit.value} is not read like {character}; these are: {'、'.join(known)}")
    return _put(document, edit, edit.value or known[0])


def homophones(document: Document, offset: int) -> tuple[str, ...]:
    """Return the characters that are read as one is in its context, the frequent first; those of its tone before the others."""
    from engine.character_card import characters_read
    from engine.modalities.pinyin import Syllable, read

    syllable = read(document.text, document.readings)[offset]
    if syllable is None:
        return ()
    toneless = Syllable.parse(syllable).toneless
    alike = [syllable, *(other for tone in range(1, 6) if (other := f"{toneless}{tone}") != syllable)]
    found = [character for reading in alike for character in characters_read(reading)]
    return tuple(character for character in found if character != document.text[offset])[:_NEAR]


def lookalike(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Write another character that looks alike.

    Raises:
        InputError: if no glyphs are known, none looks alike, or the one that is asked for does not.
    """
    known, character = lookalikes(document, edit.start, setting.glyphs), document.text[edit.start]
    if not known:
        raise InputError(f"{edit}: no other character is known that looks like {character}; choose another place, or replace it")
    if edit.value and edit.value not in known:
        raise InputError(f"{edit}: {edit.value} does not look like {character}; these do: {'、'.join(known)}")
    return _put(document, edit, edit.value or known[0])


def lookalikes(document: Document, offset: int, glyphs: VectorTable | None) -> tuple[str, ...]:
    """Return the characters whose glyphs are nearest, in the text's own script, the rare ones last; none without a glyph."""
    from engine.modalities.glyphs import traditional

    if glyphs is None:
        return ()
    character, form = document.text[offset], traditional(document.text)[offset]
    is_traditional = traditional(document.text) == document.text and simple_form(document.text) != document.text
    near = [item for item, _ in glyphs.nearest(form, _NEAR)]
    written = near if is_traditional else [simple_form(item) for item in near]
    found = dict.fromkeys(item for item in written if item != character)
    return tuple(sorted(found, key=lambda item: not _is_usual(item)))


def _is_usual(character: str) -> bool:
    """Tell whether a character, or its simplified form, is one of the 6,763 of GB 2312."""
    try:
        return bool(simple_form(character).encode("gb2312"))
    except UnicodeEncodeError:
        return False


def traditional(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Write the text in traditional characters."""
    from engine.modalities.glyphs import traditional as traditional_form

    return _rewritten(document, edit, traditional_form(document.text))


def simplified(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Write the text in simplified characters."""
    return _rewritten(document, edit, simple_form(document.text))


def simple_form(text: str) -> str:
    """Return a text in simplified characters, character for character."""
    whole: str = _simplifier().convert(text)
    if len(whole) == len(text):
        return whole
    return "".join(form if len(form := _simplifier().convert(character)) == 1 else character for character in text)


@lru_cache(1)
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def reading(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Have a character read otherwise.

    Raises:
        InputError: if the value is no syllable.
    """
    from engine.modalities.pinyin import Syllable

    readings = {**document.readings, edit.start: str(Syllable.parse(edit.value))}
    return Edited(replace(document.with_spans(()), readings=readings))


def entity(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Write another name in place of one: of the same type, of a type that is given, or a name that is given.

    Raises:
        InputError: if the stretch is no entity and no type is given, or there are no names of its type.
    """
    names = names_of(edit.value)
    if edit.value and not names:
        return _put(document, edit, edit.value)
    if not edit.value:
        found = [span.label for span in setting.entities if (span.start, span.end) == (edit.start, edit.end)]
        if not found:
            raise InputError(
                f"{edit}: nothing is found there, so its type is not known; write {edit}=PER, or another type or name"
            )
        names = names_of(found[0])
        if not names:
            raise InputError(f"{edit}: there are no names of the type {found[0]}; write one: {edit}=…")
    old = document.text[edit.start : edit.end]
    free = [name for name in names if name not in document.text]
    # the same length first, so that as little as can be changes beside the name
    return _put(document, edit, min(free or list(names), key=lambda name: abs(len(name) - len(old))))


def names_of(label: str) -> tuple[str, ...]:
    """Return the names that ship of a type, under any of the labels that it goes by; none for what is no label of theirs."""
    content = _entities()
    kind = label if label in content["names"] else content["labels"].get(label.split(".")[0].upper(), "")
    return tuple(content["names"].get(kind, ()))


@lru_cache(1)
def _entities() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_NAMES.read_text(encoding="utf-8"))
    return content


def masked(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Hide a stretch: a box for each character, 某 for all of them, or what no vocabulary knows."""
    sign = UNKNOWN_CHARACTER if edit.value == UNKNOWN else edit.value or SIGN
    size = 1 if sign == _ONE_FOR_ALL or len(sign) > 1 else edit.end - edit.start
    return _put(document, edit, sign * size)


def _put(document: Document, edit: Edit, words: str) -> Edited:
    if words == document.text[edit.start : edit.end]:
        raise InputError(f"{edit}: that is what stands there already; give something else")
    changed, offsets = spliced(document, [(edit.start, edit.end, words)])
    return Edited(changed, offsets, put=words)


def _rewritten(document: Document, edit: Edit, text: str) -> Edited:
    if text == document.text:
        raise InputError(f"{edit}: the text has nothing that is written otherwise in this script; leave this edit out")
    stretches = [(i, i + 1, new) for i, (old, new) in enumerate(zip(document.text, text, strict=True)) if old != new]
    changed, offsets = spliced(document, stretches)
    # the same word in another script is read as before
    return Edited(replace(changed, readings=document.readings), offsets)
