"""The engine's command line: ``python -m engine COMMAND``.

Exit status: 0 well, 1 a failure of ours, 2 bad usage or input, 3 a retraining whose checkpoint the gate refused.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from engine import __version__
from engine.commands import (
    agreement,
    analyse,
    attribute,
    build,
    catalogues,
    convert,
    counterfactual,
    evaluate,
    influence,
    predict,
    pretrain,
    reproduce,
    retrain,
    simulate,
    train,
)
from engine.commands import map as mapping
from engine.errors import EngineError, InputError

_DESCRIPTION = """\
Duomo: Chinese multimodal named entity recognition.

  python -m engine predict --text 王芳昨天到了杭州。     find entities
  python -m engine evaluate --checkpoint C --data F      score a model
  python -m engine train --train F --dev F               make a model

Every command has --help, and --json for machines."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(
        "python -m engine", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"duomo {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (
        predict,
        evaluate,
        analyse,
        agreement,
        train,
        retrain,
        influence,
        counterfactual,
        attribute,
        mapping,
        pretrain,
        build,
        reproduce,
        simulate,
        convert,
        catalogues,
    ):
        command.add(commands)
    arguments = parser.parse_args(argv)
    try:
        status: int = arguments.handler(arguments)
        return status
    except InputError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except EngineError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # the reader has gone; without this, Python would complain once more when it closes standard output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
