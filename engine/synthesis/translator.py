"""Translation models of transformers, by hub name or folder: Marian (opus-mt), M2M100, NLLB, mBART and others of their kind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from engine.errors import ConfigError

BEAMS = 4
_BATCH = 16
_LONGEST = 512
_STEP = 16
_CODES: Mapping[str, tuple[str, ...]] = {
    "zh": ("zh_CN", "zho_Hans", "cmn_Hans", "zho", "cmn"),
    "en": ("en_XX", "eng_Latn", "eng"),
}
"""What the two languages are called elsewhere: mBART, NLLB, opus-mt."""
_SHOWN = 12


class PretrainedTranslator:
    """A sequence-to-sequence model that translates from one language to another, always alike: the best of some beams."""

    def __init__(self, name: str, source: str, target: str, *, beams: int = BEAMS, device: str = "") -> None:
        """Load a model; only safetensors are read, and no code that comes with it is run.

        Args:
            name: of the hub, or a folder.
            source: code of the language of the texts, as the model has it; ``zh`` and ``en`` do for all.
            target: code of the language to translate to.
            beams: of the search; 1 is the fastest.
            device: of torch; a GPU where there is one if empty.

        Raises:
            ConfigError: if it cannot be loaded, or does not know a language, with what to do.
        """
        if beams < 1:
            raise ConfigError(f"--beams: expected a number from 1 on, got {beams}")
        self.name, self.source, self.target, self.beams = name, source, target, beams
        self.tokenizer, self.model = _load(name)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model.to(self.device).eval()
        self._prefix, self._settings = "", {}
        if hasattr(self.tokenizer, "src_lang"):  # one model for many languages: M2M100, NLLB, mBART
            self.tokenizer.src_lang = _language(self.tokenizer, name, source)[0]
            self._settings["forced_bos_token_id"] = _language(self.tokenizer, name, target)[1]
        elif codes := getattr(self.tokenizer, "supported_language_codes", []):  # a Marian model for several target languages
            self._prefix = f"{_mark(codes, name, target)} "

    @property
    def described(self) -> Mapping[str, Any]:
        """Return all that determines a translation."""
        return {
            "translator": self.name,
            "type": self.model.config.model_type,
            "weights": _weights(self.name) or getattr(self.model.config, "_commit_hash", None) or "",
            "from": self.source,
            "to": self.target,
            "beams": self.beams,
        }

    @property
    def longest(self) -> int:
        """Return how many tokens a text may have."""
        positions = getattr(self.model.config, "max_position_embeddings", None) or _LONGEST
        return int(min(positions, self.tokenizer.model_max_length))

    def translate(self, texts: Sequence[str]) -> list[str | None]:
        """Return a translation of each text; nothing of one that is longer than the model takes."""
        rows = [self.tokenizer(self._prefix + text)["input_ids"] for text in texts]
        found: list[str | None] = [None] * len(texts)
        fitting = sorted((i for i, row in enumerate(rows) if len(row) <= self.longest), key=lambda i: len(rows[i]))
        for steps, group in groupby(fitting, key=lambda i: -(-len(rows[i]) // _STEP)):  # as long as a text, whatever its batch
            alike = list(group)
            for start in range(0, len(alike), _BATCH):
                chosen = alike[start : start + _BATCH]
                for i, text in zip(chosen, self._generated([rows[i] for i in chosen], 2 * _STEP * steps), strict=True):
                    found[i] = text
        return found

    @torch.no_grad()
    def _generated(self, rows: Sequence[Sequence[int]], most: int) -> list[str]:
        width = max(map(len, rows))
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=self.device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=self.device)
        made = self.model.generate(
            input_ids=ids,
            attention_mask=mask,
            num_beams=self.beams,
            do_sample=False,
            max_length=None,
            max_new_tokens=min(self.longest - 1, most),
            **self._settings,
        )
        texts: list[str] = self.tokenizer.batch_decode(made, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return texts


def _load(name: str) -> tuple[Any, Any]:
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        model = AutoModelForSeq2SeqLM.from_pretrained(name, dtype=torch.float32, use_safetensors=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise ConfigError(
            f"the translator {name!r} cannot be loaded ({_reason(error)}); give a local folder of a translation model of "
            "transformers with safetensors weights, or a hub name while the hub is reachable"
        ) from error
    if tokenizer.pad_token_id is None:
        raise ConfigError(f"the translator {name!r} has no token for padding; give one of the Marian, M2M100, NLLB or mBART kind")
    return tokenizer, model


def _reason(error: BaseException) -> str:
    if "sentencepiece" in str(error).lower():
        return "its tokenizer needs SentencePiece: pip install sentencepiece"
    return str(error).strip().partition("\n")[0]


def _language(tokenizer: Any, name: str, wanted: str) -> tuple[str, int]:
    """Return what a model calls a language, and the token that stands for it.

    Raises:
        ConfigError: if it does not know the language.
    """
    special = set(tokenizer.all_special_tokens) | set(tokenizer.get_added_vocab())  # "en" may be a piece of a word, too
    for code in (wanted, *_CODES.get(wanted, ())):
        for token in (code, f"__{code}__"):
            if token in special:
                return code, int(tokenizer.convert_tokens_to_ids(token))
    known = sorted(token.strip("_") for token in special if re.fullmatch(r"_*[a-z]{2,3}(_[A-Za-z]{2,4})?_*", token))
    raise ConfigError(f"the translator {name!r} knows no language {wanted!r}; it knows {_few(known)}")


def _mark(codes: Sequence[str], name: str, wanted: str) -> str:
    """Return the mark that a Marian model for several languages wants before a text.

    Raises:
        ConfigError: if it does not know the language.
    """
    for code in (wanted, *_CODES.get(wanted, ())):
        if f">>{code}<<" in codes:
            return f">>{code}<<"
    raise ConfigError(f"the translator {name!r} knows no language {wanted!r}; it knows {_few([c.strip('<>') for c in codes])}")


def _few(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else ""
    return f"{', '.join(codes[:_SHOWN])}{more}" if codes else "none by a token of its own"


def _weights(name: str) -> str:
    """Return a digest of a folder's weights; empty for a name of the hub."""
    files = sorted(Path(name).glob("*.safetensors")) if Path(name).is_dir() else []
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as handle:
            while part := handle.read(1 << 20):
                digest.update(part)
    return digest.hexdigest() if files else ""
