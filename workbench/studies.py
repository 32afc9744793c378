"""Studies of errors: one to four models read annotated documents, every entity is judged, and what came of it is remembered.

What a model said of a piece of documents is kept in the workspace by the digests of both, so that a second look reads nothing; a
whole study stays in memory for a while, so that every click on a page finds it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from engine.document import Document, relabel
from engine.errors import EngineError
from engine.evaluation.scores import PRF
from engine.formats.native import to_row
from workbench.errors import UserError
from workbench.study_data import Data, StudyData
from workbench.study_training import Training

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo
    from engine.evaluation.study import Difference, Figures, Reading, Study
    from workbench.checkpoints import Checkpoints

MOST_MODELS = 4
DIGITS = 12
"""Of a checkpoint's digest, as they stand in an address."""
_REMEMBERED = 6
_WRITTEN = {ord(sign): quote(sign, safe="") for sign in "%@,+"} | {ord("~"): "%7E"}


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint, given all that it makes use of or less.

    Attributes:
        name: of the checkpoint.
        digest: how that of its weights begins; empty for whatever has the name.
        without: the modalities that are kept from it.
    """

    name: str
    digest: str = ""
    without: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return what it is asked for by, and what stands in an address: ``mpm-cner@1f0c…~glyph+phonetic``."""
        digest, without = f"@{self.digest}" if self.digest else "", f"~{'+'.join(self.without)}" if self.without else ""
        return f"{self.name.translate(_WRITTEN)}{digest}{without}"

    @classmethod
    def of(cls, key: str) -> Model:
        """Read a key."""
        rest, _, without = key.partition("~")
        name, _, digest = rest.partition("@")
        return cls(unquote(name), digest, tuple(part for part in without.split("+") if part))


@dataclass(frozen=True, slots=True)
class Question:
    """What is studied.

    Attributes:
        data: key of the documents, see :class:`workbench.study_data.Data`.
        models: that read them.
        mapping: what each annotated type is taken for, the empty string to leave it out; types that are not named stay.
        training: key of what the models were trained on, see :class:`workbench.study_training.Training`; empty where nobody says.
    """

    data: str
    models: tuple[Model, ...]
    mapping: tuple[tuple[str, str], ...] = ()
    training: str = ""


class LabelsDifferError(Exception):
    """The documents are annotated with types that a model cannot find; somebody has to say what they are to be taken for.

    Attributes:
        counts: how many entities of each annotated type there are.
        labels: the types that the models can find.
        gaps: the annotated types that some model cannot find.
        suggested: what types might be taken for; the empty string leaves one out.
    """

    def __init__(
        self, counts: Mapping[str, int], labels: Sequence[str], gaps: Sequence[str], suggested: Mapping[str, str]
    ) -> None:
        """Keep what the question needs."""
        self.counts, self.labels, self.gaps, self.suggested = counts, tuple(labels), tuple(gaps), suggested
        super().__init__(f"{', '.join(gaps)} is annotated, and found is {', '.join(labels)}")


class StoppedError(Exception):
    """Somebody has asked a study to stop."""


