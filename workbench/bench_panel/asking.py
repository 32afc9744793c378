"""What the bench asks of a checkpoint, remembered for a while: what is found, what edits make of it, what makes it probable."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from engine.counterfactual.edit import Edit, Setting
from engine.counterfactual.kinds import parse
from engine.counterfactual.outcomes import Grid, outcomes, setting_of
from engine.counterfactual.trying import worth_trying
from engine.document import Document, Span
from engine.samples import Pictured
from workbench.errors import UserError
from workbench.services import EXPLAINED, Services, check_text

if TYPE_CHECKING:
    from engine.attribution.attribution import Attribution
    from engine.checkpoint import CheckpointInfo
    from engine.tagger import Prediction, Tagger

_REMEMBERED = 64
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Asked:
    """A sentence and who is asked about it.

    Attributes:
        text: the sentence.
        checkpoint: name or folder; empty for the one in use.
        readings: how characters are read where somebody has said so, by offset.
        speech: its recording, by its path in the workspace; empty for none.
        pictures: beside it, by their paths in the workspace.
    """

    text: str = ""
    checkpoint: str = ""
    readings: tuple[tuple[int, str], ...] = ()
    speech: str = ""
    pictures: tuple[str, ...] = ()

    @property
    def document(self) -> Document:
        """Return the sentence as a model reads it."""
        return Document(self.text, images=self.pictures, audio=self.speech or None, readings=dict(self.readings))


class Asking:
    """Asks checkpoints, and remembers their last answers."""

    def __init__(self, services: Services) -> None:
        """Ask the checkpoints of these services."""
        self.services = services
        self._remembering = threading.Lock()
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def info(self, asked: Asked) -> CheckpointInfo:
        """Return the checkpoint.

        Raises:
            CheckpointError: if it is missing or damaged.
        """
        return self.services.checkpoints.find(asked.checkpoint)

    def tagger(self, asked: Asked) -> Tagger:
        """Return its tagger."""
        return self.services.checkpoints.tagger(self.info(asked))

    def prediction(self, asked: Asked) -> Prediction:
        """Return what is found in the sentence as it is.

        Raises:
            UserError: if the sentence cannot be read, or is too long for a bench.
        """
        check_text(asked.text)
        if len(asked.text) > EXPLAINED:
            raise UserError("bench.long.error", longest=EXPLAINED)
        return self._remembered(asked, "found", lambda: self.tagger(asked).predict([asked.document], explain=True)[0])

    def setting(self, asked: Asked) -> Setting:
        """Return what edits may have to know."""
        return setting_of(self.tagger(asked), self.prediction(asked), self.services.speech_folder)

    def worth_trying(self, asked: Asked) -> tuple[str, ...]:
        """Return edits that are worth trying, as they are written."""
        return tuple(map(str, worth_trying(self.tagger(asked), self.prediction(asked))))

    def grid(self, asked: Asked, edits: tuple[str, ...]) -> Grid:
        """Return what edits make of the sentence.

        Raises:
            InputError: if one of them cannot be done.
        """
        original = self.prediction(asked)

        def tried() -> Grid:
            folder, chosen = self.services.speech_folder, [self._edit(words) for words in edits]
            return outcomes(self.tagger(asked), asked.document, chosen, folder=folder, original=original)

        return self._remembered(asked, ("grid", edits), tried)

    @property
    def pictures(self) -> dict[str, Pictured]:
        """Return the pictures that may be swapped for those beside a sentence: those of the examples, by a key."""
        shown = (picture for example in self.services.examples for picture in example.pictures)
        return {picture.image.stem: picture for picture in shown}

    def _edit(self, words: str) -> Edit:
        """Read an edit as the page writes it: it names pictures by their keys, for the browser may point at no file."""
        edit = parse(words)
        if edit.name != "swap_picture":
            return edit
        if edit.value not in self.pictures:
            raise UserError("bench.picture.error")
        return replace(edit, value=str(self.pictures[edit.value].image))

    def attribution(self, asked: Asked, target: Span, method: str) -> Attribution:
        """Return what makes an entity probable."""
        from engine.attribution.attributing import attribute

        def explained() -> Attribution:
            with self.tagger(asked).alone() as system:
                return attribute(system, asked.document, target, method)

        return self._remembered(asked, ("why", target.key, method), explained)

    def _remembered(self, asked: Asked, what: Hashable, work: Callable[[], _Answer]) -> _Answer:
        key = self.info(asked).digest, asked, what
        with self._remembering:
            if key in self._answers:
                self._answers.move_to_end(key)
                known: _Answer = self._answers[key]
                return known
        answer = work()
        with self._remembering:
            self._answers[key] = answer
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        return answer
