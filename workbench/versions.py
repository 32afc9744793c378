"""The versions of a document: what each changed, and bringing one back, which is a new one like it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from workbench.errors import UserError
from workbench.store import Difference, Event, Revision, Role, Store, View, diff


@dataclass(frozen=True, slots=True)
class Version:
    """A revision, and how it differs from others.

    Attributes:
        revision: itself.
        changed: from the one before it of its kind: of its author where everyone has their own, else of anybody; ``None`` for the
            first.
        from_gold: how the gold differs from it; ``None`` where there is none, or it is gold.
        restorable: whether whoever asks may bring it back.
    """

    revision: Revision
    changed: Difference | None
    from_gold: Difference | None
    restorable: bool


def versions_of(store: Store, view: View, account: str) -> list[Version | Event]:
    """Return all that an account may see of what was done to a document, the last first."""
    project = store.projects.get(view.document.project_id)
    role = store.projects.role(project.id, account)
    done = store.reading.history(view.document.id, account)
    revisions = sorted((each for each in done if isinstance(each, Revision)), key=lambda each: each.number)
    found: list[Version | Event] = []
    for each in done:
        if not isinstance(each, Revision):
            found.append(each)
            continue
        before = _before(each, revisions, project.independent)
        changed = diff(before.spans, each.spans) if before else None
        gold = view.gold if view.gold and each.layer != "gold" else None
        restorable = not _stands(each, view) and _may_restore(each, role, account, project.independent)
        found.append(Version(each, changed, diff(each.spans, gold.spans) if gold else None, restorable))
    return found[::-1]


def restore(store: Store, document_id: int, revision_id: int, account: str) -> Revision:
    """Bring back an earlier version: append a new revision with its spans. Nothing is taken away.

    Raises:
        UserError: if the account may not.
        StoreError: if it has no part in the document's project.
    """
    view = store.reading.view(document_id, account)
    found = [each for each in versions_of(store, view, account) if isinstance(each, Version) and each.revision.id == revision_id]
    if not found or not found[0].restorable:
        raise UserError("documents.restore.error")
    old = found[0].revision
    key = f"restore-{uuid4()}"
    if old.layer == "gold":
        base = view.gold.id if view.gold else None
        return store.adjudicate(
            document_id, old.spans, author=account, client_key=key, sources=old.sources, labels=old.labels, base_revision=base
        )
    return store.save(
        view.document.text,
        old.spans,
        author=account,
        labels=old.labels,
        client_key=key,
        document_id=document_id,
        prediction=old.prediction,
        checkpoint=old.checkpoint,
        proposals=old.proposals,
        readings=old.readings,
        recording=old.recording,
        pictures=old.pictures,
        base_revision=view.begin.id if view.begin else 0,
    )


def _before(revision: Revision, revisions: list[Revision], independent: bool) -> Revision | None:
    earlier = [each for each in revisions if each.number < revision.number]
    if revision.layer == "gold":
        kind = [each for each in earlier if each.layer == "gold"]
    else:
        annotations = [each for each in earlier if each.layer != "gold"]
        own = [each for each in annotations if each.layer == "imported" or each.author == revision.author]
        kind = own if independent else annotations
    return kind[-1] if kind else None


def _stands(revision: Revision, view: View) -> bool:
    """Tell whether a version is what is gone on from anyway."""
    return revision.id in {each.id for each in (view.begin, view.gold) if each}


def _may_restore(revision: Revision, role: Role | None, account: str, independent: bool) -> bool:
    if revision.layer == "gold":
        return role in ("curator", "admin")
    # Where everyone has their own, nobody makes another's theirs.
    return role is not None and (not independent or revision.layer == "imported" or revision.author == account)
