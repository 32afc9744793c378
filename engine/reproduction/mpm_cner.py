"""The tables of MPM-CNER (Mai et al. 2022): ablation, size of the training data, polyphonic characters, unknown characters.

All four are made from the same cells: the full model and BERT+LSTM+CRF on all of the data are trained once.
"""

from __future__ import annotations

from typing import Any

from engine.reproduction.table import SMALL_ENCODER, Published, Row, Table, on_all

GLYPH_ENCODER = "zh-glyph-small"
"""The shipped encoder of glyphs, pre-trained by RCI and GIC."""
PHONETIC_ENCODER = "zh-sound-small"
"""The shipped encoder of pronunciations, pre-trained by PCI and PCM."""

_FAIR = (
    "'w/o Phn+Gly' keeps what MPM-CNER has here beside its modalities, centred vectors and a layer normalisation before the "
    "BiLSTM; BERT+LSTM+CRF has neither."
)
_SOURCE = "Pretraining Multi-modal Representations for Chinese NER (Mai et al. 2022)"
_LSTM = {"lstm": 128}
_MPM: dict[str, Any] = {
    **_LSTM,
    "glyph_encoder": GLYPH_ENCODER,
    "phonetic_encoder": PHONETIC_ENCODER,
    "glyph": True,
    "phonetic": True,
    "fusion": "attention",
    "pretrained": True,
}
_FIVE_EPOCHS = ("cmner", "msra")
"""More text than Weibo: half as many passes."""
_BY_CORPUS = dict.fromkeys(_FIVE_EPOCHS, {"epochs": 5})
_SIZES = {"resume": 1000, "cmner": 1000, "msra": 6000}
_EPOCHS_NOTE = (
    "Weibo, and 1,000 sentences of Resume, are gone through 10 times, 1,000 posts of CMNER 5 times; they are drawn once for all "
    "cells."
)
_REPEATED = {"weibo": ("unrepeated",)}
_FULL, _BASE, _NEITHER = "MPM-CNER", "BERT+LSTM+CRF", "w/o Phn+Gly"


def _without(name: str, options: dict[str, Any], **published: float) -> Row:
    return Row(f"w/o {name}", "mpm-cner", {**_MPM, **options}, against=(_FULL,), published=on_all(**published))


def _compared(base: Published, full: Published) -> tuple[Row, ...]:
    """Return the rows of a table that compares the full model with its baseline, with their published figures."""
    return (
        Row(_BASE, "bert-crf", _LSTM, published=base),
        Row(_NEITHER, "mpm-cner", {**_MPM, "phonetic": False, "glyph": False}),
        Row(_FULL, "mpm-cner", _MPM, against=(_BASE, _NEITHER), published=full),
    )


TABLE_5 = Table(
    name="mpm-cner-5",
    title="what each component of MPM-CNER contributes",
    source=f"{_SOURCE}, Table 5",
    corpora=("weibo", "resume", "cmner"),
    rows=(
        Row(_FULL, "mpm-cner", _MPM, published=on_all(msra=96.22, resume=96.60, weibo=72.04)),
        _without("Phn", {"phonetic": False}, msra=96.14, resume=96.30, weibo=70.35),
        _without("Gly", {"glyph": False}, msra=95.98, resume=96.18, weibo=68.99),
        _without("Phn+Gly", {"phonetic": False, "glyph": False}, msra=95.76, resume=95.78, weibo=68.91),
        _without("CM-Atten", {"fusion": "concatenation"}, msra=95.75, resume=96.38, weibo=70.31),
        _without("Pre-training", {"pretrained": False}, msra=96.01, resume=95.83, weibo=68.43),
        Row("w/o the gate", "mpm-cner", {**_MPM, "gate": "none"}, against=(_FULL,)),
        Row(_BASE, "bert-crf", _LSTM, against=(_FULL,), published=on_all(msra=94.83, resume=95.51, weibo=68.43)),
    ),
    options=SMALL_ENCODER,
    by_corpus=_BY_CORPUS,
    further=_REPEATED,
    sizes=_SIZES,
    notes=(
        "The paper's dropout is 0.5 on Weibo, 0.3 on MSRA and 0.1 on Resume; here it is 0.1 everywhere.",
        "The gate is ours: a learned number that starts at 0 weighs what the attention adds; the paper adds it as it is.",
        "BERT+LSTM+CRF stands in the paper's Table 6.",
        _FAIR,
        _EPOCHS_NOTE,
    ),
)

