"""Which predicted entity stands for which annotated one, and what is wrong with it.

Pairs are made in three turns, document by document: of the same extent and type; of the same extent; of those left, such as
overlap, the pair with the most characters in common first. What is left then is missed or made up. A nested entity is matched
like any other, so that an outer entity that is found leaves an inner one that is not to itself.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.document import Document, Span, relabel, topmost
from engine.errors import InputError
from engine.evaluation.kinds import Wrong, kinds_of
from engine.evaluation.scores import pairs
from engine.evaluation.study import BOTH, BOUNDARY, MISSED, RIGHT, SPURIOUS, TYPE, Case, Known, Reading, Study
from engine.evaluation.usage import Usage
from engine.tags import FLAT, NESTED

MOST = 4
"""Readings of one study."""
_Pair = tuple[Span | None, Span | None, str]


def study_of(
    name: str,
    documents: Sequence[Document],
    readings: Sequence[Reading],
    structure: str | None = None,
    mapping: Mapping[str, str] | None = None,
    labels: Sequence[str] | None = None,
) -> Study:
    """Judge readings of annotated documents.

    Args:
        name: of the data, as it is shown.
        documents: annotated.
        readings: one to four, not judged yet, each of all the documents in their order.
        structure: which spans count; by default nested ones if every reading finds such, else the topmost alone.
        mapping: labels to rename in the documents and the readings alike; one mapped to ``""`` is dropped.
        labels: score these alone, after the mapping; by default all.

    Raises:
        InputError: if there are no readings or too many, or one is not of these documents.
    """
    if not 1 <= len(readings) <= MOST:
        raise InputError(f"a study is of one to {MOST} readings; these are {len(readings)}")
    chosen = structure or (NESTED if all(reading.structure == NESTED for reading in readings) else FLAT)

    marked = [_marked(document, mapping or {}, labels) for document in documents]
    gold = tuple(_judged(document, kept, mapping or {}, chosen) for document, kept in zip(documents, marked, strict=True))
    here, there = Usage(gold), dict[int, Usage]()
    ready = []
    for reading in readings:
        if len(reading.predicted) != len(gold):
            raise InputError(f"{reading.name}: {len(reading.predicted)} documents are predicted, and {len(gold)} annotated")
        predicted = tuple(
            _judged(document, kept, mapping or {}, chosen) for document, kept in zip(reading.predicted, marked, strict=True)
        )
        training = reading.known.training
        if id(training) not in there:
            there[id(training)] = Usage([relabel(document, mapping) for document in training] if mapping else training)
        used = there[id(training)]
        names = tuple(dict.fromkeys(new for label in reading.labels if (new := (mapping or {}).get(label, label))))
        cases = judge(gold, predicted, reading.known, here=here, there=used)
        known = replace(reading.known, usage=used)
        ready.append(replace(reading, predicted=predicted, labels=names, cases=cases, known=known))
    return Study(name, digest_of(gold), gold, chosen, tuple(ready))


def _judged(document: Document, annotated: tuple[str, ...] | None, mapping: Mapping[str, str], structure: str) -> Document:
    """Return a document with the spans that count, renamed."""
    spans = relabel(document, mapping).spans if mapping else document.spans
    kept = [span for span in spans if annotated is None or span.label in annotated]
    counted = tuple(kept if structure == NESTED else topmost(kept))
    if counted == document.spans and annotated == document.annotated:
        return document
    return replace(document, spans=counted, annotated=annotated)


def _marked(document: Document, mapping: Mapping[str, str], labels: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the labels that a document is judged by: those asked for, of those that are marked in it."""
    if document.annotated is None:
        return tuple(labels) if labels is not None else None
    renamed = tuple(dict.fromkeys(new for label in document.annotated if (new := mapping.get(label, label))))
    return renamed if labels is None else tuple(label for label in renamed if label in labels)


def digest_of(documents: Iterable[Document]) -> str:
    """Return a hash of annotated documents' content."""
    digest = hashlib.sha256()
    for document in documents:
        row = [document.text, [span.key for span in document.spans], document.images, document.audio, dict(document.meta)]
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def judge(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    known: Known,
    *,
    here: Usage | None = None,
    there: Usage | None = None,
) -> tuple[Case, ...]:
    """Return the cases of all documents; every annotated and every predicted entity is in exactly one.

    Args:
        gold: the annotated documents.
        predicted: the same texts with predicted spans.
        known: what the model has met.
        here: how mentions are used in the annotated documents, if somebody has collected it already.
        there: how they are used in the training documents, likewise.

    Raises:
        InputError: if the two differ in number or in a text.
    """
    here, there = here or Usage(gold), there or Usage(known.training)
    cases: list[Case] = []
    for row, (truth, guess) in enumerate(pairs(gold, predicted)):
        found = [Case(row, *pair) for pair in match(truth.spans, guess.spans)]
        if any(case.outcome != RIGHT for case in found):
            exact = {case.gold.key for case in found if case.outcome == RIGHT and case.gold}
            found = [
                replace(case, kinds=kinds_of(Wrong(case, truth, guess, frozenset(exact), known, here, there)))
                if case.outcome != RIGHT
                else case
                for case in found
            ]
        cases += sorted(found, key=lambda case: (case.place, case.gold is None, case.outcome))
    return tuple(cases)


