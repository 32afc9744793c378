"""Bundles of the first version: one history for each document, labels as they were read then, no recycle bin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.formats.bundle import DOCUMENTS
from workbench.exchange.past import BundledPast, event_of, revision_of
from workbench.exchange.taking import OURS
from workbench.store import Assignment, Event, Revision, StoredDocument
from workbench.store.whole import Evidence

HISTORY = "history.jsonl"


@dataclass(frozen=True)
class FirstPast(BundledPast):
    """An unpacked bundle of the first version."""

    def documents(self) -> Iterator[StoredDocument]:
        """Yield the documents as they came; flags are what the last event of that kind says."""
        flagged = {
            event.document_id: event.kind == "flagged" for event in self.events() if event.kind in ("flagged", "unflagged")
        }
        for document in self.read(DOCUMENTS, self._first_document):
            yield replace(document, flagged=flagged.get(document.id, False))

    def revisions(self) -> Iterator[Revision]:
        """Yield the revisions in the order in which they were saved."""
        yield from sorted(self._history[0], key=lambda revision: revision.id)

    def evidence(self) -> Iterator[Evidence]:
        """Yield nothing: the first version held none."""
        yield from ()

    def events(self) -> Iterator[Event]:
        """Yield the events, oldest first."""
        yield from sorted(self._history[1], key=lambda event: event.id)

    def assignments(self) -> Iterator[Assignment]:
        """Yield who was given what, as the events tell it."""
        given: dict[tuple[int, str], Assignment] = {}
        for event in self.events():
            if event.document_id is None:
                continue
            account = str(event.payload.get("to" if event.kind == "given" else "from", event.account))
            place = (event.document_id, account)
            if event.kind == "withdrawn":
                given.pop(place, None)
            elif event.kind in ("given", "finished", "skipped", "reopened"):
                before = given.get(place) or Assignment(*place, event.created, None, None)
                finished, skipped = (event.created if event.kind == kind else None for kind in ("finished", "skipped"))
                given[place] = before if event.kind == "given" else replace(before, finished=finished, skipped=skipped)
        yield from given.values()

    @cached_property
    def _history(self) -> tuple[list[Revision], list[Event]]:
        done = list(self.read(HISTORY, self._done))
        return [each for each in done if isinstance(each, Revision)], [each for each in done if isinstance(each, Event)]

    @cached_property
    def _members(self) -> Mapping[str, str]:
        """Return what files were called in the workspace that the bundle is from: by the beginning of their members' names."""
        return {
            path.stem[:32]: self.names.get(name, name) for path in self.media() for name in [f"{path.parent.name}/{path.name}"]
        }

    def _done(self, row: Mapping[str, Any]) -> Revision | Event:
        if row["what"] == "event":
            return event_of(row, row["document_id"])
        kept = revision_of(row, row["document_id"])
        return replace(kept, pictures=tuple(map(self._kept, kept.pictures)), recording=self._kept(kept.recording))

    def _kept(self, name: str) -> str:
        return self._members.get(Path(name).stem[:32], name) if name else name

    def _first_document(self, row: Mapping[str, Any]) -> StoredDocument:
        meta = {str(key): str(value) for key, value in row.get("meta", {}).items()}
        audio = row.get("audio") or ""
        return StoredDocument(
            id=int(meta["document"]),
            text=row["text"],
            revisions_count=0,
            latest=None,
            name="" if row["id"] == meta["document"] else row["id"],
            meta={key: value for key, value in meta.items() if key not in OURS},
            pictures=tuple(self.names.get(name, name) for name in row.get("images", ())),
            recording=self.names.get(audio, audio),
        )


def tells_first_history(folder: Path) -> bool:
    """Tell whether an unpacked bundle holds a history as the first version wrote it."""
    return (folder / HISTORY).is_file()
