"""Building speech for a corpus that has none: a folder of recordings, the corpus that names them, and how each was made.

audio/NAME.flac       16 kHz, 16 bit, mono
corpus.jsonl          the documents, or train.jsonl and dev.jsonl where some are held out; see utterance_corpus.py
construction.jsonl    one object an utterance: when each character is said, the words, the pauses, the speaker, the conditions
card.json, README.md  what this is, and what it is not
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.document import Document
from engine.errors import ConfigError, EngineError, InputError
from engine.modalities.databases import replacing
from engine.modalities.scripts import Script, script_of
from engine.modalities.speech import LONGEST, RATE
from engine.synthesis.speakers import Speaker
from engine.synthesis.utterance_card import CARD, card_of, readme_of
from engine.synthesis.utterance_corpus import AUDIO, CONSTRUCTION, Take, digest, takes_of, write_corpus
from engine.synthesis.utterances import LONGEST_PAUSE, MODES, SHORTEST_PAUSE, Utterance, drawn_delivery, say
from engine.variants import NATURAL

Observe = Callable[[int, int], None]
"""Told how many utterances are done, of how many."""
_MOST_SAID = 600
_DIGITS = 4

_speakers: list[Speaker] = []
"""Of a process of its own that says utterances; they are too large to be sent along with each."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides how a corpus is spoken.

    Attributes:
        mode: of :data:`~engine.synthesis.utterances.MODES`.
        share_none: the share of a natural corpus that is spoken without pauses.
        share_misleading: the share that is spoken with pauses inside words.
        seed: of everything drawn.
        pause: seconds, give or take a fifth, of a pause at every place that the mode allows; if absent, some have one, of a drawn
            length.
    """

    mode: str = NATURAL
    share_none: float = 0.1
    share_misleading: float = 0.05
    seed: int = 0
    pause: float | None = None

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ConfigError: if there is no such mode, the shares are not shares, or a pause would be too short or too long.
        """
        if self.mode not in MODES:
            raise ConfigError(f"there is no mode {self.mode!r} of speaking; choose one of {', '.join(MODES)}")
        if not (self.share_none >= 0 and self.share_misleading >= 0 and self.share_none + self.share_misleading <= 1):
            given = f"{self.share_none} and {self.share_misleading}"
            raise ConfigError(
                f"the shares without and with misleading pauses are {given}; give two from 0 on that make at most 1"
            )
        if self.pause is not None and not SHORTEST_PAUSE <= self.pause <= LONGEST_PAUSE:
            raise ConfigError(f"--pause: expected {SHORTEST_PAUSE} to {LONGEST_PAUSE} seconds, got {self.pause}")

    def drawn_mode(self, generator: np.random.Generator) -> str:
        """Draw how one utterance is spoken."""
        chance = generator.random()
        if self.mode != NATURAL or chance >= self.share_none + self.share_misleading:
            return self.mode
        return "none" if chance < self.share_none else "misleading"


@dataclass(frozen=True)
class UtteranceReport:
    """What a build made.

    Attributes:
        folder: where.
        card: what it holds, as in ``card.json``.
        problems: of the speakers' syllables, what could not be used.
        seconds: how long it took, the speakers' preparation aside.
        size_bytes: of the folder.
    """

    folder: Path
    card: Mapping[str, Any]
    problems: tuple[str, ...]
    seconds: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Task:
    file: str
    key: str
    script: Script
    plan: Plan
    folder: str


_Made = dict[str, Any] | str


