"""How much each character, or each modality, adds to the probability of an entity, by captum's methods.

Integrated gradients (Sundararajan, Taly and Yan 2017) from the text of unknown characters to the text as it is, over the vectors
that characters are looked up as; occlusion (Zeiler and Fergus 2014), each player hidden by itself; Shapley values, exact where
there are few players, else sampled (Castro, Gómez and Tejada 2009). All are in nats: shares of the logarithm of the probability.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.attribution.attribution import CHARACTERS, GRADIENTS, METHODS, MODALITIES, OCCLUSION, Attribution
from engine.attribution.faithfulness import DRAWS, faithfulness
from engine.attribution.games import Game, characters_of, modalities_of, without_text
from engine.attribution.target import Target, looking_into, repeated
from engine.document import Document, Span
from engine.errors import ConfigError, InputError
from engine.systems.contract import Batch, System

STEPS = 64
"""Of the integral."""
_TOGETHER = 16
_EXACT = 5
"""Players whose every order is gone through."""
_SAMPLES = 12


def attribute(
    system: System,
    document: Document,
    entity: Span,
    method: str = GRADIENTS,
    *,
    over: str = "",
    seed: int = 1,
    draws: int = DRAWS,
) -> Attribution:
    """Tell what adds how much to the probability of an entity, and measure how far that is so.

    Args:
        system: in evaluation mode, not quantised; nobody else may use it meanwhile.
        document: that the entity is in.
        entity: asked about, be it found or not.
        method: of :data:`METHODS`.
        over: whose share, as :data:`METHODS` has them; the first of these if empty.
        seed: of what is drawn by chance.
        draws: random orders to compare with.

    Raises:
        InputError: if there is no such method, it does not tell these shares, or the entity cannot be asked about.
        ConfigError: if captum is not installed.
    """
    over = _checked(method, over)
    began = time.perf_counter()
    target = Target.of(system, document, entity)
    game = modalities_of(target) if over == MODALITIES else characters_of(target)
    size = len(game.players)
    whole, empty = game.values([(True,) * size, (False,) * size])
    torch_rng = torch.random.get_rng_state()
    try:
        torch.manual_seed(seed)
        if method == GRADIENTS:
            values, empty = _integrated_gradients(target)
        else:
            values = _asked(game, method)
    finally:
        torch.random.set_rng_state(torch_rng)
    measured = faithfulness(game, values, np.random.default_rng(seed), draws)
    gap = None if method == OCCLUSION else sum(values) - (whole - empty)
    found = replace(entity, score=min(1.0, float(np.exp(whole))))
    players, placed = game.players, tuple(values)
    if over == CHARACTERS:
        behind = len(document) - target.first - size
        players, placed = tuple(document.text), (0.0,) * target.first + placed + (0.0,) * behind
    return Attribution(method, over, found, players, placed, whole, empty, gap, measured, round(time.perf_counter() - began, 3))


def _checked(method: str, over: str) -> str:
    if method not in METHODS:
        raise InputError(f"there is no method {method!r}; choose one of {', '.join(METHODS)}")
    if over and over not in METHODS[method]:
        raise InputError(f"{method} tells the shares of {' or '.join(METHODS[method])}, not of {over}; choose another method")
    return over or METHODS[method][0]


def _captum() -> Any:
    try:
        import captum.attr
    except ImportError as error:
        raise ConfigError("captum is needed for attributions; install it: pip install 'captum>=0.9,<0.10'") from error
    return captum.attr


def _asked(game: Game, method: str) -> list[float]:
    """Return the values of a method that only asks what players are worth."""
    attr, players = _captum(), len(game.players)
    there = torch.ones(1, players, dtype=torch.float64)
    if method == OCCLUSION:
        found = attr.FeatureAblation(game.forward).attribute(there, perturbations_per_eval=max(1, players))
    elif players <= _EXACT:
        found = attr.ShapleyValues(game.forward).attribute(there)
    else:
        found = attr.ShapleyValueSampling(game.forward).attribute(there, n_samples=_SAMPLES, perturbations_per_eval=1)
    values: list[float] = found[0].tolist()
    return values


def _integrated_gradients(target: Target) -> tuple[list[float], float]:
    """Return the values of the characters, and the logarithm of the probability where the path begins."""
    attr, system = _captum(), target.system
    with looking_into():
        batch = target.batch()
        tables = system.embeddings
        inputs, baselines = _looked_up(system, batch), _looked_up(system, without_text(target, batch))

        def forward(*vectors: Tensor) -> Tensor:
            with _given(tables, vectors):
                return target.log_probability(repeated(batch, len(vectors[0])))

        found = attr.IntegratedGradients(forward, multiply_by_inputs=True).attribute(
            inputs, baselines, n_steps=STEPS, internal_batch_size=_TOGETHER
        )
        empty = float(forward(*baselines).detach()[0])
        shares = [
            system.on_characters(batch, table, values.detach().double().sum(-1))
            for table, values in zip(tables, found, strict=True)
        ]
    values: list[float] = torch.stack(shares).sum(0)[0].tolist()
    return values, empty


def _looked_up(system: System, batch: Batch) -> tuple[Tensor, ...]:
    """Return the vectors that each table gives for a batch."""
    kept: dict[nn.Module, Tensor] = {}

    def keep(table: nn.Module, arguments: Any, vectors: Tensor) -> None:
        kept[table] = vectors.detach().clone()

    with ExitStack() as hooks, torch.no_grad():
        for table in system.embeddings:
            hooks.callback(table.register_forward_hook(keep).remove)
        system(replace(batch, tags=None, possible=None))
    return tuple(kept[table] for table in system.embeddings)


@contextmanager
def _given(tables: Sequence[nn.Module], vectors: Sequence[Tensor]) -> Iterator[None]:
    """Have tables give certain vectors, whatever is looked up."""

    def giving(own: Tensor) -> Any:
        return lambda table, arguments, looked_up: own

    with ExitStack() as hooks:
        for table, own in zip(tables, vectors, strict=True):
            hooks.callback(table.register_forward_hook(giving(own)).remove)
        yield
