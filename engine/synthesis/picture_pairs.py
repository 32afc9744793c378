"""Which pictures a post is given: pictures of kinds that fit the types of its entities, unrelated ones, or some of both.

A post with pictures is as CMNER has it: from one to nine here, 3.67 on average (Ji et al. 2024, Table 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.document import Document
from engine.errors import ConfigError, InputError
from engine.synthesis.picture_pool import Kinds, Picture, Shelf
from engine.variants import DRAWN, RELATED, TEXT, UNRELATED

PARTLY, NONE = "partly", "none"
PAIRINGS = (RELATED, PARTLY, UNRELATED)
WAYS = (DRAWN, RELATED, UNRELATED, TEXT)
"""What a held-out post is shown with: what was drawn for it, fitting pictures alone, unrelated ones alone, none."""
CORPUS, TRAIN, DEV = "corpus.jsonl", "train.jsonl", "dev.jsonl"
MOST = 9
"""Pictures that a post is given; as many as are seen at once on Weibo."""
MEAN = 3.67


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides which pictures a post is given.

    Attributes:
        share_partly: the share of posts that some of the pictures fit.
        share_unrelated: the share that none of the pictures fits; all pictures fit the rest.
        seed: of everything drawn.
        mean: how many pictures a post has, on average.
        share_held: the share of all pictures that only held-out posts are given, if there are any.
    """

    share_partly: float = 0.25
    share_unrelated: float = 0.25
    seed: int = 0
    mean: float = MEAN
    share_held: float = 0.25

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ConfigError: if the shares are not shares, or a post would have less than one picture or more than nine.
        """
        if not (self.share_partly >= 0 and self.share_unrelated >= 0 and self.share_partly + self.share_unrelated <= 1):
            given = f"{self.share_partly} and {self.share_unrelated}"
            raise ConfigError(
                f"the shares of partly related and of unrelated posts are {given}; give two from 0 on that make at most 1"
            )
        if not 1 <= self.mean <= MOST:
            raise ConfigError(f"--mean: expected 1 to {MOST} pictures, got {self.mean}")
        if not 0 < self.share_held < 1:
            raise ConfigError(f"--share-held: expected a share between 0 and 1, got {self.share_held}")

    def drawn_pairing(self, generator: np.random.Generator) -> str:
        """Draw how the pictures of one post are to fit."""
        chance = generator.random()
        if chance < self.share_unrelated:
            return UNRELATED
        return PARTLY if chance < self.share_unrelated + self.share_partly else RELATED

    def drawn_count(self, generator: np.random.Generator) -> int:
        """Draw how many pictures one post is given: one, and up to eight more, binomially."""
        return 1 + int(generator.binomial(MOST - 1, (self.mean - 1) / (MOST - 1)))


@dataclass(frozen=True, slots=True)
class Pairing:
    """What was drawn for one post.

    Attributes:
        fitting: pictures that fit it; none if no kind of picture fits an entity of it.
        unrelated: as many that do not.
        fits: of each place, whether the fitting picture was drawn for it, or the unrelated one.
    """

    fitting: tuple[Picture, ...]
    unrelated: tuple[Picture, ...]
    fits: tuple[bool, ...]

    def shown(self, how: str = DRAWN) -> tuple[tuple[Picture, ...], tuple[bool, ...]]:
        """Return the pictures that the post is shown with, and whether each of them fits it.

        Args:
            how: of :data:`WAYS`.
        """
        if how == TEXT:
            return (), ()
        fits = self.fits if how == DRAWN else (how == RELATED,) * len(self.fits)
        chosen = [self.fitting[i] if fit else self.unrelated[i] for i, fit in enumerate(fits)]
        return tuple(chosen), fits


def pairing_of(document: Document, shelves: Mapping[str, Shelf], kinds: Kinds, plan: Plan) -> Pairing:
    """Draw the pictures of a post; the seed, its name, its text, the types of its entities and the pictures decide.

    Args:
        document: the post.
        shelves: the pictures by what they fit, of each at least :data:`MOST`.
        kinds: what fits what.
        plan: what decides.
    """
    generator = np.random.default_rng(list(digest(f"{plan.seed}\0{document.id}\0{document.text}")))
    pairing, count = plan.drawn_pairing(generator), plan.drawn_count(generator)
    if pairing == PARTLY:
        count = max(count, 2)
    unrelated = tuple(shelves[UNRELATED].drawn(count, generator))
    types = [name for name in types_of(document, kinds) if name in shelves]
    if not types:
        return Pairing((), unrelated, (False,) * count)
    turns = [types[i] for i in generator.permutation(len(types))]
    drawn = {name: shelves[name].drawn(len(range(turn, count, len(turns))), generator) for turn, name in enumerate(turns)}
    fitting = tuple(drawn[turns[i % len(turns)]][i // len(turns)] for i in range(count))
    fit = {RELATED: count, UNRELATED: 0}.get(pairing)
    if fit is None:
        fit = int(generator.integers(1, count))
    chosen = set(generator.permutation(count)[:fit].tolist())
    return Pairing(fitting, unrelated, tuple(i in chosen for i in range(count)))


def types_of(document: Document, kinds: Kinds) -> list[str]:
    """Return the types of a post's entities that have kinds of pictures, sorted."""
    return sorted({found for label in {span.label for span in document.spans} if (found := kinds.type_of(label))})


