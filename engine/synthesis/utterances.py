"""Built speech: utterances put together from single syllables, with the true time of every character.

It is no human utterance. Words stand apart by short pauses, as Sui et al. (ACL 2021) describe of read Chinese, drawn from one
distribution whether or not an entity begins or ends there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError, InputError
from engine.modalities.scripts import Script
from engine.modalities.speech import RATE
from engine.synthesis.speakers import Speaker
from engine.synthesis.stretching import stretched
from engine.variants import MISLEADING, NATURAL, NO_PAUSES

Waveform = NDArray[np.float32]
Pause = tuple[float, float, str]

MODES = (NATURAL, NO_PAUSES, MISLEADING)
"""Pauses between words; no pause; pauses inside words instead of between them."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 2.0
"""Seconds that can be asked for."""
_SYLLABLE, _SYLLABLE_SPREAD, _SYLLABLE_BOUNDS = 0.185, 0.16, (0.12, 0.26)
_NEUTRAL, _FINAL, _BEFORE_STOP = 0.75, 1.3, 1.15
_NO_PAUSE, _PAUSE, _PAUSE_SPREAD, _PAUSE_BOUNDS = 0.25, 0.05, 0.5, (0.02, 0.12)
_STOP_BOUNDS = (0.15, 0.4)
_ABOUT = (0.8, 1.2)
_CROSS_FADE, _FADE_IN, _FADE_OUT = (0.01, 0.03), 0.003, 0.01
_LEVEL_DB = 1.5


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an utterance is spoken and recorded.

    Attributes:
        mode: of :data:`MODES`.
        speed: syllables and pauses are shorter by this factor.
        pitch: the voice is higher by this factor.
        lengthened: whether the last syllable is drawn out.
        before: silence before the first syllable, in seconds.
        behind: silence behind the last.
        decay: seconds in which the room's echo falls by 60 dB; 0 for no room.
        direct_db: by how much the direct sound is stronger than the echo.
        noise: ``white`` or ``pink``; empty for none.
        snr_db: by how much the voice is stronger than the noise.
        peak: the loudest sample, in (0, 1].
    """

    mode: str = "natural"
    speed: float = 1.0
    pitch: float = 1.0
    lengthened: bool = False
    before: float = 0.1
    behind: float = 0.1
    decay: float = 0.0
    direct_db: float = 10.0
    noise: str = ""
    snr_db: float = 40.0
    peak: float = 0.5

    def __post_init__(self) -> None:
        """Check the mode.

        Raises:
            ConfigError: if there is no such mode.
        """
        if self.mode not in MODES:
            raise ConfigError(f"there is no mode {self.mode!r} of speaking; choose one of {', '.join(MODES)}")


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A script as it was said.

    Attributes:
        waveform: ``[N]``, mono, 16 kHz.
        characters: of each character of the text its start and end in seconds; ``None`` for what is not said.
        pauses: start and end in seconds, and the kind: ``word``, ``stop`` (punctuation) or ``misplaced``.
        replaced: by offset the syllable that was said in place of one that the speaker lacks.
        unsaid: offsets of characters that the speaker cannot say.
    """

    waveform: Waveform
    characters: tuple[tuple[float, float] | None, ...]
    pauses: tuple[Pause, ...]
    replaced: Mapping[int, str] = field(default_factory=dict)
    unsaid: tuple[int, ...] = ()


def drawn_delivery(mode: str, generator: np.random.Generator) -> Delivery:
    """Draw how an utterance is spoken: pace, voice, room and noise."""
    uniform = generator.uniform
    return Delivery(
        mode=mode,
        speed=round(uniform(0.85, 1.15), 3),
        pitch=round(float(np.exp(uniform(np.log(0.92), np.log(1.09)))), 3),
        lengthened=bool(generator.random() < 0.7),
        before=round(uniform(0.1, 0.4), 3),
        behind=round(uniform(0.1, 0.4), 3),
        decay=round(uniform(0.08, 0.3), 3),
        direct_db=round(uniform(8, 20), 1),
        noise=("white", "pink")[int(generator.integers(2))],
        snr_db=round(uniform(15, 40), 1),
        peak=round(uniform(0.25, 0.9), 3),
    )


