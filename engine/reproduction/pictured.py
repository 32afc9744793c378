"""The tables of CMNER (Ji et al. 2024) and DGHC (Liu et al. 2024): what pictures add, and what each part of DGHC does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.reproduction.table import SMALL_ENCODER, Printed, Published, Row, Table

_CORPUS = "cmner-pictured"
_DRAWN = "drawn"
_LABELS = ("PER", "LOC", "ORG", "MISC")
POSTS = 1000
OPTIONS = {**SMALL_ENCODER, "epochs": 5}
"""How every cell on posts with pictures is trained, and how many posts are drawn for it; cells of several tables are the same."""
OF_ACN = {"epochs": 15}
"""ACN knows nothing of language before: after 5 passes it is still far from its best."""
_BUILT = (
    "The pairing is built, not what people posted: which pictures a post has was drawn by what its entities are, so that what "
    "pictures add here says how a system uses them, not what it would gain on Weibo.",
    "Each held-out post is judged with the pictures drawn for it, with fitting ones alone, with unrelated ones alone, and with "
    "none; the best epoch is chosen on the first. Nothing is published of the others.",
    f"{POSTS:,} posts, drawn once for all cells, are gone through {OPTIONS['epochs']} times; by ACN, which begins without a "
    f"pre-trained encoder, {OF_ACN['epochs']} times.",
)


def _published(f1: float, *by_label: float) -> Published:
    parts = {f"{_DRAWN}-{label}": figure for label, figure in zip(_LABELS, by_label, strict=True)} if by_label else {}
    return {_CORPUS: {_DRAWN: f1, **parts}}


def _printed(precision: float, recall: float) -> Mapping[str, Mapping[str, Printed]]:
    return {_CORPUS: {_DRAWN: Printed(precision, recall)}}


def _rows(name: str, system: str, options: Mapping[str, Any], *published: tuple[float, ...]) -> tuple[Row, ...]:
    """Return a system's rows: text, one picture, all pictures; published are precision, recall, F1 and F1 of each label."""
    ways = {"text": "none", "text + one picture": "one", "text + all pictures": "all"}
    return tuple(
        Row(
            f"{name}, {way}",
            system,
            {"pictures": pictures, **options},
            against=tuple(f"{name}, {other}" for other in list(ways)[:place]),
            published=_published(*figures[2:]),
            printed=_printed(*figures[:2]),
        )
        for place, ((way, pictures), figures) in enumerate(zip(ways.items(), published, strict=True))
    )


CMNER = Table(
    name="cmner",
    title="what one picture, and all pictures of a post, add to the text",
    source="CMNER: A Chinese Multimodal NER Dataset based on Social Media (Ji et al. 2024), Table 2",
    corpora=(_CORPUS,),
    rows=(
        *_rows(
            "ACN",
            "acn",
            OF_ACN,
            (73.37, 72.55, 72.93, 78.62, 67.15, 73.80, 73.87),
            (76.04, 71.33, 73.62, 79.02, 67.39, 75.01, 73.55),
            (76.26, 72.34, 74.22, 78.41, 68.45, 75.69, 75.66),
        ),
        *_rows(
            "UMT",
            "umt",
            {},
            (87.24, 90.78, 88.98, 93.07, 87.73, 89.07, 82.57),
            (87.49, 91.31, 89.36, 93.84, 88.33, 89.34, 82.00),
            (87.92, 91.14, 89.50, 93.67, 88.12, 89.70, 83.08),
        ),
    ),
    options=OPTIONS,
    parts=(_DRAWN, *(f"{_DRAWN}-{label}" for label in _LABELS), "related", "unrelated", "text"),
    sizes={_CORPUS: POSTS},
    detailed=True,
    notes=_BUILT,
)

_DGHC, _TEXT = "DGHC", "BERT-CRF"


def _without(name: str, switch: str, precision: float, recall: float, f1: float) -> Row:
    published, printed = _published(f1), _printed(precision, recall)
    return Row(f"w/o {name}", "dghc", {switch: False}, against=(_DGHC,), published=published, printed=printed)


DGHC = Table(
    name="dghc",
    title="what DGHC's correlation, gates and objects add, beside the text alone and UMT",
    source="DGHC (Liu et al. 2024), Tables 3 and 5, on Twitter-2017",
    corpora=(_CORPUS,),
    rows=(
        Row(_TEXT, "bert-crf", published=_published(83.44), printed=_printed(83.32, 83.57)),
        Row("UMT", "umt", against=(_TEXT,), published=_published(85.31), printed=_printed(85.28, 85.34)),
        Row(_DGHC, "dghc", against=(_TEXT, "UMT"), published=_published(87.35), printed=_printed(87.06, 87.64)),
        _without("RE Score", "correlation", 84.97, 87.05, 86.00),
        _without("Gating", "gates", 87.14, 85.79, 86.46),
        _without("Augmentation", "objects", 86.70, 87.79, 87.24),
        Row("... with matching", "dghc", {"matching": 0.5}, against=(_DGHC, _TEXT)),
    ),
    options=OPTIONS,
    parts=(_DRAWN, "related", "unrelated", "text"),
    sizes={_CORPUS: POSTS},
    detailed=True,
    notes=(
        *_BUILT,
        "The published figures are of Twitter-2017, English and another corpus: only the differences can be compared.",
        "'... with matching' is ours: one more loss tells the pictures that have to do with a text, as the corpus says which do, "
        "from the others in a batch.",
    ),
)
