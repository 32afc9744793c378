"""The tables of CNERTA (Sui et al. 2021): what speech adds to BERT-CRF by attention, by interaction and by alignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from engine.reproduction.table import SMALL_ENCODER, Printed, Published, Row, Table

_CORPUS = "cnerta-spoken"
_NESTED, _FLAT = "natural", "flat"
_BERT, _CMA, _MMI, _M3T = "BERT-CRF", "BERT-CMA-CRF", "BERT-MMI-CRF", "BERT-M3T"
_LED = "... attending where it is heard"
_LISTENING = {"acoustic_layers": 2}
_Figures = TypeVar("_Figures")


def _published(nested: float, flat: float) -> Published:
    return {_CORPUS: {_NESTED: nested, _FLAT: flat}}


def _printed(nested: Printed, flat: Printed) -> Mapping[str, Mapping[str, Printed]]:
    return {_CORPUS: {_NESTED: nested, _FLAT: flat}}


def _flat(figures: Mapping[str, Mapping[str, _Figures]]) -> Mapping[str, Mapping[str, _Figures]]:
    """Return the figures of flat models alone."""
    return {corpus: {_FLAT: parts[_FLAT]} for corpus, parts in figures.items()}


_ROWS = (
    Row(
        _BERT,
        "bert-crf",
        published=_published(75.99, 75.39),
        printed=_printed(Printed(80.03, 72.34, 125, 781), Printed(74.47, 76.34, 97, 811)),
    ),
    Row(
        _CMA,
        "cma",
        _LISTENING,
        against=(_BERT,),
        published=_published(77.83, 77.05),
        printed=_printed(Printed(81.50, 74.48), Printed(75.67, 78.49)),
    ),
    Row(
        _MMI,
        "mmi",
        _LISTENING,
        against=(_BERT,),
        published=_published(77.85, 77.44),
        printed=_printed(Printed(80.95, 74.98), Printed(75.37, 79.62)),
    ),
    Row(
        _M3T,
        "m3t",
        {**_LISTENING, "attend": "anywhere"},
        against=(_BERT, _CMA, _MMI),
        published=_published(79.45, 79.13),
        printed=_printed(Printed(83.46, 75.81, 129, 719), Printed(77.71, 80.60, 94, 694)),
    ),
    Row(
        _LED,
        "m3t",
        {**_LISTENING, "attend": "aligned"},
        against=(_BERT, _CMA, _MMI, _M3T),
    ),
)
_NOTES = (
    "The speech is built, not AISHELL-1 that people read aloud: what it adds here says how a system uses pauses, not what "
    "recordings would add.",
    "Each held-out sentence is judged spoken naturally, spoken without pauses, with misleading ones, and without speech; the "
    "best epoch is chosen on those spoken naturally. Nothing is published of the other three.",
    "Table 5 counts errors on the paper's dev set: their change in percent can be compared, their number cannot.",
    f"'{_LED}' is ours: M3T whose heads look around the place where the alignment hears a character.",
    "The acoustic encoder has 2 layers, the paper's 6. The paper's BiLSTM rows are text=bilstm of the same systems; they are "
    "not among these.",
)
_SOURCE = "A Large-Scale Chinese Multimodal NER Dataset with Speech Clues (Sui et al. 2021), Tables 3 and 5"

M3T = Table(
    name="m3t",
    title="what speech adds to BERT-CRF: attention to it (CMA), interaction with it (MMI), alignment with it (M3T)",
    source=_SOURCE,
    corpora=(_CORPUS,),
    rows=_ROWS,
    options={**SMALL_ENCODER, "epochs": 6, "structure": "nested"},
    parts=(_NESTED, _FLAT, "no-pauses", "misleading", "mute"),
    detailed=True,
    notes=(*_NOTES, "Nested models are trained; 'flat' is scored by their outermost entities. Flat ones: m3t-flat."),
)

M3T_FLAT = Table(
    name="m3t-flat",
    title="the same for flat entities: models that are trained on the outermost ones alone",
    source=_SOURCE,
    corpora=(_CORPUS,),
    rows=tuple(replace(row, published=_flat(row.published), printed=_flat(row.printed)) for row in _ROWS),
    options={**SMALL_ENCODER, "epochs": 6},
    parts=(_FLAT, "flat-no-pauses", "flat-misleading", "flat-mute"),
    detailed=True,
    notes=_NOTES,
)