@dataclass(frozen=True, slots=True)
class PicturedPost:
    """A post as it stands in a corpus.

    Attributes:
        document: the post, without pictures.
        part: file of the corpus.
        pictures: what it is shown with.
        fits: whether each of them fits it.
        shown: of :data:`WAYS` where it is held out; else ``drawn``.
    """

    document: Document
    part: str
    pictures: tuple[Picture, ...]
    fits: tuple[bool, ...]
    shown: str = DRAWN

    @property
    def pairing(self) -> str:
        """Return how its pictures fit it, of :data:`PAIRINGS`, or ``none``."""
        if not self.fits:
            return NONE
        return RELATED if all(self.fits) else PARTLY if any(self.fits) else UNRELATED


def parts_of(documents: Sequence[Document], hold_out: int | None, seed: int) -> dict[str, Sequence[Document]]:
    """Return the documents by the file of the corpus that they are to stand in.

    Args:
        documents: the corpus.
        hold_out: how many documents are drawn for a dev part; there is none if absent.
        seed: of the draw.

    Raises:
        ConfigError: if the number is less than 1.
        InputError: if nothing would be left.
    """
    if hold_out is None:
        return {CORPUS: documents}
    if hold_out < 1:
        raise ConfigError(f"--hold-out: expected a number from 1 on, got {hold_out}")
    if hold_out >= len(documents):
        raise InputError(f"--hold-out: {hold_out} of {len(documents)} documents leave nothing to learn from; hold out fewer")
    generator = np.random.default_rng(list(digest(f"{seed}\0hold-out")))
    held = set(generator.permutation(len(documents))[:hold_out].tolist())
    return {
        TRAIN: [document for i, document in enumerate(documents) if i not in held],
        DEV: [document for i, document in enumerate(documents) if i in held],
    }


def pictured(
    part: str, documents: Sequence[Document], shelves: Mapping[str, Shelf], kinds: Kinds, plan: Plan
) -> list[PicturedPost]:
    """Return the posts of one part of a corpus with their pictures; those of a dev part in each way to show them.

    Raises:
        InputError: if a held-out document has the name that another would be given.
    """
    pairings = [pairing_of(document, shelves, kinds, plan) for document in documents]
    if part == DEV:
        _check_names(documents)
    posts = []
    for how in WAYS if part == DEV else (DRAWN,):
        for document, pairing in zip(documents, pairings, strict=True):
            if how != RELATED or pairing.fitting:
                posts.append(PicturedPost(replace(document, id=_suffixed(document.id, how)), part, *pairing.shown(how), how))
    return posts


def digest(text: str) -> bytes:
    """Return the SHA-256 of a text, whatever is in it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _suffixed(name: str, how: str) -> str:
    return name if how == DRAWN else f"{name}.{how}"


def _check_names(documents: Iterable[Document]) -> None:
    taken = {document.id for document in documents}
    for name in taken:
        for other in (_suffixed(name, how) for how in WAYS if how != DRAWN):
            if other in taken:
                raise InputError(f"{name} would be called {other} too, as another held-out document is; rename that")
