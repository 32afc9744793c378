"""What a study is asked for by: models, given all that they make use of or less, and documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo

MOST_MODELS = 4
DIGITS = 12
"""Of a checkpoint's digest, as they stand in an address."""
_WRITTEN = {ord(sign): quote(sign, safe="") for sign in "%@,+"} | {ord("~"): "%7E"}


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint, given all that it makes use of or less.

    Attributes:
        name: of the checkpoint.
        digest: how that of its weights begins; empty for whatever has the name.
        without: the modalities that are kept from it.
    """

    name: str
    digest: str = ""
    without: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return what it is asked for by, and what stands in an address: ``mpm-cner@1f0c…~glyph+phonetic``."""
        digest, without = f"@{self.digest}" if self.digest else "", f"~{'+'.join(self.without)}" if self.without else ""
        return f"{self.name.translate(_WRITTEN)}{digest}{without}"

    @classmethod
    def of(cls, key: str) -> Model:
        """Read a key."""
        rest, _, without = key.partition("~")
        name, _, digest = rest.partition("@")
        return cls(unquote(name), digest, tuple(part for part in without.split("+") if part))


@dataclass(frozen=True, slots=True)
class Question:
    """What is studied.

    Attributes:
        data: key of the documents, see :class:`workbench.studies.data.Data`.
        models: that read them.
        mapping: what each annotated type is taken for, the empty string to leave it out; types that are not named stay.
        training: key of what the models learned from, see :class:`workbench.studies.training.Training`; empty where nobody says.
    """

    data: str
    models: tuple[Model, ...]
    mapping: tuple[tuple[str, str], ...] = ()
    training: str = ""


def variants(info: CheckpointInfo) -> Iterable[Model]:
    """Yield a checkpoint with all that it makes use of, then without each thing that it can do without, and without them all."""
    from engine.evaluation.reading import optional_modalities

    model = Model(info.name, info.digest[:DIGITS])
    yield model
    try:
        spared = optional_modalities(info)
    except EngineError:  # told when it is chosen
        return
    for name in spared:
        yield replace(model, without=(name,))
    if len(spared) > 1:
        yield replace(model, without=spared)
