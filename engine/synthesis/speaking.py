"""Syllables spoken offline by eSpeak NG, from the package ``espeakng-loader`` or from the system.

A voice is written as eSpeak writes it, with its variant, and further what is changed about it:
``cmn-latn-pinyin+f2@pitch=60,range=80,speed=140``. Pitch and its range are 0 to 100 (50 unless said), the speed is in words a
minute (175).

eSpeak NG is under GPL-3; it is loaded if it is there, and no part of it is in this project.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import multiprocessing
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError, InputError
from engine.modalities.pinyin import Syllable

Waveform = NDArray[np.float32]
LANGUAGE = "cmn-latn-pinyin"
VOICES = (
    f"{LANGUAGE}@pitch=70,range=90",
    f"{LANGUAGE}+f2@range=80",
    f"{LANGUAGE}+f4@pitch=65,range=80",
    f"{LANGUAGE}+m3@pitch=75,range=90,speed=140",
    f"{LANGUAGE}+m7@pitch=80,range=90,speed=160",
)
"""Voices that differ in timbre, pitch and pace, for a database of several speakers.

They speak with more melody than eSpeak's own: the tones of its plain male voice hardly show in 48 Mel bands."""
_SETTINGS = {"speed": (1, 80, 450, 175), "pitch": (3, 0, 100, 50), "range": (4, 0, 100, 50)}
_RETRIEVE, _DO_NOT_EXIT, _UTF8, _PHONEMES, _CHARACTERS = 2, 0x8000, 1, 0x100, 1


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of eSpeak NG.

    Attributes:
        name: e.g. ``cmn-latn-pinyin+f2``.
        pitch: 0 to 100.
        range: of the pitch, 0 to 100.
        speed: words a minute.
    """

    name: str
    pitch: int
    range: int
    speed: int

    @classmethod
    def parse(cls, text: str) -> Voice:
        """Read ``NAME@pitch=60,range=80,speed=140``.

        Raises:
            InputError: if it cannot be read, or is not a voice for Pinyin.
        """
        name, _, changes = text.strip().partition("@")
        values = {setting: default for setting, (_, _, _, default) in _SETTINGS.items()}
        for part in filter(None, changes.split(",")):
            setting, _, number = part.partition("=")
            _, low, high, _ = _SETTINGS.get(setting, (0, 0, -1, 0))
            if not re.fullmatch("[0-9]{1,3}", number) or not low <= int(number) <= high:
                raise InputError(f"the voice {text!r}: expected pitch=0…100, range=0…100 or speed=80…450 behind @, got {part!r}")
            values[setting] = int(number)
        if name.partition("+")[0] != LANGUAGE:
            raise InputError(f"the voice {text!r} does not speak Pinyin; write {LANGUAGE} or a variant, {LANGUAGE}+f2")
        return cls(name, **values)


def can_speak() -> bool:
    """Tell whether there is an eSpeak NG to speak with."""
    try:
        return _speaker() is not None
    except InputError:
        return False


def check_voice(voice: str) -> None:
    """See that a voice can be had.

    Raises:
        InputError: if there is no eSpeak NG or no such voice.
    """
    speaker = _speaker()
    with speaker.lock:
        speaker.check(Voice.parse(voice))


def synthesise(syllable: str, voice: str = LANGUAGE) -> tuple[Waveform, int]:
    """Speak one syllable.

    The sound varies a little from call to call, as the voice's own flutter goes on from where it was.

    Args:
        syllable: numbered Pinyin.
        voice: as :class:`Voice` reads it.

    Returns:
        The waveform in [-1, 1], and its rate in Hz.

    Raises:
        InputError: if there is no eSpeak NG, no such voice, no such syllable, or eSpeak does not know how to say it.
    """
    return _speaker().say(Syllable.parse(syllable), Voice.parse(voice))


def synthesise_all(syllables: Sequence[str], voice: str) -> Iterator[tuple[Waveform, int] | str]:
    """Speak syllables one after another in a process of its own, so that they sound the same whenever they are spoken.

    Args:
        syllables: numbered Pinyin.
        voice: as :class:`Voice` reads it.

    Yields:
        For each syllable its waveform and rate, or what prevents it from being said.

    Raises:
        InputError: if there is no eSpeak NG or no such voice.
        EngineError: if eSpeak NG crashes, which takes no more than that process with it.
    """
    check_voice(voice)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        try:
            yield from process.map(_try_to_say, [(syllable, voice) for syllable in syllables], chunksize=64)
        except BrokenProcessPool as error:
            raise EngineError(f"eSpeak NG crashed while speaking with {voice}; try another voice") from error


def _try_to_say(task: tuple[str, str]) -> tuple[Waveform, int] | str:
    try:
        return synthesise(*task)
    except InputError as error:
        return str(error)


@cache
def _speaker() -> _Speaker:
    return _Speaker(*_library())


def _library() -> tuple[Any, str | None]:
    """Load eSpeak NG; return it and the folder of its data, ``None`` for the one that it was built with."""
    places: list[tuple[str, str | None]] = []
    try:
        import espeakng_loader

        places.append((espeakng_loader.get_library_path(), espeakng_loader.get_data_path()))
    except (ImportError, RuntimeError):  # the latter where it came without its data
        pass
    if system := ctypes.util.find_library("espeak-ng"):
        places.append((system, None))
    for library, data in places:
        try:
            return ctypes.CDLL(library), data
        except OSError:
            continue
    raise InputError(
        "no eSpeak NG to speak syllables with; install it by `pip install espeakng-loader` (GPL-3, works offline), "
        "or build from recordings alone with --no-synthesis"
    )


class _Speaker:
    """The library, which has one state for the whole process and is therefore used by one thread at a time."""

    def __init__(self, library: Any, data: str | None) -> None:
        self.library = library
        self.lock = threading.Lock()
        self.chunks: list[NDArray[np.int16]] = []
        library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        library.espeak_Info.argtypes = [ctypes.POINTER(ctypes.c_char_p)]
        library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        size, word, number, pointer = ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p
        library.espeak_Synth.argtypes = [ctypes.c_char_p, size, word, number, word, word, pointer, pointer]
        self.rate: int = library.espeak_Initialize(_RETRIEVE, 0, data and data.encode(), _DO_NOT_EXIT)
        if self.rate <= 0:
            raise InputError("eSpeak NG cannot find its data; install it anew by `pip install espeakng-loader`")
        found = ctypes.c_char_p()
        library.espeak_Info(ctypes.byref(found))
        self.variants = Path((found.value or b"").decode()) / "voices" / "!v"
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self.listener = kind(self._listen)  # kept, for the library holds on to it
        library.espeak_SetSynthCallback(self.listener)

    def check(self, voice: Voice) -> None:
        """Refuse a variant that there is not, for which eSpeak itself would silently take the plain voice."""
        _, plus, variant = voice.name.partition("+")
        known = sorted(path.name for path in self.variants.glob("*"))
        if plus and variant not in known:
            raise InputError(f"eSpeak NG has no variant {variant!r}; it has {', '.join(known)}")
        if self.library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise InputError(f"this eSpeak NG has no voice {LANGUAGE!r}; install a newer one by `pip install espeakng-loader`")

    def say(self, syllable: Syllable, voice: Voice) -> tuple[Waveform, int]:
        with self.lock:
            self.check(voice)
            for name, (parameter, *_) in _SETTINGS.items():
                self.library.espeak_SetParameter(parameter, getattr(voice, name), 0)
            phonemes = f"[[{self._phonemes(syllable)}]]".encode()
            if seed := getattr(self.library, "espeak_ng_SetRandSeed", None):
                seed(ctypes.c_long(1))
            self.chunks.clear()
            status = self.library.espeak_Synth(phonemes, len(phonemes) + 1, 0, _CHARACTERS, 0, _UTF8 | _PHONEMES, None, None)
            if status != 0 or self.library.espeak_Synchronize() != 0 or not self.chunks:
                raise EngineError(f"eSpeak NG failed to say {syllable} with {voice.name} (status {status})")
            return np.concatenate(self.chunks).astype(np.float32) / np.float32(32768), self.rate

    def _phonemes(self, syllable: Syllable) -> str:
        phonemes = self._look_up(str(syllable))
        if syllable.final == "iong":
            # unknown to eSpeak, which spells it out in English: the consonant of jiao before the sound of yong
            consonant, glide, _ = self._look_up(f"{syllable.initial}iao{syllable.tone}").partition("j")
            phonemes = consonant + self._look_up(f"yong{syllable.tone}") if glide else phonemes
        if "(" in phonemes or not re.search("[0-9]", phonemes):
            raise InputError(f"eSpeak NG does not know how to say {syllable}")
        return phonemes

    def _look_up(self, text: str) -> str:
        pointer = ctypes.c_char_p(text.encode())
        phonemes: bytes = self.library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, 0)
        return phonemes.decode().removesuffix("_|")

    def _listen(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self.chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0
