"""The one process-wide object: the store, the checkpoints and their taggers, and the job table. Pages come and go, this stays."""

from __future__ import annotations

import logging
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.document import Document
from engine.errors import EngineError, InputError
from engine.modalities.images import check_count
from engine.samples import examples
from workbench.agreement import Agreements
from workbench.checkpoints import Checkpoints
from workbench.errors import UserError
from workbench.pictured import Pictured
from workbench.pictured import keep as keep_picture
from workbench.presence import Presence
from workbench.recording import Recorder
from workbench.retraining.choosing import Choosing
from workbench.retraining.jobs import Jobs
from workbench.retraining.learning import Learning
from workbench.retraining.protected import ProtectedSets
from workbench.signing import Signing
from workbench.spoken import Spoken, keep, keep_shifted
from workbench.studies import Studies, StudyData, Training

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo
    from engine.tagger import Prediction
    from workbench.settings import Settings
    from workbench.store import Store

LONGEST = 20_000
"""Characters of the longest text that is analysed."""
EXPLAINED = 600
"""Characters of the longest text whose evidence is drawn; a longer one is analysed without."""
_REMEMBERED = 64
_LABEL_LENGTH = 24
_NONE: Mapping[int, str] = MappingProxyType({})
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Analysis:
    """One text as one checkpoint reads it.

    Attributes:
        prediction: the answer.
        checkpoint: that gave it.
        spoken: the recording beside the text.
        unheard: why there is none though one was given.
        listens: whether the checkpoint's system makes use of it.
        pictures: those beside the text.
        unseen: why others that were given are not among them.
        looked_at: the pictures that it makes use of, in the order of its evidence.
    """

    prediction: Prediction
    checkpoint: CheckpointInfo
    spoken: Spoken | None = None
    unheard: str = ""
    listens: bool = False
    pictures: tuple[Pictured, ...] = ()
    unseen: tuple[str, ...] = ()
    looked_at: tuple[Pictured, ...] = ()

    @property
    def looks(self) -> bool:
        """Tell whether the checkpoint makes use of any picture."""
        return bool(self.looked_at)


