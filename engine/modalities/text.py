"""The text modality: one unit for each character, Latin letters and digits included.

A vocabulary is read off a corpus, or off the tokenizer of a pre-trained encoder, whose single-character tokens it keeps with
their own indices. Nothing is normalised in the document; lower-casing for an uncased encoder happens on the way to the index.

Where a vocabulary knows an encoder's word pieces too, what is written with letters is read as the encoder was trained to read it:
the first character of a piece has the piece's index, the others go on with it. Han characters stay one each.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.document import Document
from engine.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
EMOJI = "[EMOJI]"
"""The token that stands for every emoji, in vocabularies that have it."""
FILE = "vocab.json"
_CONTINUING = "##"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"(?:(?![{_HAN}_])[\w\u0300-\u036f])+")
"""What may have pieces: letters, digits and their marks, Han characters aside."""
_PIECE = re.compile(rf"(?:{_CONTINUING})?{_WORD.pattern}")
_LONGEST_WORD = 100
_FEW_PIECES = 100
_EMOJI = re.compile("[\u200d\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f]")


@dataclass(frozen=True)
class CharacterVocabulary:
    """Characters and their indices.

    Attributes:
        indices: from character to index.
        size: rows of the embedding table, which may exceed the characters known here.
        pad: index of padding.
        unknown: index of every character not in ``indices``.
        begin: index put before a sentence.
        end: index put behind a sentence.
        lowercase: whether characters are lower-cased before the look-up.
        emoji: index of every emoji not in ``indices``; that of the unknown character if there is none.
        pieces: from word piece to index, ``##`` before one that goes on with a word; ``None`` where characters alone are read.
    """

    indices: Mapping[str, int]
    size: int
    pad: int = 0
    unknown: int = 1
    begin: int = 2
    end: int = 3
    lowercase: bool = False
    emoji: int | None = None
    pieces: Mapping[str, int] | None = None

    @classmethod
    def of(cls, texts: Iterable[str], at_least: int = 2) -> CharacterVocabulary:
        """Collect the characters that occur ``at_least`` times, the most frequent first."""
        counts = Counter(character for text in texts for character in text)
        kept = sorted((c for c, n in counts.items() if n >= at_least), key=lambda c: (-counts[c], c))
        return cls({c: i for i, c in enumerate(kept, start=len(SPECIAL))}, len(kept) + len(SPECIAL))

    @classmethod
    def of_tokenizer(cls, tokenizer: PreTrainedTokenizerBase, pieces: bool = False) -> CharacterVocabulary:
        """Keep the single-character tokens of a pre-trained encoder's tokenizer, under their own indices.

        Args:
            tokenizer: of the encoder.
            pieces: whether to keep its word pieces too.

        Raises:
            ConfigError: if the tokenizer lacks a special token, hardly knows a single Chinese character, or has no word pieces
                although they are wanted.
        """
        special = (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id)
        if any(index is None for index in special):
            raise ConfigError(
                f"{tokenizer.name_or_path}: the tokenizer lacks one of pad, unknown, cls, sep; use an encoder of the BERT kind"
            )
        indices = {token: index for token, index in tokenizer.get_vocab().items() if len(token) == 1}
        if sum("\u4e00" <= token <= "\u9fff" for token in indices) < 1000:
            raise ConfigError(
                f"{tokenizer.name_or_path}: fewer than 1,000 Chinese characters are tokens of their own; "
                "use an encoder with a character vocabulary"
            )
        known = tokenizer.get_vocab()
        found = _pieces(tokenizer) if pieces else None
        size = 1 + max(known.values())
        return cls(indices, size, *special, lowercase="A" not in indices, emoji=known.get(EMOJI), pieces=found)

    @property
    def continues(self) -> int:
        """Return what stands for a character that goes on with the piece of the one before; no character has this index."""
        return self.size

    def encode(self, text: str) -> list[int]:
        """Return one index for each character.

        One not known is looked up in its compatibility form, ``Ａ`` as ``A``, then without its marks, ``é`` as ``e``. With pieces
        the first character of each has its index, and the others :attr:`continues`; a word that they cannot be put together to
        is read by its characters.
        """
        indices = self.indices
        found = [index if (index := indices.get(c)) is not None else self._look_up(c) for c in text]
        if self.pieces is not None:
            for word in _WORD.finditer(text):
                found[word.start() : word.end()] = self._cut(word[0]) or found[word.start() : word.end()]
        return found

    @cached_property
    def _cutter(self) -> Any:
        from tokenizers import models

        known = {**(self.pieces or {}), "[UNK]": self.unknown}
        return models.WordPiece(vocab=known, unk_token="[UNK]", max_input_chars_per_word=_LONGEST_WORD)

    def _cut(self, word: str) -> list[int]:
        """Return the index of each piece at its first character; nothing if the pieces do not make up the word."""
        forms = [_bare(character.lower()) if self.lowercase else character for character in word]
        owners = [i for i, form in enumerate(forms) for _ in form]
        tokens = self._cutter.tokenize("".join(forms)) if owners else []
        found, place = [self.continues] * len(word), 0
        for token in tokens:
            if token.id == self.unknown:
                return []
            if found[owners[place]] == self.continues:
                found[owners[place]] = token.id
            place += len(token.value.removeprefix(_CONTINUING))
        return found if found[0] != self.continues else []

    def _look_up(self, character: str) -> int:
        if self.emoji is not None and is_emoji(character):
            return self.emoji
        compatible = unicodedata.normalize("NFKC", character)
        for form in (character, compatible, _bare(compatible)):
            folded = form.lower() if self.lowercase else form
            if (index := self.indices.get(folded)) is not None:
                return index
        return self.unknown

    def save(self, folder: Path) -> None:
        """Write ``vocab.json`` into a folder."""
        rest = {name: getattr(self, name) for name in ("size", "pad", "unknown", "begin", "end", "lowercase", "emoji")}
        if self.pieces is not None:
            rest["pieces"] = dict(self.pieces)
        content = json.dumps({**rest, "indices": dict(self.indices)}, ensure_ascii=True, indent=0)
        (folder / FILE).write_text(content, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> CharacterVocabulary:
        """Read ``vocab.json`` from a folder.

        Raises:
            CheckpointError: if it is missing or damaged.
        """
        try:
            content: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            vocabulary = cls(**content)
            special = (vocabulary.pad, vocabulary.unknown, vocabulary.begin, vocabulary.end)
            known = (*vocabulary.indices.values(), *(vocabulary.pieces or {}).values())
            if not all(0 <= index < vocabulary.size for index in (*special, *known)):
                raise ValueError(f"an index is not below {vocabulary.size}")
            return vocabulary
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{folder / FILE} cannot be read ({error}); fetch the checkpoint again") from error


def _bare(character: str) -> str:
    """Return a character without its marks, ``é`` as ``e``; a mark by itself as nothing."""
    return "".join(part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part))


def _pieces(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """Return a tokenizer's word pieces.

    Raises:
        ConfigError: if it does not cut words into such.
    """
    from tokenizers import models

    model = getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)
    vocabulary = tokenizer.get_vocab() if isinstance(model, models.WordPiece) else {}
    found = {token: index for token, index in vocabulary.items() if _PIECE.fullmatch(token)}
    if sum(len(piece.removeprefix(_CONTINUING)) > 1 for piece in found) < _FEW_PIECES:
        raise ConfigError(
            f"pieces: {tokenizer.name_or_path} has no word pieces, it reads characters; leave pieces out, or name an encoder "
            "that has some, such as multilingual BERT"
        )
    return found


def is_emoji(character: str) -> bool:
    """Tell whether a character is an emoji, or one of the invisible ones that join and vary emoji."""
    return _EMOJI.match(character) is not None


def character_tokenizer(characters: Sequence[str]) -> PreTrainedTokenizerBase:
    """Make a transformers tokenizer with a token for each of the characters, which ``AutoTokenizer`` can load once saved."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = [*SPECIAL, EMOJI, *characters]
    indices = {token: index for index, token in enumerate(names)}
    made = Tokenizer(models.WordLevel(indices, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("(?m)."), "isolated")
    marks = [(token, indices[token]) for token in ("[CLS]", "[SEP]")]
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=marks
    )
    named = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    make: Any = PreTrainedTokenizerFast
    tokenizer: PreTrainedTokenizerBase = make(
        tokenizer_object=made, additional_special_tokens=[EMOJI], model_max_length=512, **named
    )
    return tokenizer


