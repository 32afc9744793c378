"""From corrections to a better checkpoint: corrections and replayed documents, trained on from the model that was corrected.

Two things keep what the model knew. Replay (Robins 1995): for each correction some documents with known annotations are mixed
in, from a corpus that the user names, the one the model was trained on if it lies here, or the shipped samples. And distillation
(Learning without Forgetting, Li and Hoiem 2016): on replayed documents the emissions stay near the old model's. The last state
counts, not the best on the held-out part, so that its figures stay honest.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import checkpoint as checkpoints
from engine import formats, samples
from engine.checkpoint import CheckpointInfo
from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError, InputError
from engine.evaluation.scores import Scores, score
from engine.mixture import Corpus, read_all
from engine.run import Run
from engine.systems.contract import Option, Options, System, from_json, option, options
from engine.tagger import predict
from engine.tags import NESTED, findable
from engine.training import TrainingConfig, fit
from engine.windows import split

CORRECTIONS, REPLAY, HELD_OUT = "corrections.jsonl", "replay.jsonl", "held_out.jsonl"
_ENOUGH_TO_HOLD_OUT = 5
_DISTILLED = 16
_SAMPLES_HELD_OUT = 5
"""Every fifth of the replay source is held out."""


@dataclass(frozen=True)
class RetrainConfig(Options):
    """Options of a retraining."""

    epochs: int = option(10, minimum=1, maximum=200, help="retrain.epochs.help")
    batch_size: int = option(16, minimum=1, maximum=1024, help="retrain.batch_size.help")
    encoder_rate: float = option(5e-5, minimum=0, maximum=0.1, help="retrain.encoder_rate.help")
    head_rate: float = option(1e-3, minimum=0, maximum=0.1, help="retrain.head_rate.help")
    share: float = option(0.4, minimum=0.05, maximum=1, help="retrain.share.help")
    replay: int = option(4, minimum=0, maximum=100, help="retrain.replay.help")
    distillation: float = option(10.0, minimum=0, maximum=1000, help="retrain.distillation.help")
    replay_corpus: str = option("", help="retrain.replay_corpus.help")
    hold_out: float = option(0.2, minimum=0, maximum=0.9, help="retrain.hold_out.help")
    seed: int = option(1, minimum=0, maximum=2**31 - 1, help="retrain.seed.help")


def prepare(
    corrections: Sequence[Document],
    parent: CheckpointInfo,
    config: RetrainConfig,
    folder: Path,
    system_options: Mapping[str, Any] | None = None,
) -> Run:
    """Write everything a retraining needs into a new run folder; ``Run.start`` begins it.

    Args:
        corrections: documents as people say they are.
        parent: the checkpoint to go on from.
        config: options.
        folder: a new folder.
        system_options: values of the parent's :func:`changeable_options`, where they are not to be the defaults.

    Raises:
        InputError: if there is no correction.
        ConfigError: if an option cannot be changed, or cannot have the value.
        FormatError: if the replay corpus cannot be read.
    """
    if not corrections:
        raise InputError("there is no correction to learn from; correct and save a document first")
    generator = torch.Generator().manual_seed(config.seed)
    learned, kept_back = _hold_out(corrections, config.hold_out, generator)
    known = _replay_source(config.replay_corpus, parent)
    taught = {document.text for document in corrections}
    # Where everything that could be replayed was corrected, the samples remain to measure with.
    known = [document for document in known if document.text not in taught] or samples.news()
    measured = known[::_SAMPLES_HELD_OUT][:1000]
    rest = [document for i, document in enumerate(known) if i % _SAMPLES_HELD_OUT]
    order = torch.randperm(len(rest), generator=generator).tolist()
    replay = [rest[i] for i in order[: max(config.replay * len(learned), 64 if config.replay else 0)]]
    plan = {
        "kind": "retrain",
        "parent": str(parent.path),
        "digest": parent.digest,
        "options": config.to_json(),
        "system_options": changed_options(parent, system_options or {}),
    }
    run = Run.create(folder, plan)
    for name, documents in ((CORRECTIONS, learned), (REPLAY, replay), (HELD_OUT, [*kept_back, *measured])):
        formats.write(documents, run.folder / name)
    return run


def retrain(run: Run) -> bool:
    """Do a retraining in this process; return false if it was asked to stop.

    Raises:
        CheckpointError: if the parent cannot be loaded.
    """
    config: RetrainConfig = from_json(RetrainConfig, run.config["options"])
    corrections, replay, held_out = (formats.read(run.folder / name, "jsonl") for name in (CORRECTIONS, REPLAY, HELD_OUT))
    parent = checkpoints.verify(run.config["parent"])
    run.tell(kind="stage", message="")
    system = checkpoints.load(parent.path)
    old_labels = set(parent.labels)
    before, before_learned = _measure(system, held_out, old_labels), _learned(system, corrections)
    torch.manual_seed(config.seed)
    system = rebuilt(system, LabelSet.of(corrections), run.config["system_options"])
    training = TrainingConfig(
        epochs=config.epochs,
        batch_size=config.batch_size,
        encoder_rate=config.encoder_rate,
        head_rate=config.head_rate,
        warmup=0.1,
        keep="last",
        seed=config.seed,
    )
    result = fit(
        system,
        [*corrections * _repeats(len(corrections), len(replay), config.share), *replay],
        held_out,
        training,
        folder=run.folder / "state",
        observe=lambda row: run.tell(**row),
        should_stop=lambda: run.cancelled,
        penalty=Distillation(system, replay, config.distillation) if replay and config.distillation else None,
    )
    if result.stopped:
        return False
    system.eval()
    after, after_learned = _measure(system, held_out, old_labels), _learned(system, corrections)
    figures = {"documents": len(held_out), "before": _figures(before), "after": _figures(after)}
    card = {
        "data": f"{len(corrections)} corrected documents and {len(replay)} replayed ones, on top of {parent.name}",
        "parent": parent.name,
        "parent_digest": parent.digest,
        **{key: parent.card[key] for key in ("licence", "corpus") if key in parent.card},
        "seed": config.seed,
        "figures": {"held_out": figures},
    }
    checkpoints.save(system, run.checkpoint, card)
    run.finish(
        {
            "held_out": figures,
            "corrections": {"documents": len(corrections), "learned_before": before_learned, "learned_after": after_learned},
            "parent": {"name": parent.name, "digest": parent.digest},
            "seconds": result.seconds,
        }
    )
    return True


def _repeats(corrections: int, replayed: int, share: float) -> int:
    """Return how often each correction comes in an epoch, for all of them together to be this share of it."""
    return 1 if share == 1 else max(1, round(replayed * share / (1 - share) / corrections))


def rebuilt(system: System, labels: LabelSet, changes: Mapping[str, Any]) -> System:
    """Return a system that knows further labels and has other options; rows of new tags start untrained, the rest is kept.

    A nested system also learns nestings that it has not seen.
    """
    known = system.labels
    wider = known.with_more(labels if system.structure == NESTED else labels.flat)
    if wider == known and not changes:
        return system
    config = from_json(type(system.config), {**system.config.to_json(), **changes})
    device = next(system.parameters()).device
    other = type(system).restore(config, wider, system.vocabulary, system.shape)
    other.adopt(system)
    return other.to(device)


def changeable_options(parent: CheckpointInfo) -> tuple[Option, ...]:
    """Return the options of a checkpoint's system that a retraining may change, each with its value there as the default.

    Raises:
        CheckpointError: if the checkpoint is damaged.
    """
    current = checkpoints.options_of(parent)
    free = [declared for declared in options(type(current)) if not declared.structural]
    return tuple(
        replace(declared, default=getattr(current, declared.name) if declared.retraining is None else declared.retraining)
        for declared in free
    )


def changed_options(parent: CheckpointInfo, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each option that a retraining may change, the given ones checked.

    Raises:
        ConfigError: if one is structural, unknown, or cannot have the value.
    """
    free = {declared.name: declared for declared in changeable_options(parent)}
    fixed = sorted(set(values) - set(free))
    if fixed:
        raise ConfigError(
            f"{', '.join(fixed)}: a trained {parent.system} can change only {', '.join(free)}; train a new one instead"
        )
    return {name: declared.check(values.get(name, declared.default)) for name, declared in free.items()}


