"""What pauses are worth on built speech: the most that a system could gain by hearing every one of them.

    python -m tests.benchmarks.told_pauses DIR/cnerta-spoken --seed 1

A ``bert-crf`` reads the text with a ``|`` wherever the speech pauses, and so has nothing to hear and nothing to miss; another is
told of every border of words, paused at or not; a third of none. Trained as the cells of ``reproduce m3t`` are, on the same
sentences, and judged by those spoken naturally. The folder is what ``build utterances --hold-out`` writes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from engine import formats
from engine.document import Document, LabelSet, Span
from engine.evaluation.errors import count_errors
from engine.evaluation.scores import score
from engine.reproduction.cnerta import M3T
from engine.systems import get
from engine.systems.contract import from_json, options
from engine.tagger import predict
from engine.training import TrainingConfig, fit

_MARK = "|"
_SAME = 1e-3


def main() -> None:
    """Train the three and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=M3T.options["epochs"])
    parser.add_argument("--precision", default="auto")
    arguments = parser.parse_args()
    lines = (arguments.folder / "construction.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {row["id"]: row for row in map(json.loads, lines)}
    train = formats.read(arguments.folder / "train.jsonl")
    dev = [document for document in formats.read(arguments.folder / "dev.jsonl") if document.meta["pauses"] == "natural"]
    print(f"learned from {len(train):,} sentences, judged by {len(dev):,}, seed {arguments.seed}, {arguments.epochs} epochs")
    settings = {**M3T.options, **{name: getattr(arguments, name) for name in ("seed", "epochs", "precision")}}
    base = 0.0
    for name, places in (("nothing", _nowhere), ("the pauses", _pauses), ("the words", _words)):
        parts = [[marked(document, places(rows[document.id])) for document in part] for part in (train, dev)]
        found = _trained(*parts, settings)
        f1, errors = score(parts[1], found).micro.f1, count_errors(parts[1], found)
        base = base or f1
        wrong = f"{errors.type} errors of type, {errors.boundary} of boundary"
        print(f"told of {name:12} F1 {f1:6.2%}  {100 * (f1 - base):+5.2f}  {wrong}")


def marked(document: Document, places: Collection[int]) -> Document:
    """Return a document with a mark in front of the characters at some places."""
    text, moved = "", {}
    for place, character in enumerate(document.text):
        text += _MARK if place in places else ""
        moved[place] = len(text)
        text += character
    spans = [Span(moved[span.start], moved[span.end - 1] + 1, span.label) for span in document.spans]
    return Document(text, tuple(spans), id=document.id)


def _nowhere(row: Any) -> set[int]:
    return set()


def _pauses(row: Any) -> set[int]:
    ends = [end for _, end, _ in row["pauses"]]
    starts = enumerate(times and times[0] for times in row["characters"])
    return {place for place, start in starts if start is not None and any(abs(start - end) < _SAME for end in ends)}


def _words(row: Any) -> set[int]:
    return {start for start, _ in row["words"]} - {0}


def _trained(train: Sequence[Document], dev: Sequence[Document], settings: Mapping[str, Any]) -> list[Document]:
    kind = get("bert-crf")
    own = {option.name for option in options(kind.Config)}
    torch.manual_seed(settings["seed"])
    config = from_json(kind.Config, {name: value for name, value in settings.items() if name in own})
    system = kind.build(config, LabelSet.of(train), [document.text for document in train])
    training = from_json(TrainingConfig, {name: value for name, value in settings.items() if name not in own})
    fit(system, train, dev, training)
    return [prediction.document for prediction in predict(system.eval(), dev)]


if __name__ == "__main__":
    main()
