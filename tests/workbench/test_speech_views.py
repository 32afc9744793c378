"""An answer that listened is drawn on one axis of time, whatever the text is."""

from __future__ import annotations

import io
import json
import re
import wave
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from engine.document import Document, Span
from engine.evidence import Alignment, Evidence, Pauses, Scores, SpeechAttention
from engine.modalities.speech import RATE
from tests.workbench.spoken import EDGE, HEADS, SYLLABLE, heard
from tests.workbench.test_views import documents, nothing_to_evaluate, read
from workbench.language import Texts
from workbench.views.escape import esc
from workbench.views.evidence import evidence_html
from workbench.views.listening import curves
from workbench.views.recording import Recording, recording_of
from workbench.views.speech import SpokenAnswer, compared_html, speech_html
from workbench.views.time_axis import lanes, pixels_per_second, ticks, written_within

ZH, EN = Texts("zh").words, Texts("en").words
BRIDGE = Document("南京市长江大桥", (Span(0, 3, "LOC", 0.97), Span(3, 7, "LOC", 0.95)))
MAYOR = Document("南京市长江大桥", (Span(0, 2, "LOC", 0.9), Span(4, 7, "PER", 0.8)))
BUTTON = re.compile(r"<button[^>]*>")


def drawn(document: Document, *, remarks: tuple[str, ...] = (), **said: object) -> str:
    """Draw a document with the sound that was made for it."""
    waveform, evidence = heard(document, **said)  # type: ignore[arg-type]
    return speech_html(document, recording_of(waveform), evidence, EN, remarks=remarks)


def answer(document: Document, pause: int) -> SpokenAnswer:
    waveform, evidence = heard(document, (pause,))
    return SpokenAnswer(document, recording_of(waveform), evidence)


def buttons(html: str, within: str) -> list[dict[str, str | None]]:
    """Return the attributes of the buttons in the part of the figure with a class."""
    part = re.search(rf'<div class="{within}"[^>]*>(.*?)</div>', html)
    return [dict(re.findall(r'([\w-]+)="([^"]*)"', button)) for button in BUTTON.findall(part[1] if part else "")]


def test_a_recording_is_its_outline_its_picture_and_its_sound() -> None:
    from PIL import Image

    moments = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * pitch * moments) for pitch in (400, 4000))
    waveform = (0.25 * np.where(moments < 0.5, low, high) * (moments > 0.1)).astype(np.float32)
    recording = recording_of(waveform)
    assert recording.seconds == 1.0 and len(recording.peaks) == 600
    assert max(high for _, high in recording.peaks) == pytest.approx(1, abs=1e-3)
    assert recording.peaks[10] == (0.0, 0.0) and recording.peaks[200][0] < -0.5
    kind, data = recording.sound_url.split(",")
    assert kind == "data:audio/wav;base64"
    with wave.open(io.BytesIO(b64decode(data))) as sound:
        assert (sound.getframerate(), sound.getnframes(), sound.getnchannels()) == (RATE, RATE, 1)
    with Image.open(io.BytesIO(b64decode(recording.spectrogram_url.split(",")[1]))) as image:
        inks = 255 - np.asarray(image).astype(int)
    assert inks.shape == (80, 100)
    # Row 0 is the highest band: first a low tone sounds, then a high one.
    first, second = inks[:, 15:45].mean(1), inks[:, 55:95].mean(1)
    assert first[65:75].max() > 2 * second[65:75].mean() and second[15:25].max() > 2 * first[15:25].mean()


@pytest.mark.parametrize("samples", [1, 100, 1601, RATE * 20 + 7])
def test_a_recording_of_any_length_can_be_drawn(samples: int) -> None:
    recording = recording_of(np.full(samples, 0.1, np.float32))
    assert 1 <= len(recording.peaks) <= 600
    assert speech_html(Document("南"), recording, (), EN)


def test_without_a_recording_there_is_nothing() -> None:
    assert speech_html(BRIDGE, None, heard(BRIDGE)[1], EN) == ""


def test_every_character_has_its_stretch() -> None:
    found = buttons(drawn(BRIDGE), "duomo-heard")
    assert [button["data-start"] for button in found] == [str(at) for at in range(7)]
    assert [float(button["data-from"] or 0) for button in found] == pytest.approx([EDGE + at * SYLLABLE for at in range(7)])
    assert [float(button["data-to"] or 0) for button in found] == pytest.approx([EDGE + (at + 1) * SYLLABLE for at in range(7)])
    assert [button["tabindex"] for button in found] == ["0", *["-1"] * 6]
    assert found[0]["aria-label"] == "南, 0.10 to 0.28 s · listens most at 0.22 s"
    assert "left:6.849%;width:12.329%" in str(found[0]["style"]) and "#009E73" in str(found[0]["style"])