_BY_SHARE: dict[float, tuple[dict[str, float], dict[str, float]]] = {
    0.1: ({"msra": 92.87, "resume": 94.49, "weibo": 61.29}, {"msra": 93.12, "resume": 94.98, "weibo": 64.63}),
    0.2: ({"msra": 93.74, "resume": 94.90, "weibo": 65.66}, {"msra": 93.86, "resume": 95.46, "weibo": 66.67}),
    0.5: ({"msra": 94.64, "resume": 95.37, "weibo": 66.34}, {"msra": 95.48, "resume": 95.98, "weibo": 68.40}),
    1.0: ({"msra": 94.83, "resume": 95.51, "weibo": 68.43}, {"msra": 96.22, "resume": 96.60, "weibo": 72.04}),
}
_EPOCHS: dict[float, dict[str, int]] = {0.1: {"epochs": 40}, 0.2: {"epochs": 30}, 0.5: {"epochs": 20}, 1.0: {}}


def _at(share: float) -> tuple[Row, Row]:
    theirs, ours = _BY_SHARE[share]
    base, epochs = f"{_BASE}, {share:.0%}", _EPOCHS[share]
    # a corpus that is gone through half as often keeps that factor in its shares
    fewer = dict.fromkeys(_FIVE_EPOCHS, {"epochs": epochs["epochs"] // 2}) if epochs else {}
    return (
        Row(base, "bert-crf", {**_LSTM, **epochs}, fewer, share, published=on_all(**theirs)),
        Row(f"{_FULL}, {share:.0%}", "mpm-cner", {**_MPM, **epochs}, fewer, share, (base,), on_all(**ours)),
    )


TABLE_6 = Table(
    name="mpm-cner-6",
    title="F1 by the share of the training data",
    source=f"{_SOURCE}, Table 6",
    corpora=("weibo", "resume"),
    rows=tuple(row for share in _BY_SHARE for row in _at(share)),
    options=SMALL_ENCODER,
    by_corpus=_BY_CORPUS,
    further=_REPEATED,
    sizes=_SIZES,
    notes=(
        "Less data is gone through more often: 40, 30, 20, 10 epochs for 10, 20, 50, 100 % of Weibo, and of 1,000 sentences of "
        "Resume, drawn once for all cells. Ten passes over a tenth of Weibo are 90 steps, in which a small encoder learns hardly "
        "anything. The paper does not say what it did.",
    ),
)

TABLE_7 = Table(
    name="mpm-cner-7",
    title="sentences without and with polyphonic characters",
    source=f"{_SOURCE}, Table 7",
    corpora=("weibo", "resume", "cmner"),
    rows=_compared(
        {
            "msra": {"monophonic": 95.51, "polyphonic": 95.10},
            "resume": {"monophonic": 97.80, "polyphonic": 94.97},
            "weibo": {"monophonic": 69.57, "polyphonic": 70.05},
        },
        {
            "msra": {"monophonic": 96.33, "polyphonic": 96.16},
            "resume": {"monophonic": 97.78, "polyphonic": 96.29},
            "weibo": {"monophonic": 73.28, "polyphonic": 70.81},
        },
    ),
    options=SMALL_ENCODER,
    by_corpus=_BY_CORPUS,
    parts=("monophonic", "polyphonic"),
    sizes=_SIZES,
    notes=(
        "The paper does not say which characters count. Here: a character with several common readings, inside an entity or "
        "right beside it, since what the paper expects of the pronunciation is the boundary.",
        _FAIR,
        _EPOCHS_NOTE,
    ),
)

TABLE_8 = Table(
    name="mpm-cner-8",
    title="entities without and with characters that the encoder does not know",
    source=f"{_SOURCE}, Table 8",
    corpora=("weibo", "resume", "cmner"),
    rows=_compared(
        {
            "msra": {"known": 95.32, "unknown": 88.89},
            "resume": {"known": 95.81, "unknown": 62.50},
            "weibo": {"known": 69.67, "unknown": 82.84},
        },
        {
            "msra": {"known": 96.27, "unknown": 89.55},
            "resume": {"known": 96.78, "unknown": 71.43},
            "weibo": {"known": 71.89, "unknown": 85.71},
        },
    ),
    options=SMALL_ENCODER,
    by_corpus=_BY_CORPUS,
    parts=("known", "unknown", "seen", "unseen"),
    sizes=_SIZES,
    notes=(
        "Our encoder knows nearly every character, so that hardly an entity holds an unknown one. The parts 'seen' and 'unseen' "
        "ask the same of characters that do not occur in the training documents.",
        _FAIR,
        _EPOCHS_NOTE,
    ),
)
