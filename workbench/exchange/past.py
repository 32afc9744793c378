"""A bundle read back as records: what :mod:`workbench.exchange.packing` writes, and what the first version held.

Rows are not believed: what is not as it is written is an error that names the member and the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

from engine.document import Span
from engine.errors import DocumentError, InputError
from engine.formats.source import object_of
from workbench.exchange.packing import ASSIGNMENTS, EVENTS, EVIDENCE, LABELS, MEMBERS, PROJECT, REVISIONS, SELECTIONS, TEXTS
from workbench.store import Assignment, Event, Label, Measure, Member, Pick, Revision, Selection, StoredDocument
from workbench.store.adopting import Rules
from workbench.store.whole import Evidence

_T = TypeVar("_T")
_NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True)
class BundledPast:
    """An unpacked bundle; a :class:`workbench.store.matching.Past`.

    Attributes:
        folder: where it was unpacked and proved.
        names: what members are called in the workspace; those that are not named keep their names.
    """

    folder: Path
    names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def labels(self) -> Sequence[Label]:
        """Return every label, retired ones and former names too."""
        return tuple(self.read(LABELS, _label))

    @property
    def guidelines(self) -> str | None:
        """Return the guidelines; nothing where the bundle does not tell them."""
        return self._project[0] if self._project else None

    @property
    def rules(self) -> Rules | None:
        """Return the rules; nothing where the bundle does not tell them."""
        return self._project[1] if self._project else None

    @cached_property
    def members(self) -> Sequence[Member]:
        """Return who worked in the project; nobody where the bundle does not tell it."""
        return tuple(self.read(MEMBERS, _member))

    @cached_property
    def _project(self) -> tuple[str, Rules] | None:
        return next(self.read(PROJECT, _project), None)

    def documents(self) -> Iterator[StoredDocument]:
        """Yield the documents as they came."""
        return self.read(TEXTS, self._document)

    def revisions(self) -> Iterator[Revision]:
        """Yield the revisions in the order in which they were saved."""
        return self.read(REVISIONS, lambda row: revision_of(row, row["document"], self.names))

    def evidence(self) -> Iterator[Evidence]:
        """Yield what models' proposals rested on."""
        return self.read(EVIDENCE, _evidence)

    def events(self) -> Iterator[Event]:
        """Yield the events, oldest first."""
        return self.read(EVENTS, lambda row: event_of(row, row["document"]))

    def assignments(self) -> Iterator[Assignment]:
        """Yield who was given what, in their order."""
        return self.read(ASSIGNMENTS, _assignment)

    def selections(self) -> Iterator[Selection]:
        """Yield which documents were chosen to be next, in their order; nothing where the bundle does not tell it."""
        return self.read(SELECTIONS, _selection)

    def check(self) -> None:
        """Read everything.

        Raises:
            InputError: if a row is not sound.
        """
        told = (
            self.labels,
            self.guidelines,
            self.members,
            self.documents(),
            self.revisions(),
            self.evidence(),
            self.events(),
            self.assignments(),
            self.selections(),
        )
        for rows in told:
            for _ in rows or ():
                pass

    def media(self) -> Iterator[Path]:
        """Yield the pictures and recordings."""
        for folder in ("pictures", "speech"):
            yield from sorted((self.folder / folder).glob("*"))

    def read(self, name: str, reading: Callable[[dict[str, Any]], _T]) -> Iterator[_T]:
        """Yield what the rows of a member say; nothing where there is no such member.

        Raises:
            InputError: if a row is not sound.
        """
        file = self.folder / name
        if not file.is_file():
            return
        with open(file, "rb") as handle:
            for number, line in enumerate(handle, 1):
                try:
                    row = object_of(line)
                    if row is None:
                        raise ValueError("no JSON object")
                    yield reading(row)
                except (KeyError, TypeError, ValueError, AttributeError, IndexError, DocumentError) as error:
                    wrong = f"{type(error).__name__}: {error}"
                    raise InputError(f"{name}, line {number}, is not sound ({wrong}); export the bundle again") from error

    def _document(self, row: dict[str, Any]) -> StoredDocument:
        return StoredDocument(
            id=_int(row["id"]),
            text=_str(row["text"]),
            revisions_count=0,
            latest=None,
            name=_str(row["name"]),
            meta={_str(key): _str(value) for key, value in row["meta"].items()},
            pictures=tuple(self.names.get(name, name) for name in map(_str, row["pictures"])),
            recording=self.names.get(_str(row["recording"]), row["recording"]),
            flagged=_bool(row["flagged"]),
            deleted=moment_or_none(row["deleted"]),
            created=moment_or_none(row["created"]),
        )


