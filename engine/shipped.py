"""Where the checkpoints and encoders that ship lie, and which checkpoint answers unless another is named."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).resolve().parent.parent / "checkpoints"
DEFAULT = "zh-general"
