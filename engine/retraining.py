"""From corrections to a better checkpoint: corrections and replayed documents, trained on from the model that was corrected.

The last state counts, not the best on the held-out part, so that its figures stay honest. Then parent and new checkpoint are
compared, and the gate says whether the new one is offered; one that it refuses stays in the run's folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from engine import checkpoint as checkpoints
from engine import disk, formats, samples
from engine.adapters import Adapters
from engine.checkpoint import CheckpointInfo
from engine.comparison import Comparison, before_and_after, file_of
from engine.corrections import MAJORITY, NEWEST, REFUSE, check_apart, hold_out, resolve
from engine.document import Document, LabelSet
from engine.errors import ConfigError, EngineError, InputError, RunError
from engine.gate import CORRECTIONS, HELD_OUT, MARGIN, POOL, PROTECTED, SUPPORT
from engine.lineage import data_hash
from engine.memory import Estimate, estimate, free_memory, gpu_problem
from engine.prediction_changes import write_changes
from engine.quick_update import FULL, QUICK, freeze_below, remembering
from engine.replay import Distillation, replay_source
from engine.run import Run
from engine.systems.contract import Option, Options, System, from_json, option, options
from engine.tags import NESTED
from engine.training import FitResult, TrainingConfig, fit

REPLAY = "replay"
_ADAPTERS = 10
"""How many times quicker adapters learn than the encoder would."""
_SAMPLES_HELD_OUT = 5
"""Every fifth of the replay source is held out."""


@dataclass(frozen=True)
class RetrainConfig(Options):
    """Options of a retraining."""

    epochs: int = option(10, minimum=1, maximum=200, help="retrain.epochs.help")
    batch_size: int = option(16, minimum=1, maximum=1024, help="retrain.batch_size.help")
    encoder_rate: float = option(5e-5, minimum=0, maximum=0.1, help="retrain.encoder_rate.help")
    head_rate: float = option(1e-3, minimum=0, maximum=0.1, help="retrain.head_rate.help")
    lora_rank: int = option(0, minimum=0, maximum=256, help="retrain.lora_rank.help")
    depth: str = option(FULL, choices=(QUICK, FULL), help="retrain.depth.help")
    quick_rate: float = option(7e-3, minimum=0, maximum=0.1, help="retrain.quick_rate.help")
    quick_distillation: float = option(300.0, minimum=0, maximum=10_000, help="retrain.quick_distillation.help")
    share: float = option(0.4, minimum=0.05, maximum=1, help="retrain.share.help")
    replay: int = option(4, minimum=0, maximum=100, help="retrain.replay.help")
    distillation: float = option(10.0, minimum=0, maximum=1000, help="retrain.distillation.help")
    replay_corpus: str = option("", help="retrain.replay_corpus.help")
    hold_out: float = option(0.2, minimum=0, maximum=0.9, help="retrain.hold_out.help")
    contradictions: str = option(NEWEST, choices=(NEWEST, MAJORITY, REFUSE), help="retrain.contradictions.help")
    protected: str = option("", help="retrain.protected.help")
    pool: str = option("", help="retrain.pool.help")
    margin: float = option(MARGIN, minimum=0, maximum=100, help="retrain.margin.help")
    support: int = option(SUPPORT, minimum=1, maximum=100_000, help="retrain.support.help")
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
        corrections: documents as people say they are, in the order of time.
        parent: the checkpoint to go on from.
        config: options.
        folder: a new folder.
        system_options: values of the parent's :func:`changeable_options`, where they are not to be the defaults.

    Raises:
        InputError: if there is no correction, they contradict each other and that is refused, or some are of the protected test
            set.
        ConfigError: if an option cannot be changed, or cannot have the value.
        FormatError: if the replay corpus, the protected test set or the pool cannot be read.
        RunError: if the folder cannot be written; nothing is left of it then.
    """
    if not corrections:
        raise InputError("there is no correction to learn from; correct and save a document first")
    generator = torch.Generator().manual_seed(config.seed)
    corrections, contradictions = resolve(corrections, config.contradictions)
    learned, kept_back = hold_out(corrections, config.hold_out, generator)
    protected = _judging_what_it_marks(formats.read(config.protected)) if config.protected else []
    pool = [document.with_spans(()) for document in formats.read(config.pool)] if config.pool else []
    check_apart(corrections, {"protected test set": protected})
    known = replay_source(config.replay_corpus, parent)
    taught = {document.text for document in [*corrections, *protected]}
    # Where everything that could be replayed was corrected, the samples remain to measure with.
    known = [document for document in known if document.text not in taught] or samples.news()
    measured = known[::_SAMPLES_HELD_OUT][:1000]
    aside = {document.text for document in measured}
    rest = [document for document in known if document.text not in aside]
    order = torch.randperm(len(rest), generator=generator).tolist()
    replay = [rest[i] for i in order[: max(config.replay * len(learned), 64 if config.replay else 0)]]
    plan = {
        "kind": "retrain",
        "parent": str(parent.path),
        "digest": parent.digest,
        "options": config.to_json(),
        "system_options": changed_options(parent, system_options or {}),
        "contradictions": [contradiction.to_json() for contradiction in contradictions],
    }
    parts = {CORRECTIONS: learned, REPLAY: replay, HELD_OUT: [*kept_back, *measured], PROTECTED: protected, POOL: pool}
    return _written(folder, plan, parts, room_of(parent, config))


