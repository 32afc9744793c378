"""The smallest system worth testing with, and what it was taught."""

from __future__ import annotations

import torch

from engine import samples
from engine.document import LabelSet
from engine.systems.bilstm_crf import BilstmCrf, BilstmCrfConfig
from engine.training import TrainingConfig, fit

OPTIONS = {"width": 32, "hidden": 32, "bigrams": 512, "bigram_width": 16, "dropout": 0.2, "window": 32}
CARD = {"data": "our own samples", "licence": "Apache-2.0"}


def known(documents=24):
    """Return what the tiny system was taught."""
    return [document for document in samples.news() if document.spans][:documents]


def untrained(documents=None, **options):
    """Return a system with seeded random weights."""
    documents = known() if documents is None else documents
    torch.manual_seed(1)
    config = BilstmCrfConfig(**{**OPTIONS, **options})
    return BilstmCrf.build(config, LabelSet.of(documents), [document.text for document in documents] * 2)


def training(**options):
    """Return options of a short training."""
    chosen = {"epochs": 25, "batch_size": 8, "encoder_rate": 0.01, "head_rate": 0.01, "patience": 25, "precision": "fp32"}
    return TrainingConfig(**{**chosen, **options})


def trained_system():
    """Return the tiny system."""
    system = untrained()
    fit(system, known(), known(), training())
    return system.eval()
