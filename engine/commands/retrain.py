"""``retrain``: teach a checkpoint a file of corrected documents."""

from __future__ import annotations

import argparse
from typing import Any

from engine.commands.output import add_json, parse_pairs, print_json, use_threads
from engine.shipped import DEFAULT, SHIPPED

_DESCRIPTION = """\
Teach a checkpoint corrected documents, mixed with replayed ones so that old skill is kept.

  python -m engine retrain --corrections corrected.jsonl --checkpoint zh-general
  python -m engine retrain --corrections corrected.jsonl --set replay_corpus=msra/train.txt.xz --set epochs=4"""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "retrain",
        help="teach a checkpoint corrected documents",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkpoint", default=DEFAULT, metavar="C", help=f"the checkpoint to go on from ({DEFAULT})")
    parser.add_argument("--corrections", required=True, metavar="F", help="documents as they should be, in any format")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the retraining or, unless structural, of the system",
    )
    parser.add_argument("--run", metavar="DIR", help="a new folder for the run")
    parser.add_argument("--threads", type=int, help="CPU threads")
    add_json(parser)
    parser.set_defaults(handler=run_retraining)


def run_retraining(arguments: argparse.Namespace) -> int:
    """Carry a retraining out in this process."""
    use_threads(arguments.threads)
    from engine import formats
    from engine.checkpoint import find
    from engine.commands.running import Bar, new_folder
    from engine.retraining import RetrainConfig, prepare, retrain
    from engine.systems.contract import from_json, options

    chosen = dict(parse_pairs(arguments.set, "--set"))
    own = {option.name for option in options(RetrainConfig)}
    config = from_json(RetrainConfig, {name: value for name, value in chosen.items() if name in own})
    changes = {name: value for name, value in chosen.items() if name not in own}
    checkpoint = find(arguments.checkpoint, SHIPPED)
    run = prepare(formats.read(arguments.corrections), checkpoint, config, new_folder(arguments), changes)
    with Bar(run):
        run.carry_out(retrain)
    result = {"run": str(run.folder), "checkpoint": str(run.checkpoint), "report": run.report()}
    if arguments.json:
        print_json(result)
        return 0
    held = result["report"]["held_out"] if isinstance(result["report"], dict) else {}
    print(f"held-out F1 {held['before']['micro']['f1']:.2%} before, {held['after']['micro']['f1']:.2%} after: {run.checkpoint}")
    return 0