@dataclass
class Worked:
    """A study with all that has been computed of it so far.

    Attributes:
        key: under which it is remembered.
        question: that it answers.
        study: documents, readings, cases.
        models: what each reading is of.
        documents: as they came, before labels were renamed or left out.
    """

    key: str
    question: Question
    study: Study
    models: tuple[Model, ...]
    documents: tuple[Document, ...]
    _figures: dict[int, Figures] = field(default_factory=dict)
    _differences: dict[tuple[int, int], Difference] = field(default_factory=dict)
    _computing: threading.Lock = field(default_factory=threading.Lock)

    def figures(self, index: int) -> Figures:
        """Return the figures of a reading."""
        from engine.evaluation.figures import figures_of

        with self._computing:
            if index not in self._figures:
                self._figures[index] = figures_of(self.study, index)
            return self._figures[index]

    def difference(self, a: int, b: int) -> Difference:
        """Return how two readings differ."""
        from engine.evaluation.comparing import difference

        with self._computing:
            if (a, b) not in self._differences:
                self._differences[a, b] = difference(self.study, a, b)
            return self._differences[a, b]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is.

    Attributes:
        model: key of the one that reads; empty when all have read, and the figures are computed.
        done: how many documents are read, by all models together.
        total: how many there are to read.
        left: seconds, where they can be guessed.
        f1: of the model, exact, as far as it has read.
    """

    model: str
    done: int
    total: int
    left: float | None = None
    f1: float | None = None


Tell = Callable[[Progress], None]


class Studies:
    """What was studied lately, and how something is."""

    def __init__(self, data: StudyData, training: Training, checkpoints: Checkpoints, cache: Path) -> None:
        """Serve the models of the process.

        Args:
            data: that can be studied.
            training: that models may have been trained on.
            checkpoints: of the process.
            cache: folder in which what models said is kept.
        """
        self.data, self.training, self._checkpoints, self._cache = data, training, checkpoints, cache
        self._remembering = threading.Lock()
        self._worked: OrderedDict[str, Worked] = OrderedDict()

    def models(self) -> list[Model]:
        """Return what can be asked, the checkpoint in use first: each with all it makes use of, and without what it can spare."""
        current = self._checkpoints.in_use()
        infos = [current, *(info for info in self._checkpoints.all() if info.path != current.path)]
        return [model for info in infos for model in _variants(info)]

    def checkpoint(self, model: Model) -> CheckpointInfo:
        """Return the checkpoint of a model.

        Raises:
            UserError: if it is not there any more, or other weights have its name now.
            CheckpointError: if it is damaged.
        """
        for info in self._checkpoints.all():
            if info.name == model.name and info.digest.startswith(model.digest):
                return self._checkpoints.find(str(info.path))
        raise UserError("errors.model.error", name=model.name)

    def held(self, key: str) -> Worked | None:
        """Return a study that is still remembered."""
        with self._remembering:
            worked = self._worked.get(key)
            if worked is not None:
                self._worked.move_to_end(key)
            return worked

    def known(self, question: Question, account: str) -> Worked | None:
        """Return the study that answers a question, if it is remembered and nobody has changed the documents since.

        Raises:
            UserError: if the account may not see the data.
        """
        return self.held(_key(question, self.data.documents(question.data, account), self._trainings(question, account)))

    def named(self, question: Question, account: str) -> Data:
        """Return what is studied.

        Raises:
            UserError: if the account may not see it, or what the models were trained on.
        """
        if question.training:
            self.training.named(question.training, account)
        return self.data.named(question.data, account)

    def work(self, question: Question, account: str, tell: Tell) -> Worked:
        """Have the models read the documents, and judge what they said.

        Args:
            question: what is studied.
            account: who asks.
            tell: told how far it is; what it raises ends the work, and what was read until then stays kept.

        Raises:
            UserError: if the data or a model is not to be had, or too many models are asked.
            LabelsDifferError: if it must be said first what annotated types are taken for.
            EngineError: if a model cannot be asked so.
        """
        from engine.evaluation.judging import study_of

        if not 1 <= len(question.models) <= MOST_MODELS:
            raise UserError("errors.models.error", most=MOST_MODELS)
        documents, trainings = self.data.documents(question.data, account), self._trainings(question, account)
        key = _key(question, documents, trainings)
        if (worked := self.held(key)) is not None:
            return worked
        infos = [self.checkpoint(model) for model in question.models]
        differ = _differing(documents, infos, dict(question.mapping))
        if differ.gaps:
            raise differ
        mapping = dict(question.mapping)
        readings = self._readings(documents, list(zip(question.models, infos, trainings, strict=True)), mapping, tell)
        tell(Progress("", len(readings), len(readings)))
        name = self.data.named(question.data, account).name
        study = study_of(name, documents, readings=readings, mapping=mapping)
        worked = Worked(key, question, study, question.models, documents)
        for index in range(len(readings)):
            tell(Progress("", len(readings), len(readings)))
            worked.figures(index)
        with self._remembering:
            self._worked[key] = worked
            while len(self._worked) > _REMEMBERED:
                self._worked.popitem(last=False)
        return worked

    def labels(self, question: Question, account: str) -> LabelsDifferError:
        """Return what has to be known to say anew which type is taken for which.

        Raises:
            UserError: if the data or a model is not to be had.
        """
        infos = [self.checkpoint(model) for model in question.models]
        return _differing(self.data.documents(question.data, account), infos, dict(question.mapping))

    def _trainings(self, question: Question, account: str) -> list[tuple[Document, ...]]:
        return self.training.documents(question.training, [model.name for model in question.models], account)

    def _readings(
        self,
        documents: Sequence[Document],
        models: Sequence[tuple[Model, CheckpointInfo, tuple[Document, ...]]],
        mapping: Mapping[str, str],
        tell: Tell,
    ) -> list[Reading]:
        from engine.evaluation.reading import read, reading_of

        readings, total, fresh, seconds = [], len(documents) * len(models), 0, 0.0
        for number, (model, info, training) in enumerate(models):
            before = number * len(documents)
            tell(Progress(model.key, before, total))
            tagger, without, pieces = self._checkpoints.tagger(info), ",".join(model.without), []
            wanted = found = right = 0
            for piece in read(tagger, documents, without=without, cache=self._cache):
                pieces.append(piece)
                if not piece.cached:
                    fresh, seconds = fresh + len(piece.documents), seconds + piece.seconds
                first = piece.done - len(piece.documents)
                for truth, guess in zip(documents[first : piece.done], piece.documents, strict=True):
                    gold, said = _keys(truth, truth, mapping), _keys(truth, guess, mapping)
                    wanted, found, right = wanted + len(gold), found + len(said), right + len(gold & said)
                done = before + piece.done
                left = (total - done) * seconds / fresh if fresh else None
                tell(Progress(model.key, done, total, left, PRF.of(wanted, found, right).f1))
            readings.append(reading_of(tagger, documents, pieces, without=without, training=training))
        return readings


def _keys(truth: Document, said: Document, mapping: Mapping[str, str]) -> set[tuple[int, int, str]]:
    """Return what somebody said of a document, as far as its annotation can confirm or refute it."""
    return {span.key for span in relabel(said, mapping).spans if truth.annotated is None or span.label in truth.annotated}


def _variants(info: CheckpointInfo) -> Iterable[Model]:
    """Yield a checkpoint with all that it makes use of, then without each thing that it can do without, and without them all."""
    from engine.evaluation.reading import optional_modalities

    model = Model(info.name, info.digest[:DIGITS])
    yield model
    try:
        spared = optional_modalities(info)
    except EngineError:  # told when it is chosen
        return
    for name in spared:
        yield replace(model, without=(name,))
    if len(spared) > 1:
        yield replace(model, without=spared)


def unannotated(worked: Worked, index: int) -> tuple[str, ...]:
    """Return the types that a reading's model finds and nothing is annotated as, where its finding them is judged."""
    study, reading = worked.study, worked.study.readings[index]
    marked = {span.label for document in study.gold for span in document.spans}
    found = {case.found.label for case in reading.cases if case.found is not None}
    return tuple(sorted(found - marked)) if marked else ()


