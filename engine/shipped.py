"""Where the checkpoints and encoders that ship lie."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).resolve().parent.parent / "checkpoints"