class Services:
    """What every page shares."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Serve a start of the workbench.

        Args:
            settings: of this start.
            store: an open store.
        """
        self.settings = settings
        self.examples = examples()
        self.store = store
        self.agreements = Agreements(store)
        self.signing = Signing(store.accounts)
        self.checkpoints = Checkpoints(settings.workspace / "checkpoints", settings.checkpoint, store)
        self.choosing = Choosing(store, self.checkpoints, self.with_files)
        self.jobs = Jobs(store, settings.workspace / "runs")
        self.protected = ProtectedSets(store, settings.workspace / "protected", self.with_files)
        self.learning = Learning(store, self.checkpoints, self.jobs, self.with_files, self.protected)
        self.speech_folder = settings.workspace / "speech"
        self.picture_folder = settings.workspace / "pictures"
        data = StudyData(store, settings.workspace / "studies" / "files", self.with_files)
        training = Training(data, self.learning.taught)
        self.studies = Studies(data, training, self.checkpoints, settings.workspace / "studies" / "read")
        self.recorder = Recorder(self.speech_folder)
        self.presence = Presence()
        self._remembering = threading.Lock()
        self._analyses: OrderedDict[str, Analysis] = OrderedDict()

    # analysis

    def keep_speech(self, file: str | Path) -> Spoken:
        """Read a recording and keep it in the workspace.

        Raises:
            InputError: if it cannot be read.
        """
        return keep(Path(file), self.speech_folder)

    def keep_picture(self, file: str | Path) -> Pictured:
        """Read a picture and keep it in the workspace.

        Raises:
            InputError: if it cannot be read.
        """
        return keep_picture(Path(file), self.picture_folder)

    def shift_speech(self, spoken: Spoken, seconds: float) -> Spoken:
        """Move a kept recording in time, later or (negative) earlier, and keep what comes of it.

        Raises:
            UserError: if nothing of it would be left to hear.
        """
        longest = f"{spoken.seconds:.2f}"
        if not abs(seconds) < spoken.seconds:
            raise UserError("analyse.shift.error", longest=longest)
        try:
            return keep_shifted(spoken.path, self.speech_folder, seconds)
        except InputError as error:
            raise UserError("analyse.shift.error", longest=longest) from error

    def recognise(self, file: str | Path) -> str:
        """Return what a recording says, by the recogniser of the settings.

        Raises:
            InputError: if the recording cannot be read or the recogniser cannot be loaded.
        """
        from engine.modalities.recognition import recognise

        return recognise(file, self.settings.asr)

    def analyse(
        self,
        text: str,
        checkpoint: str = "",
        readings: Mapping[int, str] = _NONE,
        speech: str | Path | None = None,
        pictures: Sequence[str | Path] = (),
    ) -> tuple[str, Analysis]:
        """Read a text; return the analysis and the id under which it is remembered for a while.

        Args:
            text: what to read.
            checkpoint: name or folder; the empty name stands for the one in use.
            readings: how characters are read where the user has said so, by offset.
            speech: a recording of the text, which is kept; of one that cannot be read the analysis says why.
            pictures: beside the text, which are kept; of those that cannot be read the analysis says why.

        Raises:
            UserError: if the text cannot be read.
            InputError: if there are too many pictures.
            CheckpointError: if the checkpoint cannot be.
        """
        check_text(text)
        info = self.checkpoints.find(checkpoint)
        spoken, unheard = self._spoken(speech)
        pictured, unseen = self._pictured(pictures)
        paths = tuple(str(picture.path) for picture in pictured)
        document = Document(text, images=paths, readings=readings, audio=str(spoken.path) if spoken else None)
        tagger = self.checkpoints.tagger(info)
        (prediction,) = tagger.predict([document], explain=len(text) <= EXPLAINED)
        chosen = tagger.system.looked_at(document)
        looked_at = tuple(picture for picture in pictured if str(picture.path) in chosen)
        listening = bool(spoken) and tagger.system.uses(tagger.system.config, "speech")
        analysis = Analysis(prediction, info, spoken, unheard, listening, pictured, unseen, looked_at)
        said = ",".join(f"{offset}={reading}" for offset, reading in sorted(readings.items()))
        beside = [path.stem for path in ([spoken.path] if spoken else [])] + [picture.path.stem for picture in pictured]
        key = ".".join([document.id, info.digest[:16], said, *beside])
        with self._remembering:
            self._analyses[key] = analysis
            self._analyses.move_to_end(key)
            while len(self._analyses) > _REMEMBERED:
                self._analyses.popitem(last=False)
        return key, analysis

    def hear_otherwise(self, analysis: Analysis, speech: Path | None) -> Analysis:
        """Read the text of an analysis as before, but with another recording, or with none.

        Args:
            analysis: to compare with.
            speech: a recording; none for the text alone.

        Raises:
            InputError: if the recording cannot be read.
        """
        document = analysis.prediction.document
        spoken = self.keep_speech(speech) if speech else None
        path = spoken.path if spoken else None
        return self.analyse(document.text, str(analysis.checkpoint.path), document.readings, path, document.images)[1]

    def analysis(self, key: str) -> Analysis | None:
        """Return a remembered analysis."""
        with self._remembering:
            return self._analyses.get(key)

    def _spoken(self, speech: str | Path | None) -> tuple[Spoken | None, str]:
        if not speech:
            return None, ""
        try:
            return self.keep_speech(speech), ""
        except InputError as error:
            return None, str(error)

    def _pictured(self, pictures: Sequence[str | Path]) -> tuple[tuple[Pictured, ...], tuple[str, ...]]:
        check_count([str(picture) for picture in pictures])
        seen, unseen = [], []
        for picture in pictures:
            try:
                seen.append(self.keep_picture(picture))
            except InputError as error:
                unseen.append(str(error))
        return tuple(seen), tuple(unseen)

    def warm(self) -> None:
        """Load what the first page needs, in the background; what fails here is told there."""
        threading.Thread(target=self._warm, name="warm-up", daemon=True).start()

    def _warm(self) -> None:
        try:
            self.analyse(self.examples[0].text)
            self._warm_listener()
        except (EngineError, UserError) as error:
            _log.warning("the first analysis failed: %s", error)
        except Exception:
            _log.exception("the first analysis failed")

    def _warm_listener(self) -> None:
        """Answer a spoken example, so that whoever picks one does not wait for its checkpoint and its libraries."""
        spoken = [(example.text, example.readings[0].audio) for example in self.examples if example.readings]
        listeners = self.checkpoints.listening()
        if spoken and listeners:
            text, audio = spoken[0]
            self.checkpoints.tagger(listeners[0]).predict([Document(text, audio=str(audio))], explain=True)

    # corrections

    def labels(self, *more: str) -> list[str]:
        """Return the labels on offer: the checkpoint's, the user's own, and those of the document at hand."""
        try:
            names = [*self.checkpoints.in_use().labels]
        except (EngineError, UserError):
            names = []
        return list(dict.fromkeys([*names, *self.store.settings.get("labels", []), *more]))

    def check_label(self, name: str) -> str:
        """Return a name as a label has it.

        Raises:
            UserError: if it cannot be a label.
        """
        name = name.strip()
        if not name or len(name) > _LABEL_LENGTH or any(c.isspace() or unicodedata.category(c) == "Cc" for c in name):
            raise UserError("annotate.label.error", longest=_LABEL_LENGTH)
        return name

    def add_label(self, name: str) -> None:
        """Offer one more label from now on.

        Raises:
            UserError: if it cannot be a label.
        """
        name = self.check_label(name)
        if name not in self.labels():
            self.store.settings.set("labels", [*self.store.settings.get("labels", []), name])

    def with_files(self, document: Document) -> Document:
        """Return a document whose recording and pictures are paths, as far as they are still there."""
        pictures = [self.picture_folder / name for name in document.images]
        images = tuple(str(path) for path in pictures if path.is_file())
        return replace(document, audio=self._recording(document.audio), images=images)

    def bring(self, project: int, document: Document, *, by: str = "") -> int:
        """Bring one document into a project, its pictures and its recording into the workspace, and return its id.

        Raises:
            InputError: if a picture or the recording cannot be read.
            StoreError: if it cannot be stored.
        """
        kept = {path: self.keep_picture(path).path.name for path in document.images}
        if document.audio:
            kept[document.audio] = self.keep_speech(document.audio).path.name
        self.store.documents.add(project, [document], by=by, file_name=kept.__getitem__)
        found = self.store.find(document.text, project)
        if found is None:
            raise UserError("errors.bring.error")
        return found.id

    def _recording(self, name: str | None) -> str | None:
        file = self.speech_folder / name if name else None
        return str(file) if file and file.is_file() else None


def check_text(text: str) -> None:
    """Tell whether a text can be analysed.

    Raises:
        UserError: if it is empty, too long, or holds control characters.
    """
    if not text.strip():
        raise UserError("analyse.empty.error")
    if len(text) > LONGEST:
        raise UserError("analyse.long.error", length=len(text), longest=LONGEST)
    for position, character in enumerate(text, start=1):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r":
            raise UserError("analyse.control.error", position=position, code=f"U+{ord(character):04X}")
