"""A document as one person annotates it: what of it they see and begin from, what they may choose, and what is saved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.document import Document, Span
from engine.drawing.colours import palette
from engine.errors import DocumentError
from workbench.errors import UserError
from workbench.measuring import measured
from workbench.span_editor import read_remarks
from workbench.span_editor.remarks import Remark
from workbench.store import Label, Note, Place, Project, Revision, View
from workbench.views.colours import KEYS, editor_labels

if TYPE_CHECKING:
    from workbench.services import Analysis, Services

_KEY = re.compile(r"document-(\d+)")


def key_of(document_id: int) -> str:
    """Return what the editor calls a stored document; a text that is not stored goes by its hash."""
    return f"document-{document_id}"


def id_of(key: str) -> int:
    """Return which stored document the editor means, 0 for a text that is not stored."""
    found = _KEY.fullmatch(key)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """What lies on the desk.

    Attributes:
        text: what is annotated.
        project: where.
        view: what its annotator may see of it; ``None`` for a text that is not stored yet.
        former: the key that the text had before it was stored, where no other document has the same text.
        notes: that its annotator may see and that are open.
        place: where it stands among what they are to do.
    """

    text: str
    project: Project
    view: View | None = None
    former: str = ""
    notes: tuple[Note, ...] = ()
    place: Place | None = None

    @property
    def number(self) -> int:
        """Return the document's id, 0 for a text that is not stored yet."""
        return self.view.document.id if self.view else 0

    @property
    def key(self) -> str:
        """Return what the editor calls it."""
        return key_of(self.number) if self.number else Document(self.text).id

    @property
    def begin(self) -> Revision | None:
        """Return what is gone on from."""
        return self.view.begin if self.view else None

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return the annotations that are gone on from."""
        return self.begin.spans if self.begin else ()

    @property
    def beside(self) -> dict[str, Any]:
        """Return readings, recording and pictures: of what is gone on from, else as they came with the document."""
        if self.view is None:
            return {"readings": {}, "recording": "", "pictures": ()}
        document, begin = self.view.document, self.view.begin
        if begin is None:
            return {"readings": {}, "recording": document.recording, "pictures": document.pictures}
        # Whoever annotated before there were pictures is no reason to lose them.
        recording, pictures = begin.recording or document.recording, begin.pictures or document.pictures
        return {"readings": begin.readings, "recording": recording, "pictures": pictures}


def sheet_of(services: Services, document_id: int, account: str) -> Sheet:
    """Return a stored document as somebody annotates it.

    Raises:
        UserError: if it is in the recycle bin.
        StoreError: if there is none of this id, or they have no part in its project.
    """
    store = services.store
    view = store.reading.view(document_id, account)
    document = view.document
    if document.deleted:
        raise UserError("annotate.deleted.error")
    same = store.find(document.text, document.project_id)
    former = Document(document.text).id if same and same.id == document_id else ""
    notes = notes_on(services, document_id, account)
    place = store.assignments.place(document.project_id, account, document_id, unassigned=True)
    return Sheet(document.text, store.projects.get(document.project_id), view, former, notes, place)


def notes_on(services: Services, document_id: int, account: str) -> tuple[Note, ...]:
    """Return the open notes on a document that somebody may see."""
    return tuple(note for note in services.store.notes.of(document_id, account) if not note.closed)


def sheet_with(services: Services, text: str, project: int, account: str) -> Sheet:
    """Return the document of a project that has exactly this text, or one that is not stored yet."""
    stored = services.store.find(text, project)
    return sheet_of(services, stored.id, account) if stored else Sheet(text, services.store.projects.get(project))


def labels_of(services: Services, project: int, language: str, used: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return the labels as the editor takes them: the project's own where it has any, else as the model in use has them.

    Args:
        services: of the process.
        project: whose labels.
        language: of the names that are shown beside those that files say.
        used: labels of spans; one that can no longer be chosen keeps a colour.
    """
    declared = services.store.labels.list(project)
    if not declared:
        return list(editor_labels(services.labels(*used)))
    names = [label.name for label in declared]
    colours = {**palette([*dict.fromkeys([*names, *used])]), **{label.name: label.colour for label in declared if label.colour}}
    taken = {label.key.lower() for label in declared}
    free = (key for key in KEYS if key not in taken)
    shown = [
        {"name": label.name, "key": label.key or next(free, ""), "color": colours[label.name], "title": title_of(label, language)}
        for label in declared
    ]
    others = [name for name in dict.fromkeys(used) if name not in names]
    return [*shown, *({"name": name, "key": "", "color": colours[name], "retired": True} for name in others)]


def title_of(label: Label, language: str) -> str:
    """Return a label's name in a language, or in the other one."""
    return (label.zh or label.en) if language == "zh" else (label.en or label.zh)


def offered(services: Services, project: int, spans: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], set[str]]:
    """Return the proposals that a project has labels for, and the labels of the others."""
    names = {label.name for label in services.store.labels.list(project)}
    kept, foreign = [], set()
    for span in spans:
        if names and span["label"] not in names:
            foreign.add(str(span["label"]))
            continue
        others = [each for each in span.get("alternatives", ()) if not names or _labels(each) <= names]
        kept.append({**span, "alternatives": others} if others else {k: v for k, v in span.items() if k != "alternatives"})
    return kept, foreign


