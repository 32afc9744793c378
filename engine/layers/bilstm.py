"""A bidirectional LSTM that does not see the padding (Graves and Schmidhuber 2005)."""

from __future__ import annotations

from torch import Tensor, nn


class BiLSTM(nn.Module):
    """A bidirectional LSTM that does not see the padding: ``[B, T, D] -> [B, T, 2 * hidden]``."""

    def __init__(self, width: int, hidden: int, layers: int = 1, dropout: float = 0.0) -> None:
        """Make the parameters."""
        super().__init__()
        self.lstm = nn.LSTM(width, hidden, layers, batch_first=True, bidirectional=True, dropout=dropout if layers > 1 else 0.0)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Encode; an empty row counts as one padded position."""
        lengths = mask.sum(1).clamp(min=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        hidden, _ = self.lstm(packed)
        unpacked, _ = nn.utils.rnn.pad_packed_sequence(hidden, batch_first=True, total_length=mask.shape[1])
        return unpacked