def match(gold: Iterable[Span], found: Iterable[Span]) -> list[_Pair]:
    """Pair the annotated and the predicted entities of one document, and say what each pair is."""
    wanted, said = {span.key: span for span in gold}, {span.key: span for span in found}
    result: list[_Pair] = [(wanted[key], said[key], RIGHT) for key in wanted.keys() & said.keys()]
    left = sorted(span for key, span in wanted.items() if key not in said)
    made = sorted(span for key, span in said.items() if key not in wanted)
    if left and made:
        result += _pair(left, made)
    result += [(span, None, MISSED) for span in left]
    result += [(None, span, SPURIOUS) for span in made]
    return result


def _pair(left: list[Span], made: list[Span]) -> list[_Pair]:
    """Pair what overlaps, and take it out of the two lists."""
    ranked = sorted(overlapping(left, made), key=_closeness)
    partners: dict[tuple[int, int, str], Span] = {}
    taken: set[tuple[int, int, str]] = set()
    for wanted, said in ranked:
        if wanted.key not in partners and said.key not in taken:
            partners[wanted.key] = said
            taken.add(said.key)
    result: list[_Pair] = [
        (span, partners[span.key], _outcome(span, partners[span.key])) for span in left if span.key in partners
    ]
    left[:] = [span for span in left if span.key not in partners]
    made[:] = [span for span in made if span.key not in taken]
    return result


def overlapping(first: Sequence[Span], second: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """Yield every pair of two sorted lists of spans that overlap."""
    open_first: list[Span] = []
    open_second: list[Span] = []
    for span, is_first in sorted([*((s, True) for s in first), *((s, False) for s in second)], key=lambda item: item[0].start):
        open_first = [other for other in open_first if other.end > span.start]
        open_second = [other for other in open_second if other.end > span.start]
        yield from ((span, other) for other in open_second) if is_first else ((other, span) for other in open_first)
        (open_first if is_first else open_second).append(span)


def _closeness(pair: tuple[Span, Span]) -> tuple[object, ...]:
    wanted, said = pair
    shared = min(wanted.end, said.end) - max(wanted.start, said.start)
    away = abs(wanted.start - said.start) + abs(wanted.end - said.end)
    return away != 0, -shared, wanted.label != said.label, away, wanted.key, said.key


def _outcome(wanted: Span, said: Span) -> str:
    if (wanted.start, wanted.end) == (said.start, said.end):
        return TYPE
    return BOUNDARY if wanted.label == said.label else BOTH


@dataclass(frozen=True)
class LabelGaps:
    """Where the labels of annotated documents and those that a model finds differ.

    Attributes:
        gold: labels that are annotated and cannot be found, with how many entities have them.
        model: labels that can be found and are not annotated.
        shared: labels of both.
    """

    gold: Mapping[str, int]
    model: tuple[str, ...]
    shared: tuple[str, ...]

    @property
    def hopeless(self) -> bool:
        """Tell whether something is annotated, and nothing of it could be found."""
        return bool(self.gold) and not self.shared


def label_gaps(documents: Iterable[Document], labels: Sequence[str]) -> LabelGaps:
    """Compare the labels of annotated documents with those that a model finds."""
    counts = Counter(span.label for document in documents for span in document.spans)
    lacking = {label: count for label, count in sorted(counts.items()) if label not in labels}
    only_model, shared = (tuple(label for label in labels if (label in counts) == both) for both in (False, True))
    return LabelGaps(lacking, only_model, shared)


def suggested_mapping(documents: Iterable[Document], labels: Sequence[str]) -> dict[str, str]:
    """Suggest how to rename labels, of documents and model alike, so that the two can be compared.

    A label is known by its name: ``PER.NAM``, ``person_name`` and ``人名`` are persons. What the other side has nothing of is
    dropped, and so are nominal mentions, ``PER.NOM``, where the other side does not tell them from names.
    """
    gaps = label_gaps(documents, labels)
    ours, theirs = {*gaps.gold}, {*gaps.model}
    classes: dict[str, set[str]] = {}
    for label in (*gaps.shared, *ours, *theirs):
        classes.setdefault(_class_of(label), set()).add(label)
    suggestion = {}
    for label in sorted(ours | theirs):
        group = classes[_class_of(label)]
        other = group & ({*labels} if label in ours else {*gaps.gold, *gaps.shared})
        nominal = label.upper().endswith((".NOM", "_NOM", "-NOM"))
        if not other or nominal:
            suggestion[label] = ""
        else:
            target = min(group, key=lambda name: (name not in gaps.shared, len(name), name))
            if target != label:
                suggestion[label] = target
    return suggestion


_CLASSES = {
    "PER": "PER PERSON PERS PERSON_NAME NAME 人名 人物 人 NR",
    "LOC": "LOC LOCATION GPE GEO PLACE ADDRESS SCENE FAC FACILITY 地名 地点 地址 景点 NS",
    "ORG": "ORG ORGANIZATION ORGANISATION ORG_NAME COMPANY COMPANY_NAME CORP GOVERNMENT 机构 机构名 组织 公司 政府 NT",
    "MISC": "MISC OTHER MISCELLANEOUS 其他 其它",
    "TIME": "TIME DATE 时间 日期 T",
    "PRODUCT": "PRODUCT PRODUCT_NAME 产品 产品名",
    "TITLE": "TITLE POSITION 职位 职务",
}
_CLASS_OF = {name: kind for kind, names in _CLASSES.items() for name in names.split()}


def _class_of(label: str) -> str:
    whole = label.upper()
    return _CLASS_OF.get(whole) or _CLASS_OF.get(whole.replace("-", ".").split(".")[0], whole)