class Distillation:
    """How far a system's emissions on replayed documents have moved from where they were when this was made."""

    def __init__(self, system: System, replay: Sequence[Document], weight: float) -> None:
        """Remember a copy of the system as it is now."""
        self.student, self.teacher = system, copy.deepcopy(system).eval().requires_grad_(False)
        self.replay = [piece for document in replay for piece in split(document, system.window) if piece.text]
        self.weight = weight

    def __call__(self) -> Tensor:
        """Return the weighted mean squared difference on some of the documents, drawn anew each time."""
        drawn = [self.replay[i] for i in torch.randint(len(self.replay), (_DISTILLED,)).tolist()]
        batch = self.student.collate(drawn).to(next(self.student.parameters()).device)
        with torch.no_grad():
            before = self.teacher(batch).emissions
        moved = (self.student(batch).emissions - before)[batch.text.mask]
        distance: Tensor = self.weight * moved.square().mean()
        return distance


def _replay_source(named: str, parent: CheckpointInfo) -> list[Document]:
    """Return what is replayed from: the user's choice, the parent's own corpus if it lies here, or the shipped samples."""
    if named:
        return formats.read(named)
    described = parent.card.get("corpus", {})
    corpora = [Corpus.from_json(row) for row in described.get("train", [])]
    if "map" in described:  # cards of 0.1.0 have one mapping for all
        corpora = [replace(corpus, map=described["map"]) for corpus in corpora]
    return read_all(corpora) if corpora and all(corpus.present for corpus in corpora) else samples.news()


def _hold_out(documents: Sequence[Document], share: float, generator: torch.Generator) -> tuple[list[Document], list[Document]]:
    """Set a share of the corrections aside, unless they are too few to spare one."""
    count = round(len(documents) * share) if len(documents) >= _ENOUGH_TO_HOLD_OUT else 0
    order = torch.randperm(len(documents), generator=generator).tolist()
    return [documents[i] for i in sorted(order[count:])], [documents[i] for i in sorted(order[:count])]


def _measure(system: System, documents: Sequence[Document], labels: set[str]) -> Scores:
    """Score on the labels that the parent knows, so that before and after measure the same thing."""
    gold = [document.with_spans(findable(_only(document, labels), system.structure)) for document in documents]
    found = [prediction.document for prediction in predict(system, documents)]
    judged = [truth.judged(_only(document, labels)) for truth, document in zip(documents, found, strict=True)]
    return score(gold, [document.with_spans(spans) for document, spans in zip(found, judged, strict=True)])


def _only(document: Document, labels: set[str]) -> list[Span]:
    return [span for span in document.spans if span.label in labels]


def _learned(system: System, corrections: Sequence[Document]) -> float:
    """Return the share of the corrections that the system now reads exactly so."""
    found = predict(system, corrections)
    right = [
        set(findable(document.spans, system.structure)) == set(document.judged(prediction.document.spans))
        for document, prediction in zip(corrections, found, strict=True)
    ]
    return sum(right) / len(right)


def _figures(scores: Scores) -> dict[str, Any]:
    content = scores.to_json()
    return {"micro": content["micro"], "types": content["types"]}
