"""The systems of the literature, by name."""

from __future__ import annotations

from engine.errors import InputError
from engine.systems.acn import Acn
from engine.systems.bert_crf import BertCrf
from engine.systems.bilstm_crf import BilstmCrf
from engine.systems.class_attention import ClassAttentionTagger
from engine.systems.cma import Cma
from engine.systems.contract import System
from engine.systems.dghc import Dghc
from engine.systems.m3t import M3t
from engine.systems.mmi import Mmi
from engine.systems.mpm_cner import MpmCner
from engine.systems.umt import Umt

_ALL: tuple[type[System], ...] = (BilstmCrf, BertCrf, ClassAttentionTagger, MpmCner, Cma, Mmi, M3t, Acn, Umt, Dghc)
SYSTEMS: dict[str, type[System]] = {system.name: system for system in _ALL}


def get(name: str) -> type[System]:
    """Return a system by name.

    Raises:
        InputError: if there is none of that name.
    """
    if name not in SYSTEMS:
        raise InputError(f"there is no system {name!r}; choose one of {', '.join(SYSTEMS)}")
    return SYSTEMS[name]