def test_every_entity_has_the_stretch_of_its_characters_and_the_colour_of_the_hero() -> None:
    nested = BRIDGE.with_spans((*BRIDGE.spans, Span(0, 2, "LOC"), Span(3, 5, "GPE")))
    found = buttons(drawn(nested), "duomo-stretches")
    stretches = {(button["data-start"], button["data-end"]): button for button in found}
    assert set(stretches) == {("0", "2"), ("0", "3"), ("3", "5"), ("3", "7")}
    whole = stretches["3", "7"]
    assert (whole["data-from"], whole["data-to"]) == ("0.640", "1.360")
    assert "--color:#009E73;--lane:1" in str(whole["style"]) and "--color:#56B4E9;--lane:0" in str(stretches["3", "5"]["style"])
    assert whole["aria-label"] == "长江大桥, LOC, 0.64 to 1.36 s"


def test_pauses_are_marked_with_their_length() -> None:
    html = drawn(BRIDGE, pauses=(3, 5))
    assert re.findall(r">(\d+ ms)<", html) == ["150 ms", "150 ms"]
    assert html.count("<rect ") == 2
    assert "Waveform and spectrogram, 1.76 s. A pause of 150 ms at 0.64 s. A pause of 150 ms at 1.15 s." in html


def test_characters_that_are_not_heard_are_listed_apart() -> None:
    html = drawn(Document("南京，市", (Span(0, 2, "LOC"), Span(2, 3, "ORG"))), silent=(2,))
    assert [button["data-at"] for button in buttons(html, "duomo-heard")] == ["0", "1", "3"]
    assert "Not heard:" in html and 'class="duomo-apart is-unheard"' in html
    apart = html[html.index("duomo-apart") :]
    assert re.findall(r'data-at="(\d+)"', apart) == ["2"] and "data-from" not in apart
    # An entity of which nothing is heard has no stretch.
    assert [button["data-end"] for button in buttons(html, "duomo-stretches")] == ["2"]


@pytest.mark.parametrize("words", [ZH, EN])
def test_an_alignment_that_is_hardly_sure_warns(words: dict[str, str]) -> None:
    waveform, evidence = heard(BRIDGE, confidence=0.12)
    html = speech_html(BRIDGE, recording_of(waveform), evidence, words)
    assert esc(words["views.speech.doubtful"].format(confidence="12%")) in html
    assert "duomo-speech-warning" not in speech_html(BRIDGE, recording_of(waveform), heard(BRIDGE)[1], words)


def test_where_nothing_was_aligned_that_is_said_and_attention_can_still_be_chosen() -> None:
    html = drawn(BRIDGE, silent=tuple(range(7)), confidence=0.0)
    assert EN["views.speech.unaligned"] in html and "is only" not in html
    assert "duomo-heard" not in html and html.count("data-at=") == 7


@pytest.mark.parametrize("words", [ZH, EN])
def test_remarks_are_said_in_plain_words(words: dict[str, str]) -> None:
    remarks = ("stereo", "clipped", "quiet", "telephone")
    waveform, evidence = heard(BRIDGE)
    html = speech_html(BRIDGE, recording_of(waveform), evidence, words, remarks=remarks)
    assert html.count("duomo-speech-warning") == 4
    assert all(esc(words[f"views.speech.remark.{remark}"]) in html for remark in remarks)
    assert "&#36;&#123;x&#125;" in speech_html(BRIDGE, recording_of(waveform), (), words, remarks=("${x}",))


def test_without_an_alignment_attention_is_shown_and_each_character_can_be_chosen() -> None:
    waveform, evidence = heard(BRIDGE, (3,))
    html = speech_html(BRIDGE, recording_of(waveform), evidence[:2], EN)
    assert "duomo-heard" not in html and "duomo-stretches" not in html and "duomo-listening" in html
    assert html.count("data-at=") == 7 and EN["views.speech.choose"] in html and "150 ms" in html
    assert EN["views.speech.hint.play"] not in html


def test_without_attention_there_is_no_curve_and_no_switch() -> None:
    waveform, evidence = heard(BRIDGE, silent=(2,))
    for left in (evidence[1:], (SpeechAttention("speech_attention", 0.04, ((),) * 7), *evidence[1:])):
        html = speech_html(BRIDGE, recording_of(waveform), left, EN)
        assert "duomo-listening" not in html and "radio" not in html
        assert "<span data-start=" in html


def test_the_curves_of_the_mean_and_of_each_head_are_in_the_page() -> None:
    waveform, (attention, *_) = heard(BRIDGE)
    assert isinstance(attention, SpeechAttention)
    html = drawn(BRIDGE)
    assert html.count('type="radio"') == 1 + HEADS and html.count(" checked>") == 1
    shape = json.loads(re.findall(r'data-shape="([^"]*)"', html)[0])
    held = np.frombuffer(b64decode(re.findall(r'data-curves="([^"]*)"', html)[0]), np.uint8).reshape(shape)
    assert held.shape == (1 + HEADS, 1 + 7, len(attention.values[0]))
    assert (held.max(2) == 255).all()
    for head, values in enumerate((attention.values, *attention.heads)):
        assert (held[head, 1:][np.arange(7), np.array(values).argmax(1)] == 255).all()
    assert held[0, 0].tolist() == pytest.approx((255 * (m := np.mean(attention.values, 0)) / m.max()).round().tolist(), abs=1)


