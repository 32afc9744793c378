"""The characters of an analysis: how each looks and sounds to the model, one card at a time as it is asked for.

The browser says which character is pointed at (panel.js); its card is made then, for this page alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.character_card import character_card, say
from engine.errors import InputError
from engine.evidence import Characters, Scores
from engine.modalities.glyphs import traditional
from engine.modalities.pinyin import Syllable, read, readings_of
from workbench.errors import UserError
from workbench.services import Analysis
from workbench.tabs import QUIET, Context, Session, guard
from workbench.views.changes import changes_html
from workbench.views.character_card import Place, character_card_html
from workbench.views.characters import characters_html
from workbench.views.data_urls import wav_url

_LONGEST = 12
_TONE_MARKS = frozenset("\u0300\u0301\u0304\u030c")
_PLAY = "(sound) => duomoCharacters.play(sound)"


@dataclass(frozen=True)
class CharacterPanel:
    """The panel's components.

    Attributes:
        changes: what a chosen reading has changed.
        strip: the characters in a row.
        problem: what could not be done.
        card: the card of one character.
        sound: the sound that was asked for, on its way to the browser.
    """

    changes: gr.HTML
    strip: gr.HTML
    problem: gr.HTML
    card: gr.HTML
    sound: gr.HTML

    @property
    def results(self) -> list[Any]:
        """Return what an analysis fills."""
        return [self.changes, self.strip, self.problem, self.card]


def lay_out() -> CharacterPanel:
    """Lay the panel out, where the caller stands."""
    changes = gr.HTML(elem_classes="character-part")
    strip = gr.HTML(
        js_on_load="duomoCharacters.strip(element, trigger, 'look', 'choose')",
        elem_classes="character-part",
        elem_id="analyse-strip",
    )
    card = gr.HTML(
        js_on_load="duomoCharacters.card(element, trigger, 'look', 'choose', 'say')",
        elem_classes="character-part",
        elem_id="analyse-character",
    )
    problem = gr.HTML(elem_classes="notices", elem_id="analyse-refusal")
    return CharacterPanel(changes, strip, problem, card, gr.HTML(html_template="", js_on_load=None, visible="hidden"))


def wire(context: Context, panel: CharacterPanel, hero: gr.HTML) -> None:
    """Have cards and sounds made as they are asked for.

    Args:
        context: of the page.
        panel: laid out before.
        hero: the sentence, made with ``js_on_load="duomoCharacters.hero(element, trigger, 'look')"``.
    """
    guarded, does = guard(context, panel.problem), _Handlers(context, panel)
    outputs = [panel.problem, panel.card]
    for source in (hero, panel.strip, panel.card):
        source.look(guarded(does.look), [context.session], outputs, trigger_mode="always_last", **QUIET)
    heard = panel.card.say(guarded(does.say), [context.session], [panel.problem, panel.sound], **QUIET)
    heard.then(None, js=_PLAY, inputs=[panel.sound], outputs=[panel.sound], **QUIET)


def is_seen(analysis: Analysis) -> bool:
    """Tell whether there is anything to show of the characters."""
    return _characters(analysis) is not None


def shown(
    panel: CharacterPanel, context: Context, analysis: Analysis, before: Analysis | None = None, offset: int | None = None
) -> dict[Any, Any]:
    """Return what an analysis shows in the panel; nothing for a system that does not look at characters.

    Args:
        panel: to fill.
        context: of the page.
        analysis: to show.
        before: the answer to compare it with.
        offset: the character whose card stays open.
    """
    words, document, characters = context.texts.words, analysis.prediction.document, _characters(analysis)
    if characters is None:
        return dict.fromkeys(panel.results, "")
    model = analysis.checkpoint.digest
    strip = characters_html(document, characters, read(document.text), words, model=model, open_first=offset is None)
    drawn = {
        panel.changes: changes_html(before.prediction.document, document, words) if before else "",
        panel.strip: strip,
        panel.problem: "",
    }
    # A new strip has the browser ask for a card; until then, and where the strip is the same, the one that is there stays.
    return drawn if offset is None else {**drawn, panel.card: _card(context, analysis, characters, offset)}


def chosen_readings(event: gr.EventData, analysis: Analysis, longest: int = _LONGEST) -> tuple[int, dict[int, str]]:
    """Return the character that an event is about, and all readings chosen once its own is.

    Args:
        event: with ``offset`` and ``reading``; no reading stands for the one in context.
        analysis: the one that the page shows.
        longest: characters of the longest reading that is looked at.

    Raises:
        UserError: if it is no syllable, or the text has no such character.
    """
    document = analysis.prediction.document
    offset, wanted = _offset(event, analysis), str(event.reading)[: longest + 1].strip()
    readings = {at: reading for at, reading in document.readings.items() if at != offset}
    if wanted and (reading := _syllable(wanted)) != read(document.text)[offset]:
        readings[offset] = reading
    return offset, readings


@dataclass(frozen=True)
class _Handlers:
    context: Context
    panel: CharacterPanel

    def look(self, event: gr.EventData, session: Session) -> dict[Any, Any]:
        """Make the card of a character of the sentence, or of one that is near to it."""
        analysis, characters = self._shown(session)
        offset = _offset(event, analysis)
        if character := str(event.character):
            return {self.panel.card: _neighbour(self.context, analysis, offset, character, str(event.reading))}
        return {self.panel.card: _card(self.context, analysis, characters, offset)}

    def say(self, event: gr.EventData, session: Session) -> dict[Any, Any]:
        """Say a syllable."""
        self._shown(session)
        sound = say(_syllable(str(event.reading)))
        return {self.panel.sound: {"url": wav_url(sound.waveform, sound.rate)} if sound else None}

    def _shown(self, session: Session) -> tuple[Analysis, Characters]:
        analysis = self.context.services.analysis(session.analysis)
        characters = _characters(analysis) if analysis else None
        if analysis is None or characters is None:
            raise UserError("analyse.card.error")
        return analysis, characters


def _card(context: Context, analysis: Analysis, characters: Characters, offset: int) -> str:
    document = analysis.prediction.document
    in_context = read(document.text)[offset] or ""
    reading = characters.readings[offset] or document.readings.get(offset) or in_context
    form = characters.forms[offset] or traditional(document.text)[offset]
    place = Place(offset, True, in_context, _effect(analysis, offset))
    tables = context.services.checkpoints.vector_tables(analysis.checkpoint)
    card = character_card(document.text[offset], form, reading, tables)
    return character_card_html(card, place, context.texts.words)


def _neighbour(context: Context, analysis: Analysis, offset: int, character: str, reading: str) -> str:
    if len(character) != 1:
        raise UserError("analyse.card.error")
    heard = _syllable(reading) if reading else next(iter(readings_of(character)), "")
    tables = context.services.checkpoints.vector_tables(analysis.checkpoint)
    card = character_card(character, traditional(character), heard, tables)
    return character_card_html(card, Place(offset, False, "", {}), context.texts.words)


def _characters(analysis: Analysis) -> Characters | None:
    return next((item for item in analysis.prediction.evidence if isinstance(item, Characters)), None)


def _effect(analysis: Analysis, offset: int) -> Mapping[str, float]:
    for item in analysis.prediction.evidence:
        if isinstance(item, Scores) and item.name == "modality_effect":
            return dict(zip(item.columns, item.values[offset], strict=True))
    return {}


def _offset(event: gr.EventData, analysis: Analysis) -> int:
    offset = int(event.offset)
    if not 0 <= offset < len(analysis.prediction.document):
        raise UserError("analyse.card.error")
    return offset


def _syllable(text: str) -> str:
    """Read Pinyin as people write it: with the tone as a number, or as a mark."""
    from pypinyin.contrib.tone_convert import to_tone3

    marked = not _TONE_MARKS.isdisjoint(unicodedata.normalize("NFD", text))
    try:
        return str(Syllable.parse(to_tone3(unicodedata.normalize("NFC", text.lower())) if marked else text))
    except InputError as error:
        raise UserError("analyse.reading.error", reading=text[:_LONGEST]) from error
