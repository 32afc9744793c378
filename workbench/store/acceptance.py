"""What became of what models had proposed, counted document by document."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import Session

from workbench.store.naming import Becomes
from workbench.store.report import Acceptance, total
from workbench.store.revisions import keys_of
from workbench.store.schema import HeadRow, RevisionRow, StateRow
from workbench.store.sight import Sight

_NOTHING = "[]"
_AT_ONCE = 1000

_Key = tuple[int, int, str]
_Pair = tuple[int, int]
"""The revision that tells what was proposed, and the one that tells what was saved last."""


class Acceptances:
    """Counts what became of proposals; of two revisions, which never change, that is counted once."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._counted: dict[int, tuple[Becomes, dict[_Pair, Acceptance]]] = {}

    def of(self, session: Session, project: int, sight: Sight, becomes: Becomes) -> dict[str, Acceptance]:
        """Return what became of the proposals that each annotator of a project had, as far as may be seen.

        Args:
            session: to ask in.
            project: which.
            sight: of who asks.
            becomes: what labels are read as.
        """
        pairs = session.execute(_proposed(project, sight)).all()
        read_as, known = self._counted.get(project, (becomes, {}))
        if read_as != becomes:
            known = {}
        unknown = [(proposing, saved) for _, proposing, saved in pairs if (proposing, saved) not in known]
        known = {**known, **_count_all(session, unknown, becomes)}
        counts: dict[str, list[Acceptance]] = defaultdict(list)
        for author, proposing, saved in pairs:
            counts[author].append(known[proposing, saved])
        if not sight.blind:
            known = {(proposing, saved): known[proposing, saved] for _, proposing, saved in pairs}
        self._counted[project] = becomes, known
        return {author: total(documents) for author, documents in counts.items()}


def _proposed(project: int, sight: Sight) -> Select[str, int, int]:
    """Return the query of who had proposals, with the last revision that holds them and the last that was saved."""
    proposing = (
        select(RevisionRow.document_id, RevisionRow.author, func.max(RevisionRow.id).label("id"))
        .join(StateRow, StateRow.document_id == RevisionRow.document_id)
        .where(StateRow.project_id == project, StateRow.deleted.is_(None), RevisionRow.layer == "annotation")
        .where(cast(RevisionRow.prediction, Text) != _NOTHING)
        .group_by(RevisionRow.document_id, RevisionRow.author)
        .subquery()
    )
    is_head = (HeadRow.document_id == proposing.c.document_id) & (HeadRow.author == proposing.c.author)
    query = select(HeadRow.author, proposing.c.id, HeadRow.revision_id)
    query = query.join(proposing, is_head & (HeadRow.layer == "annotation"))
    return query.where(HeadRow.author == sight.account) if sight.blind else query


def _count_all(session: Session, pairs: Sequence[_Pair], becomes: Becomes) -> dict[_Pair, Acceptance]:
    texts = [cast(column, Text) for column in (RevisionRow.prediction, RevisionRow.spans, RevisionRow.proposals)]
    counted = {}
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        numbers = {number for pair in some for number in pair}
        rows = session.execute(select(RevisionRow.id, *texts).where(RevisionRow.id.in_(sorted(numbers)))).all()
        # One long list is read faster than thousands of short ones.
        lists = iter(json.loads(f"[{','.join(text for row in rows for text in row[1:])}]"))
        said = {row[0]: each for row, *each in zip(rows, lists, lists, lists, strict=True)}
        for proposing, saved in some:
            (prediction, _, _), (_, spans, undecided) = said[proposing], said[saved]
            proposed = _keys(prediction, becomes) - _keys(undecided, becomes)
            counted[proposing, saved] = _count(proposed, _keys(spans, becomes))
    return counted


def _count(proposed: set[_Key], saved: set[_Key]) -> Acceptance:
    """Count what became of the proposals of one document."""
    kept = proposed & saved
    before, after = sorted(proposed - kept), sorted(saved - kept)
    left = _pair_off(before, after, lambda one, other: one[:2] == other[:2])
    left = _pair_off(left, after, lambda one, other: one[2] == other[2] and one[0] < other[1] and other[0] < one[1])
    return Acceptance(kept=len(kept), changed=len(before) - len(left), removed=len(left), added=len(after))


def _pair_off(before: Iterable[_Key], after: list[_Key], match: Callable[[_Key, _Key], bool]) -> list[_Key]:
    """Take from what is there after, one for one, what matches something before; return what nothing matches."""
    left = []
    for one in before:
        found = next((other for other in after if match(one, other)), None)
        if found is None:
            left.append(one)
        else:
            after.remove(found)
    return left


def _keys(rows: Iterable[Mapping[str, Any]], becomes: Becomes) -> set[_Key]:
    if not becomes:
        return {(row["start"], row["end"], row["label"]) for row in rows}
    return keys_of(rows, becomes)
