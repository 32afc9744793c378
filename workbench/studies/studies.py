"""Studies of errors: one to four models read annotated documents, every entity is judged, and what came of it is remembered.

What a model said of a piece of documents is kept in the workspace by the digests of both, so that a second look reads nothing; a
whole study stays in memory for a while, so that every click on a page finds it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.document import Document, relabel
from engine.evaluation.scores import PRF
from engine.formats.native import to_row
from workbench.errors import UserError
from workbench.studies.asking import MOST_MODELS, Model, Question, variants
from workbench.studies.data import Data, StudyData
from workbench.studies.labels import LabelsDifferError, differing
from workbench.studies.training import Training
from workbench.studies.working import Progress, Worked

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo
    from engine.evaluation.study import Reading
    from workbench.checkpoints import Checkpoints

_REMEMBERED = 6
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
        return [model for info in infos for model in variants(info)]

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
        differ = differing(documents, infos, dict(question.mapping))
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
        return differing(self.data.documents(question.data, account), infos, dict(question.mapping))

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


def _key(question: Question, documents: Sequence[Document], trainings: Sequence[Sequence[Document]]) -> str:
    digest = hashlib.sha256(json.dumps([[model.key for model in question.models], sorted(question.mapping)]).encode())
    for part in (documents, *trainings):
        digest.update(f"{len(part)} ".encode())
        for document in part:
            row: dict[str, Any] = to_row(document)
            digest.update(json.dumps(row, sort_keys=True).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