def say(
    script: Script, speaker: Speaker, delivery: Delivery, generator: np.random.Generator, pause: float | None = None
) -> Utterance:
    """Build an utterance.

    Args:
        script: what is said.
        speaker: who says it.
        delivery: how.
        generator: of lengths, pauses, echo and noise.
        pause: where given, there is a pause at every place that the mode allows, as long as this, in seconds, give or take a
            fifth; else some places have none, as in natural speech.

    Raises:
        InputError: if there is nothing in the script that the speaker can say.
    """
    sayable = {i: speaker.nearest(script.syllables[i] or "") for i in script.said}
    spoken = {i: syllable for i, syllable in sayable.items() if syllable}
    if not spoken:
        raise InputError(f"there is nothing that {speaker.name} can say in a text of {len(script.syllables)} characters")
    offsets = list(spoken)
    kinds = _kinds(script, offsets, delivery.mode, generator)
    seconds = _lengths(list(spoken.values()), kinds, delivery, generator)
    gaps = (_gaps(kinds, generator) if pause is None else _sure_gaps(kinds, pause, generator)) / delivery.speed
    # the pitch is changed last, by playing faster or slower; until then everything lasts longer, or less long, by as much
    scale = delivery.pitch * RATE
    sounds = [stretched(speaker.sounds[spoken[i]], round(length * scale)) for i, length in zip(offsets, seconds, strict=True)]
    levels = 10 ** (generator.uniform(-_LEVEL_DB, _LEVEL_DB, len(sounds)) / 20)
    edges = (round(delivery.before * scale), round(delivery.behind * scale))
    dry, stretches = _joined(
        [sound * level for sound, level in zip(sounds, levels, strict=True)], np.round(gaps * scale).astype(int), edges, generator
    )
    times = [(float(start / scale), float(end / scale)) for start, end in stretches]
    by_offset = dict(zip(offsets, times, strict=True))
    neighbours = zip(times[:-1], times[1:], kinds, gaps, strict=True)
    return Utterance(
        _recorded(_pitched(dry, delivery.pitch), delivery, generator),
        tuple(by_offset.get(i) for i in range(len(script.syllables))),
        tuple((before[1], behind[0], kind) for before, behind, kind, gap in neighbours if gap > 0),
        {i: syllable for i, syllable in spoken.items() if syllable != script.syllables[i]},
        tuple(i for i, syllable in sayable.items() if not syllable),
    )


def _kinds(script: Script, offsets: Sequence[int], mode: str, generator: np.random.Generator) -> list[str]:
    """Return for each two neighbours of what is said which pause may lie between them; empty for none."""
    borders = script.borders
    natural = []
    for before, behind in zip(offsets[:-1], offsets[1:], strict=True):
        if any(place in script.stops for place in range(before + 1, behind)):
            natural.append("stop")
        else:
            natural.append("word" if any(place in borders for place in range(before + 1, behind + 1)) else "")
    if mode == "natural":
        return natural
    kinds = [""] * len(natural)
    if mode == "misleading":
        inside = [i for i, kind in enumerate(natural) if not kind]
        count = min(len(natural) - len(inside), len(inside))
        for i in generator.choice(inside, count, replace=False) if count else ():
            kinds[i] = "misplaced"
    return kinds


def _gaps(kinds: Sequence[str], generator: np.random.Generator) -> NDArray[np.float64]:
    """Draw how long each pause is, in seconds; 0 for none."""
    gaps = np.zeros(len(kinds))
    for i, kind in enumerate(kinds):
        if kind == "stop":
            gaps[i] = generator.uniform(*_STOP_BOUNDS)
        elif kind and generator.random() >= _NO_PAUSE:
            gaps[i] = np.clip(_PAUSE * np.exp(_PAUSE_SPREAD * generator.standard_normal()), *_PAUSE_BOUNDS)
    return gaps


