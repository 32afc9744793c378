"""Speech on the Analyse page: where it comes from (a file, a microphone), and what the answer owes to it."""

from workbench.speech_panel.answer import SpeechAnswer, wire_comparison
from workbench.speech_panel.comparison import WAYS
from workbench.speech_panel.source import SpeechSource, wire

__all__ = ["WAYS", "SpeechAnswer", "SpeechSource", "wire", "wire_comparison"]