def test_much_attention_is_made_to_fit_and_none_is_flat() -> None:
    assert curves(SpeechAttention("a", 0.04, ((0.0, 0.0),))).tolist() == [[[0, 0], [0, 0]]]
    row = tuple((np.arange(1500) == 700).astype(float).tolist())
    held = curves(SpeechAttention("a", 0.04, (row,) * 600, ((row,) * 600,) * 4))
    assert held.nbytes <= 400_000
    assert held[0, 5].argmax() / held.shape[2] == pytest.approx(700 / 1500, abs=0.02)


@settings(deadline=None, max_examples=60)
@given(documents())
def test_nothing_of_the_text_is_evaluated_and_each_character_is_there_once(document: Document) -> None:
    for evidence in (heard(document)[1], heard(document)[1][:2], heard(document)[1][1:]):
        html = speech_html(document, RECORDING, evidence, ZH, remarks=("`${1}`",))
        assert nothing_to_evaluate(html)
        assert not [name for name, _ in read(html).attributes if name.startswith("on")]
        marks = re.findall(r' data-at="(\d+)"', html)
        assert sorted(map(int, marks)) == (list(range(len(document))) if document.text and len(marks) else [])
    html = compared_html(
        SpokenAnswer(document, RECORDING, heard(document)[1], title="<b>`"),
        SpokenAnswer(document.with_spans(()), RECORDING, ()),
        EN,
    )
    assert nothing_to_evaluate(html) and "<b>`" not in html


def test_two_readings_of_the_same_words_say_where_they_differ() -> None:
    html = compared_html(answer(BRIDGE, 3), answer(MAYOR, 4), EN)
    first, second = html.split('<section class="duomo-speech"')[1:]
    assert [button["class"] for button in buttons(first, "duomo-stretches")] == ["is-removed"] * 2
    assert [button["class"] for button in buttons(second, "duomo-stretches")] == ["is-added"] * 2
    assert str(buttons(second, "duomo-stretches")[0]["title"]).endswith("only in this reading")
    assert EN["views.speech.compared"] in html and html.count("is-added") == 4 and html.count("<audio") == 2
    assert "First reading" in first and "Second reading" in second
    names = [set(re.findall(r'type="radio" name="([^"]*)"', part)) for part in (first, second)]
    assert not names[0] & names[1]


def test_two_readings_that_agree_mark_nothing() -> None:
    html = compared_html(answer(BRIDGE, 3), answer(BRIDGE, 4), EN)
    assert "is-added" not in html and "is-removed" not in html and EN["views.changes.none"] in html


def test_what_was_heard_has_no_panel_of_its_own() -> None:
    evidence: tuple[Evidence, ...] = heard(BRIDGE)[1]
    assert evidence_html(BRIDGE, evidence, EN, longest=600) == ""
    html = evidence_html(BRIDGE, (Scores("label_probabilities", ("LOC",), ((0.5,),) * 7), *evidence), EN, longest=600)
    assert html.count("duomo-panel") == 1
    assert EN["views.evidence.none"] in evidence_html(BRIDGE, (), EN, longest=600)


def test_the_axis_is_wide_enough_for_the_shortest_stretch_and_its_ticks() -> None:
    assert pixels_per_second([(0.0, 0.2), (0.2, 0.36)], 3.0) == pytest.approx(137.5)
    assert pixels_per_second([(0.0, 0.01)], 8.0) == 190 and pixels_per_second([(0.0, 0.01)], 3.0) == pytest.approx(1000 / 3)
    assert pixels_per_second([(0.0, 0.04)], 1.6) == pytest.approx(550)
    assert pixels_per_second([(0.0, 0.0)], 3.0) == pytest.approx(80) and pixels_per_second([], 60.0) == pytest.approx(60)
    assert ticks(1.0, 100) == [0.0, 1.0] and ticks(0.65, 300) == [0.0, 0.2, 0.4, 0.6]
    assert ticks(0.3, 600) == [0.0, 0.1, 0.2, 0.3]


def test_labels_keep_out_of_each_others_way_and_within_the_figure() -> None:
    assert lanes([(0, 1), (1, 2), (0.5, 1.5), (0, 3)]) == [0, 0, 1, 2]
    assert written_within(0.1, 0.2, 5, 3.0, 100) == (0.1, pytest.approx(0.45), False)
    assert written_within(2.8, 2.95, 5, 3.0, 100) == (pytest.approx(2.6), 2.95, True)


def test_stretches_beyond_the_end_stay_in_the_figure() -> None:
    evidence = (Alignment("alignment", ((0.5, 9.0),)), Pauses("pauses", ()))
    html = speech_html(Document("南"), RECORDING, evidence, EN)
    assert "left:50.000%;width:50.000%" in html


RECORDING: Recording = recording_of(np.sin(np.arange(RATE, dtype=np.float32) / 9))


def test_two_recordings_that_are_no_two_readings_are_titled_otherwise() -> None:
    named = [replace(answer(BRIDGE, pause), title=title) for pause, title in ((3, "as it is"), (4, "later"))]
    html = compared_html(*named, EN, "The same, shifted")
    assert "The same, shifted" in html and EN["views.speech.compared"] not in html
    assert html.index("as it is") < html.index("later") and EN["views.changes.none"] in html