def build_utterances(
    folder: str | Path,
    documents: Sequence[Document],
    speakers: Sequence[Speaker],
    plan: Plan,
    processes: int = 1,
    source: Mapping[str, Any] | None = None,
    observe: Observe = lambda done, total: None,
    hold_out: int | None = None,
) -> UtteranceReport:
    """Build speech for documents.

    What is drawn for a document depends on the seed, its name, its text and the speakers, and on no other document. The folder
    appears only when all of it is written, and replaces one that was built before.

    Where some documents are held out, every other one is spoken as it would be if none were, and each of them in every mode, by
    the same voice in the same room, and stands there once without speech.

    Args:
        folder: where to.
        documents: the corpus.
        speakers: who may say an utterance, each as likely.
        plan: how they are spoken.
        processes: how many at a time.
        source: what the card is to say of where it all comes from.
        observe: follows the work.
        hold_out: how many documents are drawn, by the plan's seed, for a dev part; there is none if absent.

    Raises:
        ConfigError: if the number of processes, or of documents to hold out, is less than 1.
        InputError: if there are no documents or no speakers, none of the documents can be said, two speakers are called the same,
            nothing is left of what is not held out, or the target is a folder of something else.
        EngineError: if a process that says utterances dies.
    """
    started = time.perf_counter()
    target = Path(folder)
    _check(target, documents, speakers, processes)
    takes = takes_of(documents, hold_out, plan.seed)
    with replacing(target) as half:
        (half / AUDIO).mkdir()
        scripts = [script_of(take.document) for take in takes]
        tasks = [_task(take, script, plan, half / AUDIO) for take, script in zip(takes, scripts, strict=True)]
        made: list[_Made] = []
        for result in _said(tasks, speakers, processes):
            made.append(result)
            observe(len(made), len(tasks))
        if not any(isinstance(result, dict) for result in made):
            raise InputError(f"none of {len(made)} documents can be said; the first: {made[0]}")
        write_corpus(half, takes, made)
        card = card_of(takes, scripts, made, speakers, asdict(plan), source or {})
        (half / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (half / "README.md").write_text(readme_of(card), encoding="utf-8")
    problems = tuple(str(problem) for speaker in speakers for problem in speaker.problems)
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    return UtteranceReport(target, card, problems, time.perf_counter() - started, size)


def check_target(target: str | Path) -> None:
    """See that a folder may be written to, before any work is done.

    Raises:
        InputError: if something else lies there.
    """
    target = Path(target)
    if target.exists() and not (target / CONSTRUCTION).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not empty and holds no built speech; give another place with --out")


def _check(target: Path, documents: Sequence[Document], speakers: Sequence[Speaker], processes: int) -> None:
    check_target(target)
    if not documents:
        raise InputError("there are no documents to build speech for; give a corpus that holds some")
    if not speakers:
        raise InputError("there is nobody to say the utterances; give --recordings with files like zhang3.wav, or a --voice")
    if processes < 1:
        raise ConfigError(f"--processes: expected a number from 1 on, got {processes}")
    if twice := [name for name, count in Counter(speaker.name for speaker in speakers).items() if count > 1]:
        raise InputError(f"two speakers are called {twice[0]!r}; rename one of the folders, or give the voice once")


def _task(take: Take, script: Script, plan: Plan, folder: Path) -> _Task:
    chosen = replace(plan, mode=take.mode, share_none=0.0, share_misleading=0.0) if take.mode else plan
    return _Task(take.file, f"{plan.seed}\0{take.source}\0{take.document.text}", script, chosen, str(folder))


def _said(tasks: Sequence[_Task], speakers: Sequence[Speaker], processes: int) -> Iterator[_Made]:
    if processes == 1:
        for task in tasks:
            yield _say_to_file(task, speakers)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _meet, (speakers,)) as pool:
        try:
            yield from pool.map(_say_with_own_speakers, tasks, chunksize=16)
        except BrokenProcessPool as error:
            raise EngineError(
                "a process that builds utterances died, perhaps for want of memory; use fewer --processes"
            ) from error


def _meet(speakers: Sequence[Speaker]) -> None:
    _speakers[:] = speakers


def _say_with_own_speakers(task: _Task) -> _Made:
    return _say_to_file(task, _speakers)


def _say_to_file(task: _Task, speakers: Sequence[Speaker]) -> _Made:
    """Return how an utterance was made, or why it was not."""
    import soundfile

    generator = np.random.default_rng(list(digest(task.key)))
    speaker = speakers[int(generator.integers(len(speakers)))]
    delivery = drawn_delivery(task.plan.drawn_mode(generator), generator)
    if len(task.script.said) > _MOST_SAID:
        return f"{len(task.script.said)} syllables take longer than {LONGEST:.0f} s"
    try:
        utterance = say(task.script, speaker, delivery, generator, task.plan.pause)
    except InputError as error:
        return str(error)
    if len(utterance.waveform) > LONGEST * RATE:
        return f"it would take {len(utterance.waveform) / RATE:.0f} s, longer than {LONGEST:.0f} s"
    soundfile.write(Path(task.folder) / f"{task.file}.flac", utterance.waveform, RATE, subtype="PCM_16")
    described = asdict(delivery)
    return {"mode": described.pop("mode"), "speaker": speaker.name, **_row(task.script, utterance), "delivery": described}


def _row(script: Script, utterance: Utterance) -> dict[str, Any]:
    def rounded(times: tuple[float, float]) -> list[float]:
        return [round(time, _DIGITS) for time in times]

    return {
        "seconds": round(len(utterance.waveform) / RATE, _DIGITS),
        "characters": [rounded(times) if times else None for times in utterance.characters],
        "syllables": list(script.syllables),
        "words": [list(word) for word in script.words],
        "pauses": [[*rounded((start, end)), kind] for start, end, kind in utterance.pauses],
        "replaced": {str(i): syllable for i, syllable in utterance.replaced.items()},
        "unsaid": list(utterance.unsaid),
    }
