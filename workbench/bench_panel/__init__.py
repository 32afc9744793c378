"""The bench of one sentence: change it in small ways, see what its entities hang on, and what makes one of them probable."""

from workbench.bench_panel.bench import Bench, BenchState
from workbench.bench_panel.panel import lay_out

__all__ = ["Bench", "BenchState", "lay_out"]