def _differing(documents: Sequence[Document], infos: Sequence[CheckpointInfo], mapping: Mapping[str, str]) -> LabelsDifferError:
    """Compare what is annotated with what all models can find, as a mapping has it."""
    from engine.evaluation.judging import suggested_mapping

    counts = Counter(span.label for document in documents for span in document.spans)
    sets = [{mapping.get(label, label) for label in info.labels} - {""} for info in infos]
    gaps = [label for label in counts if (taken := mapping.get(label, label)) and any(taken not in found for found in sets)]
    suggested: dict[str, str] = {}
    for info in infos:
        suggested |= _in_words_of(info.labels, suggested_mapping(documents, info.labels))
    labels = dict.fromkeys(label for info in infos for label in info.labels)
    return LabelsDifferError(dict(counts.most_common()), tuple(labels), gaps, {**suggested, **mapping})


def _in_words_of(labels: Sequence[str], suggested: Mapping[str, str]) -> dict[str, str]:
    """Return a suggestion in which types become those of the model, not the other way round."""
    names: dict[str, str] = {}
    for label in sorted(labels, key=len):
        target = suggested.get(label, label)
        if target and target not in labels:
            names.setdefault(target, label)
    turned = {label: names.get(target, target) for label, target in suggested.items()} | names
    return {label: target for label, target in turned.items() if label != target}


def _key(question: Question, documents: Sequence[Document], trainings: Sequence[Sequence[Document]]) -> str:
    digest = hashlib.sha256(json.dumps([[model.key for model in question.models], sorted(question.mapping)]).encode())
    for part in (documents, *trainings):
        digest.update(f"{len(part)} ".encode())
        for document in part:
            row: dict[str, Any] = to_row(document)
            digest.update(json.dumps(row, sort_keys=True).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
