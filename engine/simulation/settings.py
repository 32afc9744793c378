"""How a simulation goes: where it starts, what it asks for in each round, how it trains."""

from __future__ import annotations

from dataclasses import dataclass

from engine.systems.contract import Options, option

SENTENCES, CHARACTERS = "sentences", "characters"


@dataclass(frozen=True)
class SimulationConfig(Options):
    """Options of a simulation, beside those of the system and of training."""

    start: int = option(50, minimum=1, maximum=10_000_000, help="simulation.start.help")
    batch: int = option(50, minimum=1, maximum=10_000_000, help="simulation.batch.help")
    rounds: int = option(10, minimum=0, maximum=1000, help="simulation.rounds.help")
    by: str = option(SENTENCES, choices=(SENTENCES, CHARACTERS), help="simulation.by.help")
    steps: int = option(200, minimum=1, maximum=1_000_000, help="simulation.steps.help")
    warm: bool = option(False, help="simulation.warm.help")
    passes: int = option(10, minimum=2, maximum=1000, help="simulation.passes.help")
    committee: int = option(3, minimum=2, maximum=20, help="simulation.committee.help")


TRAINING = {"batch_size": 16, "keep": "last"}
"""What a training of a simulation has otherwise than one that is to be used: the part that judges decides on nothing."""