def tells_history(folder: Path) -> bool:
    """Tell whether an unpacked bundle holds more than documents: what was done to them."""
    return (folder / TEXTS).is_file() and (folder / REVISIONS).is_file()


def revision_of(row: Mapping[str, Any], document: Any, names: Mapping[str, str] = _NO_NAMES) -> Revision:
    """Return what a row says of a revision."""
    return Revision(
        id=_int(row["id"]),
        document_id=_int(document),
        number=_int(row["number"]),
        spans=_spans(row["spans"]),
        author=_str(row["author"]),
        created=moment(row["created"]),
        client_key=_str(row["client_key"]),
        prediction=_spans(row["prediction"]),
        checkpoint=_str(row["checkpoint"]),
        labels=tuple(map(_str, row["labels"])),
        readings={int(offset): _str(reading) for offset, reading in row["readings"].items()},
        recording=names.get(_str(row["recording"]), row["recording"]),
        pictures=tuple(names.get(name, name) for name in map(_str, row["pictures"])),
        seconds=None if row["seconds"] is None else _number(row["seconds"]),
        base_revision=None if row["base_revision"] is None else _int(row["base_revision"]),
        conflicted=_bool(row["conflicted"]),
        layer=cast(Any, _str(row["layer"])),
        sources=tuple(map(_int, row["sources"])),
        proposals=_spans(row["proposals"]),
    )


def event_of(row: Mapping[str, Any], document: Any) -> Event:
    """Return what a row says of an event."""
    place = None if document is None else _int(document)
    kind, payload = cast(Any, _str(row["kind"])), dict(row["payload"])
    return Event(_int(row["id"]), kind, _str(row["account"]), moment(row["created"]), None, place, payload)


def moment(value: Any) -> datetime:
    """Return a moment; one without a time zone could be any."""
    read = datetime.fromisoformat(_str(value))
    if read.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return read


def moment_or_none(value: Any) -> datetime | None:
    """Return a moment, where there is one."""
    return None if value is None else moment(value)


def _label(row: Mapping[str, Any]) -> Label:
    said = {name: _str(row[name]) for name in ("name", "zh", "en", "colour", "key", "definition", "becomes")}
    return Label(**said, examples=tuple(map(_str, row["examples"])), retired=_bool(row["retired"]))


def _project(row: Mapping[str, Any]) -> tuple[str, Rules]:
    return _str(row["guidelines"]), Rules(_bool(row["nested"]), _int(row["overlap"]), _bool(row["blind"]))


def _evidence(row: Mapping[str, Any]) -> Evidence:
    measures = []
    for name, start, end, highest, mean in row["measures"]:
        extent = (_int(start), _int(end)) if end else None
        measures.append(Measure(_str(name), extent, _number(highest), _number(mean)))
    return Evidence(_int(row["revision"]), row["content"], tuple(measures))


def _assignment(row: Mapping[str, Any]) -> Assignment:
    done = moment_or_none(row["finished"]), moment_or_none(row["skipped"])
    return Assignment(_int(row["document_id"]), _str(row["account"]), moment(row["given"]), *done)


def _member(row: Mapping[str, Any]) -> Member:
    return Member(_str(row["account"]), _str(row["shown"]), cast(Any, _str(row["role"])))


def _selection(row: Mapping[str, Any]) -> Selection:
    pick = Pick(_int(row["document"]), cast(Any, _str(row["arm"])), _spans(row["predicted"]), dict(row["reason"]))
    place = _int(row["round"]), _int(row["position"])
    return Selection(pick, *place, _str(row["strategy"]), _str(row["checkpoint"]), _int(row["learned"]), moment(row["created"]))


def _spans(rows: Any) -> tuple[Span, ...]:
    spans = []
    for start, end, label, *score in rows:
        spans.append(Span(_int(start), _int(end), _str(label), *([_number(score[0])] if score else [])))
    return tuple(spans)


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r:.40} is no whole number")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r:.40} is no number")
    return float(value)


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r:.40} is neither true nor false")
    return value