def _labels(alternative: Mapping[str, Any]) -> set[str]:
    if "label" in alternative:
        return {alternative["label"]}
    return {span["label"] for span in alternative.get("spans", ())}


@dataclass(frozen=True, slots=True)
class Act:
    """What the editor sends to be saved; see :class:`workbench.span_editor.SpanEditor`."""

    key: str
    client_key: str
    document: Document
    proposals: tuple[Span, ...]
    remarks: Sequence[Remark]
    base_revision: int | None
    seconds: float | None
    evidence: Any


def read_act(said: Mapping[str, Any]) -> Act:
    """Return a save as it was sent; a draft of an older version, sent again, does not say everything.

    Raises:
        UserError: if it is not as the editor sends it.
    """
    try:
        document = Document(str(said["text"]), _spans(said["spans"]))
        proposals, remarks = _spans(said.get("proposals") or ()), read_remarks(said.get("notes") or {})
        key, evidence = str(said.get("key") or document.id), said.get("evidence") or None
        base, seconds = said.get("base_revision"), said.get("seconds")
        return Act(key, str(said["client_key"]), document, proposals, remarks, base, seconds, evidence)
    except (DocumentError, KeyError, TypeError, ValueError) as error:
        raise UserError("annotate.save.error", message=error) from error


def _spans(said: Iterable[Mapping[str, Any]]) -> tuple[Span, ...]:
    return tuple(Span(int(span["start"]), int(span["end"]), str(span["label"]), span.get("score")) for span in said)


def save(services: Services, act: Act, project: int, account: str, analysis: Analysis | None) -> Revision:
    """Append a revision, to the document that was annotated or as a new one of a project.

    Args:
        services: of the process.
        act: what was done.
        project: where a text that is not stored yet belongs.
        account: who did it.
        analysis: where the proposals came from, if any were brought.

    Raises:
        StoreError: if it cannot be saved, or whoever did it has no part in the document's project.
    """
    number, text = id_of(act.key), act.document.text
    with services.store.together():
        if not number:
            stored = services.store.find(text, project)
            number = stored.id if stored else 0
        sheet = _seen(services, number, account) if number else Sheet(text, services.store.projects.get(project))
        labels = [label["name"] for label in labels_of(services, sheet.project.id, "zh") if not label.get("retired")]
    if analysis and analysis.prediction.document.text != text:
        analysis = None
    revision = services.store.save(
        text,
        act.document.spans,
        author=account,
        labels=labels,
        client_key=act.client_key,
        document_id=number or None,
        project=project,
        proposals=act.proposals,
        seconds=act.seconds,
        base_revision=act.base_revision,
        evidence=act.evidence,
        **_beside(sheet, analysis),
        **_origin(act, analysis),
    )
    services.store.notes.settle(revision.document_id, account, act.remarks)
    return revision


def _seen(services: Services, number: int, account: str) -> Sheet:
    """Return a document to save in, though it be in the recycle bin: what somebody did is kept all the same."""
    view = services.store.reading.view(number, account)
    return Sheet(view.document.text, services.store.projects.get(view.document.project_id), view)


def _beside(sheet: Sheet, analysis: Analysis | None) -> dict[str, Any]:
    if analysis is None:
        return sheet.beside
    heard = {"recording": analysis.spoken.path.name} if analysis.spoken else {}
    seen = {"pictures": [picture.path.name for picture in analysis.pictures]} if analysis.pictures else {}
    return {**sheet.beside, "readings": analysis.prediction.document.readings, **heard, **seen}


def _origin(act: Act, analysis: Analysis | None) -> dict[str, Any]:
    if analysis is None:
        return {}
    prediction = analysis.prediction
    marked = [*act.document.spans, *prediction.document.spans]
    measures = measured(len(act.document), marked, prediction.evidence)
    return {"prediction": prediction.document.spans, "checkpoint": analysis.checkpoint.name, "measures": measures}


def rival(services: Services, revision: Revision, account: str) -> Revision | None:
    """Return what somebody had saved meanwhile, to be compared; ``None`` if nobody had."""
    if not revision.conflicted:
        return None
    seen = services.store.reading.history(revision.document_id, account)
    own = services.store.projects.get(services.store.document(revision.document_id).project_id).independent
    earlier = [
        done
        for done in seen
        if isinstance(done, Revision)
        and done.number < revision.number
        and done.layer != "gold"
        and (not own or done.author == account)
    ]
    return max(earlier, key=lambda done: done.number, default=None)


def files_beside(services: Services, sheet: Sheet) -> tuple[Path | None, list[Path]]:
    """Return the recording and the pictures beside a document that are still there."""
    beside = sheet.beside
    recording = services.speech_folder / beside["recording"] if beside["recording"] else None
    pictures = [services.picture_folder / name for name in beside["pictures"]]
    return (recording if recording and recording.is_file() else None), [path for path in pictures if path.is_file()]


def shown_spans(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the spans to go on from, with the proposals that were still to be decided."""
    proposals = sheet.begin.proposals if sheet.begin else ()
    decided = [{**asdict(span), "predicted": False} for span in sheet.spans]
    return [*decided, *({**asdict(span), "predicted": True} for span in proposals)]