@dataclass(frozen=True)
class TextFeatures:
    """Characters as indices.

    Attributes:
        ids: ``[B, T]``, padded.
        mask: ``[B, T]``, true where there is a character.
    """

    ids: Tensor
    mask: Tensor

    def to(self, device: Any) -> TextFeatures:
        """Return the features on a device."""
        return TextFeatures(self.ids.to(device), self.mask.to(device))


def encode_text(documents: Sequence[Document], vocabulary: CharacterVocabulary) -> TextFeatures:
    """Turn documents into padded indices; an empty text takes one padded position, since no tensor has none."""
    rows = [vocabulary.encode(document.text) for document in documents]
    width = max(1, *(len(row) for row in rows))
    ids = torch.full((len(rows), width), vocabulary.pad)
    mask = torch.zeros(len(rows), width, dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[i, : len(row)] = True
    return TextFeatures(ids, mask)


def drop_characters(ids: Tensor, mask: Tensor, vocabulary: CharacterVocabulary, rate: float) -> Tensor:
    """Replace a share of the characters by the unknown one, so that a model learns from their context as well.

    Args:
        ids: ``[B, T]``.
        mask: ``[B, T]``.
        vocabulary: says which index is the unknown one.
        rate: share in [0, 1]; a word piece is dropped as a whole.
    """
    dropped = (torch.rand(ids.shape, device=ids.device) < rate) & mask
    if vocabulary.pieces is not None:
        dropped &= ids != vocabulary.continues
    return ids.masked_fill(dropped, vocabulary.unknown)
