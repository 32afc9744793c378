"""Every error the engine raises on purpose.

::

    EngineError                 something of ours went wrong; exit status 1
    ├── RunError                a training run failed or its folder is not what it should be
    └── InputError              what we were given cannot be used; exit status 2
        ├── DocumentError       a document or span contradicts itself
        ├── TagError            a tag is not of its scheme
        ├── FormatError         a file has malformed lines; carries every one as a Problem
        ├── ConfigError         an option has a value that it cannot have
        └── CheckpointError     a checkpoint is missing, damaged, unsafe or of another version

A message says what happened, with the value, and what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class EngineError(Exception):
    """Root of the tree; raised itself only for failures of the engine's own."""


class RunError(EngineError):
    """A training run failed, or its folder does not hold what a run's folder holds."""


class InputError(EngineError):
    """What the caller gave cannot be used; the message says what would be."""


class DocumentError(InputError):
    """A document or a span contradicts itself."""


class TagError(InputError):
    """A tag does not belong to the scheme it was read under."""


class ConfigError(InputError):
    """An option has a value that it cannot have."""


class CheckpointError(InputError):
    """A checkpoint is missing, damaged, unsafe or of another version."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One malformed place in a file."""

    file: str
    line: int
    expected: str
    got: str

    def __str__(self) -> str:
        """Return ``file:line: expected …, got …``."""
        return f"{self.file}:{self.line}: expected {self.expected}, got {self.got}"


class FormatError(InputError):
    """A file has malformed lines.

    Attributes:
        problems: every malformed place, in file order.
    """

    def __init__(self, problems: Sequence[Problem], shown: int = 10) -> None:
        """Build the message from the first ``shown`` problems and a count of the rest."""
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:shown]]
        if len(self.problems) > shown:
            lines.append(f"… and {len(self.problems) - shown} more")
        super().__init__("\n".join(lines))
