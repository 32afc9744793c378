"""What is kept of a cell: its predictions on dev, of the best epoch and of the last, from which every table is computed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine import formats
from engine.document import Document
from engine.errors import InputError, RunError
from engine.evaluation.relatedness import Relatedness
from engine.evaluation.scores import score
from engine.evaluation.slices import Comparison

STATES = ("best", "last")
SCORES = "scores.json"
GOLD = "gold.jsonl"
_RELATEDNESS = "relatedness"


@dataclass(frozen=True)
class Outcome:
    """What came of a cell.

    Attributes:
        states: the comparison with dev for the ``best`` epoch and for the ``last``.
        epochs: which epochs these were.
        train: documents learned from.
        whole: documents of the training part.
        seconds: that the training took, in the process that ended it.
        device: what it ran on.
        relatedness: how well its best epoch's correlations tell which pictures have to do with a text, as usually shown; none of
            a system that says nothing of it, or where it is not known.
    """

    states: Mapping[str, Comparison]
    epochs: Mapping[str, int]
    train: int
    whole: int
    seconds: float
    device: str
    relatedness: Relatedness | None = None


def write(folder: Path, outcome: Outcome) -> None:
    """Keep an outcome; the scores are written last, so that a folder which has them is whole."""
    comparison = outcome.states["best"]
    formats.write(comparison.gold, folder / GOLD)
    for state in STATES:
        formats.write(outcome.states[state].predicted, folder / _file(state))
    content = {
        **{
            state: {"epoch": outcome.epochs[state], **asdict(score(found.gold, found.predicted).micro)}
            for state, found in outcome.states.items()
        },
        "train": outcome.train,
        "whole": outcome.whole,
        "seconds": outcome.seconds,
        "device": outcome.device,
        "unknown": "".join(sorted(comparison.unknown)),
        "unseen": "".join(sorted(comparison.unseen)),
        "repeated": [i for i, document in enumerate(comparison.gold) if document.text in comparison.repeated],
        **({_RELATEDNESS: outcome.relatedness.to_json()} if outcome.relatedness else {}),
    }
    half = folder / f".{SCORES}.{os.getpid()}"
    half.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(half, folder / SCORES)


def is_kept(folder: Path) -> bool:
    """Tell whether a folder has an outcome, whole or damaged."""
    return (folder / SCORES).exists()


def read(folder: Path) -> Outcome:
    """Read an outcome back.

    Raises:
        RunError: if it is damaged.
    """
    try:
        content: dict[str, Any] = json.loads((folder / SCORES).read_text(encoding="utf-8"))
        gold = tuple(formats.read(folder / GOLD, "jsonl"))
        states = {state: _comparison(gold, folder / _file(state), content) for state in STATES}
        for state, found in states.items():
            if score(found.gold, found.predicted).micro.f1 != content[state]["f1"]:
                raise ValueError(f"the F1 of {_file(state)} is not the one in {SCORES}")
        epochs = {state: int(content[state]["epoch"]) for state in STATES}
        sizes = int(content["train"]), int(content["whole"])
        related = Relatedness(**content[_RELATEDNESS]) if _RELATEDNESS in content else None
        return Outcome(states, epochs, *sizes, float(content["seconds"]), str(content["device"]), related)
    except (OSError, ValueError, KeyError, TypeError, IndexError, InputError) as error:
        said = str(error).splitlines()[0] if str(error) else ""
        raise RunError(f"{folder} is damaged ({type(error).__name__}: {said})") from error


def _comparison(gold: tuple[Document, ...], predicted: Path, content: Mapping[str, Any]) -> Comparison:
    return Comparison(
        gold,
        tuple(formats.read(predicted, "jsonl")),
        frozenset(content["unknown"]),
        frozenset(content["unseen"]),
        frozenset(gold[i].text for i in content["repeated"]),
    )


def _file(state: str) -> str:
    return f"predicted-{state}.jsonl"
