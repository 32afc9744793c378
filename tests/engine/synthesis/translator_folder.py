"""Translation models as people download them, with random weights: they translate into rubbish, in the shape of the real ones."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    NllbTokenizer,
    PreTrainedTokenizerFast,
)

SIZES = {
    **{"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2},
    **{"encoder_ffn_dim": 32, "decoder_ffn_dim": 32},
}
WORDS = [*"▁abcdefghijklmnopqrstuvwxyzSPAN0123456789.,北京柏林在", "en", "zh"]


def write_nllb(folder, longest=24):
    """Save a model for many languages, told which by codes like NLLB's, and return the folder."""
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *dict.fromkeys(WORDS)]
    tokenizer = NllbTokenizer(
        vocab={token: i for i, token in enumerate(tokens)}, merges=[], additional_special_tokens=["eng_Latn", "zho_Hans"]
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    marks = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2}
    config = M2M100Config(vocab_size=len(tokenizer), max_position_embeddings=longest, **SIZES, **marks)
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def write_marian(folder):
    """Save a model for one pair of languages, without codes, and return the folder."""
    tokens = {token: i for i, token in enumerate(["</s>", "<unk>", "<pad>", *dict.fromkeys(WORDS)])}
    made = Tokenizer(models.BPE(vocab=tokens, merges=[], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 0)])
    names = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=512, **names).save_pretrained(folder)
    torch.manual_seed(1)
    marks = {"pad_token_id": 2, "eos_token_id": 0, "decoder_start_token_id": 2, "forced_eos_token_id": 0}
    config = MarianConfig(vocab_size=len(tokens), max_position_embeddings=32, **SIZES, **marks)
    MarianMTModel(config).save_pretrained(folder)
    return folder
