"""What a system declares and does.

The declaration is data: the workbench draws its forms and panels from it, the command line its options, a checkpoint its
``config.json``. Adding a system is one file in this folder, one line in ``engine/systems/__init__.py``, and one test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_type_hints

from torch import Tensor, nn

from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError, InputError
from engine.evidence import Evidence
from engine.modalities.text import CharacterVocabulary, TextFeatures
from engine.tags import FLAT, Scheme

if TYPE_CHECKING:
    from engine.layers.vector_table import VectorTable

SCHEME = Scheme.BIOES
"""The scheme in which models are trained; files may use any."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a system or of training.

    Attributes:
        name: of the field.
        type: ``int``, ``float``, ``bool`` or ``str``.
        default: value where none is given.
        minimum: smallest value, if bounded.
        maximum: largest value, if bounded.
        choices: the only values, if any are listed.
        help: key of the explanation in the interface's texts.
        structural: whether it shapes the weights, so that a trained model cannot change it any more.
        retraining: its value in a retraining, where that is not the one the model was trained with.
    """

    name: str
    type: type
    default: Any
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    help: str
    structural: bool = False
    retraining: Any = None

    def check(self, value: Any) -> Any:
        """Return the value as the option's type.

        Raises:
            ConfigError: if it cannot be, or is out of bounds.
        """
        wanted = self.type.__name__
        try:
            typed = self._parse(value)
        except (OverflowError, TypeError, ValueError):
            raise ConfigError(f"{self.name}: expected {wanted}, got {value!r}") from None
        if self.choices and typed not in self.choices:
            raise ConfigError(f"{self.name}: expected one of {', '.join(self.choices)}, got {value!r}")
        low, high = self.minimum, self.maximum
        if (low is not None and not typed >= low) or (high is not None and not typed <= high):
            raise ConfigError(f"{self.name}: expected {wanted} from {low} to {high}, got {value!r}")
        return typed

    def _parse(self, value: Any) -> Any:
        if self.type is bool:
            if str(value).lower() not in ("true", "false", "1", "0", "yes", "no"):
                raise ValueError(value)
            return str(value).lower() in ("true", "1", "yes")
        if self.type is int and float(value) != int(float(value)):
            raise ValueError(value)
        return int(float(value)) if self.type is int else self.type(value)


def option(
    default: Any,
    *,
    help: str,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
    structural: bool = False,
    retraining: Any = None,
) -> Any:
    """Declare one option as a dataclass field."""
    declared = {
        "minimum": minimum,
        "maximum": maximum,
        "choices": tuple(choices),
        "help": help,
        "structural": structural,
        "retraining": retraining,
    }
    return field(default=default, metadata=declared)


@dataclass(frozen=True)
class Options:
    """Base of every set of options: checks each value when made.

    Raises:
        ConfigError: on construction, if a value cannot be.
    """

    def __post_init__(self) -> None:
        """Replace each value by the checked one."""
        for declared in options(type(self)):
            object.__setattr__(self, declared.name, declared.check(getattr(self, declared.name)))

    def to_json(self) -> dict[str, Any]:
        """Return the options as plain values."""
        return asdict(self)


SystemConfig = Options


def options(config: type[Options]) -> tuple[Option, ...]:
    """List a configuration's options in order; forms, command line and JSON derive from this."""
    hints = get_type_hints(config)
    return tuple(
        Option(name=f.name, type=hints[f.name], default=f.default, **f.metadata)
        for f in fields(config)
        if f.default is not MISSING
    )


