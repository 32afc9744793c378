"""``simulate``: what each strategy of active learning would have saved on a corpus whose labels are known."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from engine.commands.output import add_json, parse_pairs, print_json, print_options, print_table
from engine.errors import ConfigError, InputError

_SYSTEM = "bert-crf"
_ENCODER = "zh-char-small"
_DESCRIPTION = """\
Draw learning curves: pretend that a labelled corpus is not labelled, let each strategy choose what is labelled next, and see how
soon a model is good.

  python -m engine simulate --list                                     the strategies
  python -m engine simulate --train train.txt --dev dev.txt --strategies random,mnlp,k-centre --rounds 5
  python -m engine simulate --train train.txt --dev dev.txt --strategies 0.7*mnlp+0.3*k-centre,density*margin --seeds 1,2,3
  python -m engine simulate --train train.txt --dev dev.txt --by characters --start 2000 --batch 2000
  python -m engine simulate --train train.txt --dev dev.txt --kept     what is done so far; nothing is trained

All strategies of a seed start with the same --start documents, drawn at random. In each round a new model learns from what is
labelled, from the same encoder and for at least --steps steps, as the literature has it; with --warm it goes on from the model of
the round before, which is quicker and favours what came first. It is judged on the dev part, which decides nothing: the last
state counts, unless --set keep=best. Then the strategy chooses --batch more. One more model learns from all documents.

  F1 at the end   after the last round
  area            mean F1 on the way there
  … to 95%        share of the sentences, or characters, that reaches 95% of the F1 of all data, on the line between rounds
  saved           how much less that is than what random needs with the same seed; below 0 it is more. Where only one of the
                  two gets there it is at least so much: random counts as if it did right after its last round, the strategy as
                  if it needed all data

Figures are means over the seeds with Student's 95% interval; one seed has none. A strategy that likes long sentences looks better
by sentences than by characters, which is nearer to the work. Mixtures add up where each strategy puts a document in its order;
density* weighs a strategy by how many documents are alike. Strategies that ask a committee train --committee models a round.

  python -m engine simulate --chosen chosen.jsonl --control control.jsonl --dev dev.txt --seeds 1,2,3

--chosen and --control compare what a strategy has chosen with what chance drew: the same system learns from equally many of
either, in --sizes sizes up to the smaller of both, with as many seeds as --seeds names.

Each curve has a folder, OUT/curves/HASH, and what is done is not done again; a curve that was interrupted goes on with the
round it was at. OUT/report.json has every point, OUT/curves.png and OUT/curves.svg show them."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "simulate",
        help="learning curves of active learning",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--chosen", metavar="F", help="documents that a strategy chose, annotated, to compare with --control")
    parser.add_argument("--control", metavar="F", help="documents that chance drew, annotated")
    parser.add_argument("--sizes", metavar="N", help="sizes that each arm is learned from, of such a comparison (4)")
    parser.add_argument("--train", action="append", default=[], metavar="F", help="labelled corpus to choose from; several times")
    parser.add_argument("--dev", metavar="F", help="corpus to judge by")
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO,…", help="labels to rename, or to drop (FROM=)")
    parser.add_argument("--strategies", metavar="S,…", help="names or mixtures; all by default, and random in any case")
    parser.add_argument("--seeds", default="1,2,3", metavar="N,…", help="seeds (1,2,3)")
    parser.add_argument("--start", metavar="N", help="labelled at the beginning (50)")
    parser.add_argument("--batch", metavar="N", help="labelled in each round (50)")
    parser.add_argument("--rounds", metavar="N", help="rounds after the start (10)")
    parser.add_argument("--by", metavar="U", help="what --start and --batch count: sentences (the default) or characters")
    parser.add_argument("--steps", metavar="N", help="every training makes at least so many steps (200)")
    parser.add_argument("--warm", action="store_const", const="true", help="go on from the model of the round before")
    parser.add_argument("--passes", metavar="N", help="draws by dropout, for bald (10)")
    parser.add_argument("--committee", metavar="N", help="models of a committee (3)")
    parser.add_argument("--system", default=_SYSTEM, metavar="S", help=f"name of a system ({_SYSTEM})")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"an option of the system or of training; --options lists them (encoder={_ENCODER}, batch_size=16, keep=last)",
    )
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="curves at a time (1); GPUs are taken in turn")
    parser.add_argument("--threads", type=int, help="CPU threads of each process; by default the cores shared evenly")
    parser.add_argument("--out", default="runs/simulation", metavar="DIR", help="where everything goes (runs/simulation)")
    parser.add_argument("--kept", action="store_true", help="train nothing; report on the curves that are done")
    parser.add_argument("--list", action="store_true", help="list the strategies, and stop")
    parser.add_argument("--options", action="store_true", help="list the options, and stop")
    add_json(parser)
    parser.set_defaults(handler=simulate)


