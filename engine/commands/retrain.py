"""``retrain``: teach a checkpoint a file of corrected documents, and let the gate say whether the new one is to be used."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.commands.output import add_json, parse_pairs, print_json, print_options, print_table, use_threads
from engine.errors import InputError
from engine.shipped import DEFAULT, SHIPPED
from engine.signed import signed

if TYPE_CHECKING:
    from engine.gate import Gate, Reason

REFUSED_STATUS = 3
_LONGEST = 40
_DESCRIPTION = """\
Teach a checkpoint corrected documents, mixed with replayed ones so that old skill is kept, and compare the two.

  python -m engine retrain --corrections corrected.jsonl --checkpoint zh-general
  python -m engine retrain --corrections corrected.jsonl --protected test.jsonl --out checkpoints/mine
  python -m engine retrain --corrections corrected.jsonl --set replay_corpus=msra/train.txt.xz --set epochs=4

The gate compares parent and new checkpoint on the held-out part and on the protected test set, lists every document that is read
otherwise now in changes.jsonl of the run's folder, and refuses the new checkpoint when a type falls by more than the margin. One
that is refused stays in the run's folder; --out takes it only with --override.

Exit status: 0 the gate passed the checkpoint, or was overridden; 3 it refused it; 1 a failure of ours; 2 bad usage or input."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "retrain",
        help="teach a checkpoint corrected documents",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkpoint", default=DEFAULT, metavar="C", help=f"the checkpoint to go on from ({DEFAULT})")
    parser.add_argument("--corrections", metavar="F", help="documents as they should be, in any format; the newest last")
    parser.add_argument("--protected", metavar="F", help="a test set that is never learned from")
    parser.add_argument("--pool", metavar="F", help="documents on which to show what is read otherwise now")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the retraining (--options lists them) or, unless structural, of the system",
    )
    parser.add_argument("--options", action="store_true", help="list the options of the retraining, and stop")
    parser.add_argument("--run", metavar="DIR", help="a new folder for the run")
    parser.add_argument("--out", metavar="DIR", help="put the checkpoint here too, unless the gate refuses it")
    parser.add_argument("--override", action="store_true", help="put it there although the gate refuses it")
    parser.add_argument("--threads", type=int, help="CPU threads")
    add_json(parser)
    parser.set_defaults(handler=run_retraining)


def run_retraining(arguments: argparse.Namespace) -> int:
    """Carry a retraining out in this process.

    Raises:
        InputError: if no corrections are named.
    """
    from engine.retraining import RetrainConfig

    if arguments.options:
        print_options({"retraining": RetrainConfig})
        return 0
    use_threads(arguments.threads)
    from engine.commands.running import Bar
    from engine.gate import REFUSED, read_gate
    from engine.retraining import retrain

    run = _prepared(arguments)
    with Bar(run):
        run.carry_out(retrain)
    gate = read_gate(run.folder)
    refused = gate.verdict == REFUSED and not arguments.override
    checkpoint = _placed(run.checkpoint, arguments.out) if arguments.out and not refused else run.checkpoint
    if arguments.json:
        print_json({"run": str(run.folder), "checkpoint": str(checkpoint), "report": run.report()})
    else:
        print_contradictions((run.report() or {}).get("contradictions", ()))
        print_gate(gate)
        print(f"{_verdict(gate, arguments.override)}: {checkpoint}")
    return REFUSED_STATUS if refused else 0


def _prepared(arguments: argparse.Namespace) -> Any:
    from engine import formats
    from engine.checkpoint import find
    from engine.commands.running import new_folder
    from engine.retraining import RetrainConfig, prepare
    from engine.systems.contract import from_json, options

    if not arguments.corrections:
        raise InputError("retrain: give --corrections with a file of documents as they should be")
    named = {name: value for name in ("protected", "pool") if (value := getattr(arguments, name))}
    chosen = {**parse_pairs(arguments.set, "--set"), **named}
    own = {option.name for option in options(RetrainConfig)}
    config = from_json(RetrainConfig, {name: value for name, value in chosen.items() if name in own})
    changes = {name: value for name, value in chosen.items() if name not in own}
    checkpoint = find(arguments.checkpoint, SHIPPED)
    return prepare(formats.read(arguments.corrections), checkpoint, config, new_folder(arguments), changes)


def print_contradictions(found: Sequence[Mapping[str, Any]]) -> None:
    """Print corrections that contradict each other, and which of them were learned."""
    for each in found:
        kept = ", ".join(str(row + 1) for row in each["kept"])
        rows = ", ".join(str(row + 1) for row in each["rows"])
        print(f"corrections {rows} contradict each other, learned is {kept}: {each['text'][:_LONGEST]}")


def print_gate(gate: Gate) -> None:
    """Print the gate's figures, what it refuses and warns of, and what was learned."""
    rows = []
    for part in gate.parts:
        for row in (part.micro, *part.types):
            before = f"{row.before.f1:.2%}" if row.before else "–"
            moved = signed(-row.fall) if row.before else "new"
            rows.append((part.name, row.type or "all", row.support, before, f"{row.after.f1:.2%}", moved, row.fixed, row.broken))
    print_table(rows, ("part", "type", "gold", "F1 before", "F1 after", "points", "fixed", "broken"))
    learned = gate.learned
    print(f"corrections read right: {learned.before:.0%} before, {learned.after:.0%} after, of {learned.documents}")
    for part_name, counts in gate.changes.items():
        print(f"read otherwise in {part_name}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    for word, reasons in (("refused", gate.reasons), ("warning", gate.warnings)):
        for reason in reasons:
            print(f"{word}: {_said(reason, gate)}")


def _said(reason: Reason, gate: Gate) -> str:
    if reason.kind == "unmeasured":
        return f"{reason.part} has no annotated mention of a type that the parent knows, so that nothing is measured there"
    fall = 100 * (reason.before - reason.after)
    what = reason.type or "all types together"
    told = f"{what} falls by {fall:.2f} points in {reason.part}, the margin is {gate.margin:g} ({reason.support} gold spans, "
    return f"{told}{reason.fixed} errors fixed, {reason.broken} new, probability by chance {reason.chance:.3f})"


def _verdict(gate: Gate, override: bool) -> str:
    from engine.gate import PASSED

    if gate.verdict == PASSED:
        return "the gate passes the new checkpoint"
    return "the gate refuses the new checkpoint" + (", and is overridden" if override else "; the parent stays as it is")


def _placed(checkpoint: Path, out: str) -> Path:
    from engine.checkpoint import load, save, verify

    info = verify(checkpoint)
    return save(load(checkpoint), out, info.card).path
