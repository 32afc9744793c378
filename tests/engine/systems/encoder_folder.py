"""A pre-trained encoder as people download it, with random weights: a folder of the BERT kind, made here."""

from __future__ import annotations

import torch
from transformers import BertConfig, BertModel, BertTokenizer

SPECIAL = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LATIN = [*"abcdefghijklmnopqrstuvwxyz0123456789", "。", "，", "##ing", "the"]


def write_encoder(folder, *, han=1200, dtype=torch.float32):
    """Save configuration, weights and vocabulary, and return the folder."""
    tokens = [*SPECIAL, *LATIN, *(chr(0x4E00 + i) for i in range(han))]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    model = BertModel(BertConfig(vocab_size=len(tokens), max_position_embeddings=64, **sizes))
    model.to(dtype).save_pretrained(folder)
    return folder