def _sure_gaps(kinds: Sequence[str], pause: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Draw how long each pause is, in seconds, as many numbers wherever they lie: all else sounds the same."""
    gaps: NDArray[np.float64] = np.where([bool(kind) for kind in kinds], pause * generator.uniform(*_ABOUT, len(kinds)), 0.0)
    return gaps


def _lengths(
    syllables: Sequence[str], kinds: Sequence[str], delivery: Delivery, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw how long each syllable is, in seconds."""
    lengths = _SYLLABLE * np.exp(_SYLLABLE_SPREAD * generator.standard_normal(len(syllables)))
    lengths = np.clip(lengths, *_SYLLABLE_BOUNDS)
    lengths[[i for i, syllable in enumerate(syllables) if syllable.endswith("5")]] *= _NEUTRAL
    lengths[[i for i, kind in enumerate(kinds) if kind == "stop"]] *= _BEFORE_STOP
    lengths[-1] *= _FINAL if delivery.lengthened else 1.0
    drawn: NDArray[np.float64] = lengths / delivery.speed
    return drawn


def _joined(
    sounds: Sequence[Waveform], gaps: NDArray[np.int_], edges: tuple[int, int], generator: np.random.Generator
) -> tuple[Waveform, list[tuple[float, float]]]:
    """Put sounds one behind another, with silence between them or fading into each other.

    Returns:
        the whole, and the start and end of each sound in samples; of two that fade into each other it is the middle of it.
    """
    whole = np.zeros(edges[0] + sum(map(len, sounds)) + int(gaps.sum()) + edges[1], np.float32)
    place, stretches = edges[0], [[float(edges[0]), 0.0]]
    fades = (generator.uniform(*_CROSS_FADE, len(gaps)) * RATE).astype(int)
    for i, sound in enumerate(sounds):
        softened = sound.astype(np.float32)
        into = _overlap(sounds, i - 1, gaps, fades) if i else 0
        out_of = _overlap(sounds, i, gaps, fades) if i < len(gaps) else 0
        width_in, width_out = into or round(_FADE_IN * RATE), out_of or round(_FADE_OUT * RATE)
        softened[:width_in] *= np.sin(np.linspace(0, np.pi / 2, width_in, dtype=np.float32))
        softened[len(softened) - width_out :] *= np.cos(np.linspace(0, np.pi / 2, width_out, dtype=np.float32))
        whole[place : place + len(softened)] += softened
        place += len(softened)
        if i == len(gaps):
            stretches[-1][1] = float(place)
        elif gaps[i]:
            stretches[-1][1] = float(place)
            place += int(gaps[i])
            stretches.append([float(place), 0.0])
        else:
            place -= out_of
            stretches[-1][1] = place + out_of / 2
            stretches.append([place + out_of / 2, 0.0])
    return whole[: place + edges[1]], [(start, end) for start, end in stretches]


def _overlap(sounds: Sequence[Waveform], i: int, gaps: NDArray[np.int_], fades: NDArray[np.int_]) -> int:
    """Return for how many samples a sound and the next fade into each other."""
    return 0 if gaps[i] else min(int(fades[i]), len(sounds[i]) // 3, len(sounds[i + 1]) // 3)


def _pitched(sound: Waveform, pitch: float) -> Waveform:
    import librosa

    if pitch == 1:
        return sound
    higher: Waveform = librosa.resample(sound, orig_sr=RATE * pitch, target_sr=RATE)
    return higher


def _recorded(dry: Waveform, delivery: Delivery, generator: np.random.Generator) -> Waveform:
    """Return what a microphone hears of a voice, in a room and with noise."""
    from scipy.signal import fftconvolve

    power = float(np.mean(dry[dry != 0] ** 2))
    sound = dry
    if delivery.decay:
        times = np.arange(1, round(delivery.decay * RATE)) / RATE
        echo = generator.standard_normal(len(times)) * np.exp(-np.log(1000) * times / delivery.decay)
        echo *= np.sqrt(10 ** (-delivery.direct_db / 10) / np.sum(echo**2))
        sound = fftconvolve(dry, np.concatenate([[1.0], echo]))[: len(dry)]
    if delivery.noise:
        noise = generator.standard_normal(len(sound))
        if delivery.noise == "pink":
            spectrum = np.fft.rfft(noise)
            spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20 * len(sound) / RATE))
            noise = np.fft.irfft(spectrum, len(sound))
        sound = sound + noise * np.sqrt(power * 10 ** (-delivery.snr_db / 10) / np.mean(noise**2))
    recorded: Waveform = (sound * (delivery.peak / np.abs(sound).max())).astype(np.float32)
    return recorded