def room_of(parent: CheckpointInfo, config: RetrainConfig) -> int:
    """Return how many bytes a retraining takes on the disk, by estimate.

    These are the state to go on from, with AdamW's two values for what learns, twice while it is replaced, and the checkpoint;
    documents and logs are small beside them.
    """
    weights = 2 * parent.size_bytes  # in the checkpoint they are of half the width
    learning = 0 if config.depth == QUICK or config.lora_rank else weights
    return 2 * (weights + 2 * learning) + parent.size_bytes


def _written(folder: Path, plan: Mapping[str, Any], parts: Mapping[str, Sequence[Document]], room: int) -> Run:
    """Write a run's folder, or nothing of it."""
    was = folder.is_dir()
    try:
        run = Run.create(folder, plan)
        run.room = room
        for part, documents in parts.items():
            formats.write(documents, file_of(run.folder, part))
    except (OSError, EngineError) as error:
        full = disk.told(folder, room) if disk.is_full(error) else ""
        if full or not was:
            shutil.rmtree(folder, ignore_errors=True)
        if full:
            raise RunError(full) from error
        raise
    return run


def retrain(run: Run) -> bool:
    """Do a retraining in this process; return false if it was asked to stop.

    Raises:
        CheckpointError: if the parent cannot be loaded.
        InputError: if a text is both learned from and measured with.
    """
    config: RetrainConfig = from_json(RetrainConfig, run.config["options"])
    parent = checkpoints.verify(run.config["parent"])
    run.room = room_of(parent, config)
    comparison = Comparison(run.folder, parent.labels)
    corrections, held_out = comparison.parts[CORRECTIONS], comparison.parts[HELD_OUT]
    replay = formats.read(file_of(run.folder, REPLAY), "jsonl")
    check_apart([*corrections, *replay], {"held-out part": held_out, "protected test set": comparison.parts[PROTECTED]})
    run.tell(kind="stage", message="")
    before = checkpoints.load(parent.path)
    torch.manual_seed(config.seed)
    system = rebuilt(before, LabelSet.of(corrections), run.config["system_options"])
    if config.depth == QUICK:
        freeze_below(system, labels_are_new=system.labels != before.labels)
    adapters = Adapters(system, config.lora_rank) if config.lora_rank else None
    with remembering(system, before):
        old = comparison.read(before)
        del before
        result = _learn(run, system, comparison, replay, config)
        if result.stopped:
            return False
        if adapters:
            adapters.merge()
        new = comparison.read(system)
    gate, changes = comparison.judge(old, new, system.structure, config.margin, config.support)
    figures = before_and_after(gate.parts[0])
    card = {
        "data": f"{len(corrections)} corrected documents and {len(replay)} replayed ones, on top of {parent.name}",
        "parent": parent.name,
        "parent_digest": parent.digest,
        **{key: parent.card[key] for key in ("licence", "corpus") if key in parent.card},
        "seed": config.seed,
        "corrections": len(corrections),
        "data_hash": data_hash(corrections, replay),
        "options": {**config.to_json(), **run.config["system_options"]},
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "figures": {"held_out": figures},
    }
    checkpoints.save(system, run.checkpoint, card)
    write_changes(changes, run.folder)
    learned = gate.learned
    run.finish(
        {
            "held_out": figures,
            "corrections": {
                "documents": learned.documents,
                "learned_before": learned.before,
                "learned_after": learned.after,
            },
            "contradictions": run.config["contradictions"],
            "gate": gate.to_json(),
            "parent": {"name": parent.name, "digest": parent.digest},
            "seconds": result.seconds,
        }
    )
    return True


def _learn(run: Run, system: System, comparison: Comparison, replay: Sequence[Document], config: RetrainConfig) -> FitResult:
    corrections = list(comparison.parts[CORRECTIONS])
    quick = config.depth == QUICK
    weight = config.quick_distillation if quick else config.distillation
    training = TrainingConfig(
        epochs=config.epochs,
        batch_size=config.batch_size,
        encoder_rate=config.encoder_rate * (_ADAPTERS if config.lora_rank else 1),
        head_rate=config.quick_rate if quick else config.head_rate,
        warmup=0.1,
        keep="last",
        seed=config.seed,
    )
    documents = [*corrections * _repeats(len(corrections), len(replay), config.share), *replay]
    distillation = Distillation(system, replay, weight) if replay and weight else None
    _tell_means(run, estimate(system, documents, config.batch_size, copies=2 if distillation else 1))
    return fit(
        system,
        documents,
        comparison.parts[HELD_OUT],
        training,
        folder=run.folder / "state",
        observe=lambda row: run.tell(**row),
        should_stop=lambda: run.cancelled,
        penalty=distillation,
    )


def _tell_means(run: Run, needed: Estimate) -> None:
    """Tell on what the training computes, what memory it needs by estimate, and what is free."""
    problem = gpu_problem()
    device = torch.device("cpu" if problem else "cuda")
    free = free_memory(device)
    if problem:
        run.tell(kind="device", device=device.type, reason=problem)
    told: dict[str, Any] = {"device": device.type, "needed": needed.total, "free": free, "parts": asdict(needed)}
    if needed.total > free:
        told["message"] = (
            f"about {needed.total / 1e9:.1f} GB of memory are needed and {free / 1e9:.1f} GB are free; where it runs out, fewer "
            "documents are computed at once"
        )
    run.tell(kind="memory", **told)


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


def _judging_what_it_marks(documents: Sequence[Document]) -> list[Document]:
    """Return documents that judge only the labels that they mark somewhere: nobody looked for the others."""
    marked = LabelSet.of(documents).names
    return [document if document.annotated is not None else replace(document, annotated=marked) for document in documents]