def simulate(arguments: argparse.Namespace) -> int:
    """Carry out what is missing of a simulation, and print it; the status is 1 if a curve failed."""
    if arguments.list:
        return _list(arguments)
    if arguments.options:
        return _options(arguments)
    if arguments.chosen or arguments.control:
        return _compare(arguments)
    from engine.commands.reproduce import seeds_of
    from engine.simulation.making import simulate, usual

    for name in ("processes", "threads"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise InputError(f"--{name}: expected a number from 1 on, got {value}")
    plan = _plan(arguments)
    named = [name.strip() for name in arguments.strategies.split(",")] if arguments.strategies is not None else usual(plan)
    report, failed = simulate(
        plan,
        named,
        seeds_of(arguments.seeds),
        Path(arguments.out),
        None if arguments.kept else _machine(arguments),
        lambda line: print(line, file=sys.stderr),
    )
    if arguments.json:
        print_json(report.to_json())
    else:
        _print(report, Path(arguments.out))
    return 1 if failed else 0


def _compare(arguments: argparse.Namespace) -> int:
    """Compare two arms in this process, and print the curves."""
    from datetime import datetime

    from engine import formats
    from engine.commands.output import use_threads
    from engine.commands.reproduce import seeds_of
    from engine.commands.running import Bar
    from engine.simulation.arms import CHOSEN, CONTROL, HELD_OUT, ArmsConfig, Compared, draw_arms, prepare_arms, small_system
    from engine.simulation.report import shown
    from engine.systems import get
    from engine.systems.contract import from_json, options

    if not (arguments.chosen and arguments.control and arguments.dev):
        raise InputError("simulate: give --chosen, --control and --dev, the documents to judge by")
    use_threads(arguments.threads)
    given = {"sizes": arguments.sizes, "steps": arguments.steps, "seeds": str(len(seeds_of(arguments.seeds)))}
    config = from_json(ArmsConfig, {name: value for name, value in given.items() if value is not None})
    own = {option.name for option in options(get(arguments.system).Config)}
    chosen = dict(parse_pairs(arguments.set, "--set"))
    system_options = small_system(arguments.system) | {name: value for name, value in chosen.items() if name in own}
    training = {name: value for name, value in chosen.items() if name not in own}
    files = {CHOSEN: arguments.chosen, CONTROL: arguments.control, HELD_OUT: arguments.dev}
    parts = {part: formats.read(file) for part, file in files.items()}
    folder = Path(arguments.out) / f"arms-{datetime.now():%Y%m%d-%H%M%S}"
    run = prepare_arms(parts, folder, config, arguments.system, system_options, training)
    with Bar(run):
        run.carry_out(draw_arms)
    compared = Compared.from_json(run.report() or {})
    if arguments.json:
        print_json(compared.to_json())
        return 0
    curves = [dict(compared.curve(arm)) for arm in (CHOSEN, CONTROL)]
    rows = [(size, *(shown(curve[size]) for curve in curves), shown(compared.difference(size))) for size in compared.sizes]
    print_table(rows, ("documents", "F1, chosen", "F1, control", "chosen above control"))
    print(f"judged by {compared.held_out} documents; every training: {run.folder / 'report.json'}")
    return 0


def _plan(arguments: argparse.Namespace) -> Any:
    from engine.mixture import Corpus
    from engine.shipped import SHIPPED
    from engine.simulation.curve import Plan
    from engine.simulation.settings import TRAINING, SimulationConfig
    from engine.systems import get
    from engine.systems.contract import from_json, options
    from engine.training import TrainingConfig

    if not arguments.train or not arguments.dev:
        raise InputError("simulate: give --train, a labelled corpus to choose from, and --dev, one to judge by")
    kind, chosen = get(arguments.system), dict(parse_pairs(arguments.set, "--set"))
    if "seed" in chosen:
        raise ConfigError("seed: give --seeds")
    own = {option.name for option in options(kind.Config)}
    begun = {"encoder": _ENCODER} if "encoder" in own and (SHIPPED / _ENCODER).is_dir() else {}
    settings = {option.name: getattr(arguments, option.name) for option in options(SimulationConfig)}
    mapping = parse_pairs(arguments.map, "--map", separator=",")
    train, dev = (
        tuple(Corpus(path, mapping).below(Path.cwd()) for path in paths) for paths in (arguments.train, [arguments.dev])
    )
    training = TRAINING | {name: value for name, value in chosen.items() if name not in own}
    return Plan(
        system=arguments.system,
        options=from_json(kind.Config, begun | {name: value for name, value in chosen.items() if name in own}).to_json(),
        training=from_json(TrainingConfig, training).to_json(),
        settings=from_json(SimulationConfig, {name: value for name, value in settings.items() if value is not None}),
        train=train,
        dev=dev,
    )


def _machine(arguments: argparse.Namespace) -> Any:
    from engine.reproduction.schedule import this_machine

    return this_machine(arguments.processes, arguments.threads, os.environ)


def _print(report: Any, folder: Path) -> None:
    from engine.simulation.plot import FILES
    from engine.simulation.report import HEADER

    print(report.about)
    print()
    print_table(report.rows(), HEADER)
    print()
    for line in report.missing:
        print(f"missing: {line}")
    print(f"every point: {folder / 'report.json'}; drawn: {', '.join(str(folder / name) for name in FILES)}")


def _list(arguments: argparse.Namespace) -> int:
    from engine.acquisition import STRATEGIES

    listed: list[dict[str, Any]] = [
        {
            "name": strategy.name,
            "title": strategy.title,
            "paper": strategy.paper,
            "needs": sorted(need.value for need in strategy.needs),
            "batch": strategy.batch,
        }
        for strategy in STRATEGIES.values()
    ]
    if arguments.json:
        print_json(listed)
        return 0
    rows = [(s["name"], ", ".join(s["needs"]), s["title"]) for s in listed]
    print_table(rows, ("strategy", "needs", "chooses"))
    print("Mix them, 0.7*mnlp+0.3*k-centre, or weigh one by density: density*margin.")
    return 0


def _options(arguments: argparse.Namespace) -> int:
    from engine.simulation.settings import SimulationConfig
    from engine.systems import get
    from engine.training import TrainingConfig

    print_options({"simulation": SimulationConfig, arguments.system: get(arguments.system).Config, "training": TrainingConfig})
    return 0
