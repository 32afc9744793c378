"""The tables of CMNER's cross-lingual experiments (Ji et al. 2024, section 5): what another language's posts add to one's own."""

from __future__ import annotations

from engine.reproduction.pictured import OF_ACN, OPTIONS, POSTS
from engine.reproduction.table import Printed, Row, Table
from engine.variants import DRAWN, TEXT

_CHINESE, _ENGLISH = "cmner-pictured", "twitter2015-pictured"
_TRANSLATED = {_ENGLISH: "twitter2015-pictured-zh", _CHINESE: "cmner-pictured-en"}
_SOURCE = "CMNER: A Chinese Multimodal NER Dataset based on Social Media (Ji et al. 2024)"


def _rows(name: str, system: str, source: str, target: str, *published: tuple[float, float, float]) -> tuple[Row, ...]:
    """Return a system's rows: what it learns from before the target; published are precision, recall and F1."""
    translated = _TRANSLATED[source]
    ways: dict[str, tuple[str, ...]] = {"-": (), "SRC": (source,), "TGT": (translated,), "SRC&TGT": (source, translated)}
    return tuple(
        Row(
            f"{name}, {way}",
            system,
            {"pictures": "all", **(OF_ACN if system == "acn" else {})},
            first=first,
            against=tuple(f"{name}, {other}" for other in list(ways)[:place]),
            published={target: {DRAWN: f1}},
            printed={target: {DRAWN: Printed(precision, recall)}},
        )
        for place, ((way, first), (precision, recall, f1)) in enumerate(zip(ways.items(), published, strict=True))
    )


def _table(number: int, title: str, source: str, target: str, *rows: Row) -> Table:
    corpora = (source, target, _TRANSLATED[source])
    return Table(
        name=f"cmner-{number}",
        title=title,
        source=f"{_SOURCE}, Table {number}",
        corpora=(target,),
        rows=rows,
        options=OPTIONS,
        parts=(DRAWN, TEXT),
        sizes=dict.fromkeys(corpora, POSTS),
        detailed=True,
        notes=(
            f"Learned from before {target}: {source} (SRC), its translation {_TRANSLATED[source]} (TGT), or both (SRC&TGT).",
            f"From each of them {POSTS:,} posts are drawn, once for all cells, and gone through {OPTIONS['epochs']} times, by "
            f"ACN {OF_ACN['epochs']} times; then as many of the target, from the weights that came of it. In the paper all posts "
            "are learned from.",
            "The pairing of posts and pictures is built on both sides, and does not say what people post.",
            "OTHER, as Twitter-2015 has it, counts as MISC. The paper's UMT stands on multilingual BERT with its bottom layers "
            "frozen, its ACN on MUSE; ours on an encoder that has hardly read English. With multilingual BERT at hand: "
            "--set encoder=FOLDER --set pieces=true --set frozen=3.",
        ),
    )


TABLE_3 = _table(
    3,
    "what English posts, and their translation, add to Chinese ones",
    _ENGLISH,
    _CHINESE,
    *_rows(
        "ACN",
        "acn",
        _ENGLISH,
        _CHINESE,
        (76.03, 73.07, 74.52),
        (78.93, 72.54, 75.60),
        (82.31, 70.97, 76.22),
        (79.43, 74.21, 76.73),
    ),
    *_rows(
        "UMT",
        "umt",
        _ENGLISH,
        _CHINESE,
        (87.08, 90.16, 88.60),
        (86.97, 90.47, 88.69),
        (87.88, 90.03, 88.95),
        (88.05, 90.53, 89.27),
    ),
)

TABLE_4 = _table(
    4,
    "what Chinese posts, and their translation, add to English ones",
    _CHINESE,
    _ENGLISH,
    *_rows(
        "ACN",
        "acn",
        _CHINESE,
        _ENGLISH,
        (63.72, 63.89, 63.81),
        (66.48, 61.71, 64.00),
        (68.71, 63.15, 65.81),
        (69.98, 62.65, 66.11),
    ),
    *_rows(
        "UMT",
        "umt",
        _CHINESE,
        _ENGLISH,
        (71.67, 75.23, 73.41),
        (73.26, 76.44, 74.81),
        (73.23, 76.65, 74.90),
        (73.82, 76.93, 75.34),
    ),
)
