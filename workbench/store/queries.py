"""Questions that several rooms ask of the database."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Select, Text, case, cast, func, select

from workbench.store.schema import DocumentRow, HeadRow, RevisionRow, StateRow

_NO_PROPOSALS = "[]"
"""An empty list as it is stored; neither database compares JSON."""


def digest_of(text: str) -> str:
    """Return what equal texts are found by."""
    # A lone surrogate is never stored, but may be asked for.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def latest_documents() -> Select[DocumentRow, StateRow, RevisionRow]:
    """Return the query of all documents with their states and latest revisions, if any."""
    newest = select(func.max(HeadRow.revision_id)).where(HeadRow.document_id == DocumentRow.id).correlate(DocumentRow)
    return (
        select(DocumentRow, StateRow, RevisionRow)
        .join(StateRow, StateRow.document_id == DocumentRow.id)
        .outerjoin(RevisionRow, RevisionRow.id == newest.scalar_subquery())
    )


def best_of_each(author: str | None = None, *layers: str) -> Any:
    """Return the query of what each document's annotation is, as ``document_id`` and ``revision_id``.

    Args:
        author: of one annotator alone.
        layers: those to look in, the best first.
    """
    ranked = layers or (("annotation",) if author is not None else ("gold", "annotation", "imported"))
    of = [func.max(case((HeadRow.layer == layer, HeadRow.revision_id))) for layer in ranked]
    best = of[0] if len(of) == 1 else func.coalesce(*of)
    query = (
        select(HeadRow.document_id, best.label("revision_id"))
        .join(StateRow, StateRow.document_id == HeadRow.document_id)
        .where(HeadRow.layer.in_(ranked))
        .group_by(HeadRow.document_id)
    )
    return query if author is None else query.where(HeadRow.author == author)


def learned(project: int) -> Select[DocumentRow, RevisionRow]:
    """Return the query of the revision to learn from of each text."""
    best = best_of_each(None, "gold", "annotation").where(StateRow.project_id == project, StateRow.deleted.is_(None)).subquery()
    judged = (
        select(DocumentRow.digest, RevisionRow.id, RevisionRow.layer)
        .join(best, best.c.document_id == DocumentRow.id)
        .join(RevisionRow, RevisionRow.id == best.c.revision_id)
        .subquery()
    )
    # "gold" comes after "annotation".
    rank = func.row_number().over(partition_by=judged.c.digest, order_by=[judged.c.layer.desc(), judged.c.id.desc()])
    ranked = select(judged.c.id, rank.label("rank")).subquery()
    return (
        select(DocumentRow, RevisionRow)
        .join(RevisionRow, RevisionRow.document_id == DocumentRow.id)
        .join(ranked, ranked.c.id == RevisionRow.id)
        .where(ranked.c.rank == 1, cast(RevisionRow.proposals, Text) == _NO_PROPOSALS)
    )