def from_json(config: type[Any], values: Mapping[str, Any]) -> Any:
    """Make a configuration from plain values.

    Raises:
        ConfigError: for an option that there is not, or a value that cannot be.
    """
    known = {declared.name for declared in options(config)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(f"there is no option {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return config(**values)


@dataclass(frozen=True, slots=True)
class Modality:
    """A modality that a system consumes."""

    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a system comes from, and where this implementation differs."""

    title: str
    year: int
    differs: str = ""


@dataclass(frozen=True)
class Batch:
    """Documents as tensors.

    Attributes:
        documents: B documents.
        text: their characters.
        tags: gold tags ``[B, T]`` (0 under the padding), or none.
        possible: which tags each position may have ``[B, T, K]``; none if the documents are annotated in full.
        features: what a system takes from the documents beside the text, by name, with a row for each document.
    """

    documents: tuple[Document, ...]
    text: TextFeatures
    tags: Tensor | None
    possible: Tensor | None = None
    features: Mapping[str, Tensor] = field(default_factory=dict)

    def to(self, device: Any) -> Batch:
        """Return the batch on a device."""
        tags, possible = (None if tensor is None else tensor.to(device) for tensor in (self.tags, self.possible))
        features = {name: tensor.to(device) for name, tensor in self.features.items()}
        return Batch(self.documents, self.text.to(device), tags, possible, features)


@dataclass(frozen=True)
class Output:
    """What a forward pass gives: the loss (none without gold tags) and emissions ``[B, T, K]``."""

    loss: Tensor | None
    emissions: Tensor


@dataclass(frozen=True, eq=False)
class Reading:
    """One reading of a whole text.

    Attributes:
        tags: index of each character's tag.
        spans: what they say.
        log_probability: of the reading, at most 0.
    """

    tags: tuple[int, ...]
    spans: tuple[Span, ...]
    log_probability: float


@dataclass(frozen=True, eq=False)
class Belief:
    """What a system believes of one text, before it is made an answer.

    Attributes:
        tags: the probability of each tag at each character, ``[T, K]``.
        readings: the most probable ones, best first, as many as were asked for and there are.
    """

    tags: Tensor
    readings: tuple[Reading, ...]


class System(nn.Module, ABC):
    """Base of every system: the declaration, and the four verbs that the rest of the house uses."""

    name: ClassVar[str]
    modalities: ClassVar[tuple[Modality, ...]]
    emits: ClassVar[tuple[str, ...]]
    nested: ClassVar[bool]
    paper: ClassVar[Paper]
    Config: ClassVar[type[Options]]

    config: Any
    vocabulary: CharacterVocabulary
    labels: LabelSet

    @classmethod
    @abstractmethod
    def build(cls, config: Options, labels: LabelSet, texts: Iterable[str]) -> System:
        """Make an untrained system whose vocabulary comes from the texts, or from its pre-trained encoder."""

    @classmethod
    @abstractmethod
    def restore(cls, config: Options, labels: LabelSet, vocabulary: CharacterVocabulary, shape: Mapping[str, Any]) -> System:
        """Make a system of a checkpoint's shape, whose weights are loaded next."""

    @classmethod
    def uses(cls, config: Any, modality: str) -> bool:
        """Tell whether a configuration makes use of a modality; by default of all that the system declares."""
        return any(declared.name == modality for declared in cls.modalities)

    @property
    def shape(self) -> dict[str, Any]:
        """Return what, beside the configuration, determines the shape of the weights."""
        return {}

    @property
    def structure(self) -> str:
        """Return what spans this configuration finds, ``flat`` or ``nested``; by default flat."""
        return FLAT

    @property
    @abstractmethod
    def window(self) -> int:
        """Return the most characters that one forward pass should see."""

    @property
    def evidence_names(self) -> tuple[str, ...]:
        """Return the evidence that this configuration gives: what the system declares, unless a switch turns some of it off."""
        return self.emits

    @property
    def optional_modalities(self) -> tuple[str, ...]:
        """Return the modalities that this configuration makes use of and can do without, in the order of the declaration."""
        return tuple(m.name for m in self.modalities if m.optional and self.uses(self.config, m.name))

    @property
    @abstractmethod
    def tag_names(self) -> tuple[str, ...]:
        """Return the names of the K tags."""

    @property
    def vector_tables(self) -> Mapping[str, VectorTable]:
        """Return the tables of fixed vectors that characters are looked up in, by modality; by default there are none."""
        return {}

    def looked_at(self, document: Document) -> tuple[str, ...]:
        """Return the pictures of a document that this configuration looks at, in the order of its evidence; by default none."""
        return ()

    @abstractmethod
    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return the parameters by learning rate: ``encoder``, ``head`` and, where pictures have encoders, ``pictures``."""

    def prepare(self, documents: Sequence[Document]) -> None:
        """Take from the training documents what is computed before training, not learned in it; by default nothing."""

    def remember_in(self, folder: Path) -> None:
        """Keep in a folder what is costly to compute of a document, for other processes that train; by default nothing is."""

    @abstractmethod
    def adopt(self, other: System) -> None:
        """Take over the weights of a system of the same kind that knows fewer labels."""

    @abstractmethod
    def collate(self, documents: Sequence[Document]) -> Batch:
        """Turn documents into tensors, their annotations into tags."""

    @abstractmethod
    def forward(self, batch: Batch) -> Output:
        """Return loss and emissions."""

    @abstractmethod
    def decode(self, batch: Batch) -> list[list[Span]]:
        """Return each document's spans with confidence."""

    @abstractmethod
    def believe(self, batch: Batch, readings: int = 1) -> list[Belief]:
        """Return the probability of each tag of each document's characters, and its most probable readings."""

    @abstractmethod
    def represent(self, batch: Batch) -> Tensor:
        """Return a vector for each character as it stands in its document, all modalities considered, ``[B, T, H]``."""

    @abstractmethod
    def log_probability(self, batch: Batch, span: Span) -> Tensor:
        """Return the logarithm of the probability of a span in each document, ``[B]``; gradients flow through it.

        It is that of the confidence which :meth:`decode` gives: whatever lies around the span or in it.

        Args:
            batch: documents that all have the span's characters.
            span: of one of the system's labels.
        """

    @property
    @abstractmethod
    def embeddings(self) -> tuple[nn.Embedding, ...]:
        """Return the tables in which characters are looked up: all that is known of the text goes through them."""

    def on_characters(self, batch: Batch, table: nn.Embedding, values: Tensor) -> Tensor:
        """Give each character its share of what the vectors of a table have been given, ``[B, L] -> [B, T]``; sums stay.

        Args:
            batch: that was looked up.
            table: one of :attr:`embeddings`.
            values: for each vector that it gave; by default these are the characters'.
        """
        return values

    def without(self, batch: Batch, modality: str) -> Batch:
        """Return a batch with one of the optional modalities masked in every document; there are none by default.

        Raises:
            InputError: if the system cannot do without it, or does not make use of it.
        """
        able = ", ".join(self.optional_modalities) or "none"
        raise InputError(f"{self.name} cannot leave out {modality!r}; it can leave out: {able}")

    @abstractmethod
    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Return each document's evidence, aligned to its characters."""
