import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from engine import formats
from engine.__main__ import main
from engine.document import Document, Span
from engine.errors import ConfigError, InputError
from engine.modalities.pinyin import Syllable
from engine.modalities.scripts import said_of, script_of, script_of_words
from engine.modalities.speech import RATE, pauses, read_speech
from engine.synthesis import speakers, utterance_building
from engine.synthesis.speakers import LOUDNESS, Speaker, prepared, recorded_speaker, synthetic_speaker
from engine.synthesis.speaking import LANGUAGE, can_speak
from engine.synthesis.stretching import stretched
from engine.synthesis.utterance_building import Plan, build_utterances
from engine.synthesis.utterance_corpus import takes_of
from engine.synthesis.utterances import MODES, Delivery, drawn_delivery, say
from tests.engine.modalities.voiced import glide

NEWS = [
    Document("王芳昨天到了杭州。", (Span(0, 2, "PER"), Span(6, 8, "LOC")), "news-1"),
    Document("南京市长江大桥很长，有4589米", (Span(0, 3, "LOC"), Span(3, 7, "LOC"), Span(3, 5, "LOC")), "news-2"),
    Document("中国银行行长在北京大学", (Span(0, 4, "ORG"), Span(7, 11, "ORG"), Span(7, 9, "LOC")), "news-3"),
]


def spoken(*words):
    """Return a speaker with a glide for each syllable of some texts, and silence about it."""
    syllables = {syllable for text in words for syllable in script_of(Document(text)).syllables if syllable}
    sounds = {}
    for n, syllable in enumerate(sorted(syllables)):
        tone = Syllable.parse(syllable).tone
        start, end = {1: (260, 260), 2: (180, 270), 3: (190, 150), 4: (280, 150), 5: (200, 180)}[tone]
        sounds[syllable] = prepared(np.pad(glide(start + n, end + n, 0.35, RATE), 2000), RATE)
    return Speaker("li", "recordings", sounds)


@pytest.fixture(scope="module")
def li():
    return spoken(*(document.text for document in NEWS))


@pytest.fixture
def wang(tmp_path):
    """Return a folder of recordings of every syllable in the news but those of 米 and 有."""
    folder = tmp_path / "wang"
    folder.mkdir()
    for syllable, sound in spoken(*(document.text for document in NEWS)).sounds.items():
        if syllable not in ("mi3", "you3"):
            soundfile.write(folder / f"{syllable}.wav", np.pad(sound, 3000), RATE)
    return folder


@pytest.fixture
def corpus(tmp_path):
    formats.write(NEWS, tmp_path / "news.jsonl")
    return tmp_path / "news.jsonl"


def generator(seed=0):
    return np.random.default_rng(seed)


def text_of(document, script):
    return [document.text[start:end] for start, end in script.words]


class TestScripts:
    def test_entities_begin_and_end_words_and_keep_those_within(self):
        for document in NEWS:
            script = script_of(document)
            ends = {end for _, end in script.words}
            assert all(span.start in script.borders and span.end in ends for span in document.spans)
            assert "".join(text_of(document, script)) == document.text
        whole = Document("他在南京市长江大桥上", (Span(2, 9, "LOC"),))
        assert {"南京市", "长江大桥"} <= set(text_of(whole, script_of(whole)))
        assert len(script_of(Document(whole.text, (Span(3, 8, "LOC"),))).words) > len(script_of(whole).words)

    def test_digits_are_said_and_letters_are_not(self):
        script = script_of(Document("A股4.5点，好"))
        assert script.syllables == (None, "gu3", "si4", None, "wu3", "dian3", None, "hao3")
        assert script.said == (1, 2, 4, 5, 7) and script.stops == {6}

    def test_a_chosen_reading_is_obeyed(self):
        assert script_of(Document("很长", readings={1: "chang2"})).syllables == ("hen3", "chang2")

    def test_given_words_are_read_and_parted_as_they_are_given(self):
        script = script_of_words(["南京", "市长，", "江4桥"], {5: "gang1"})
        assert script.syllables == ("nan2", "jing1", "shi4", "zhang3", None, "gang1", "si4", "qiao2")
        assert script.words == ((0, 2), (2, 5), (5, 8)) and not script.stops
        with pytest.raises(InputError, match="word 2 of 3 is empty; leave its mark out"):
            script_of_words(["南京", " ", "市长"])

    def test_a_document_may_name_its_own_words(self):
        mayor = Document("南京市长江大桥", (Span(0, 2, "LOC"), Span(4, 7, "PER")), meta={"words": "南京|市长|江大桥"})
        assert script_of(mayor) == script_of_words(["南京", "市长", "江大桥"])
        assert script_of(mayor) != script_of(replace(mayor, meta={}))
        with pytest.raises(InputError, match=r"the words '南京\|市' are not those of '南京市长江大桥'"):
            script_of(replace(mayor, meta={"words": "南京|市"}))
        assert said_of(Document("在A区，第3号", meta={"words": "在|A区"})) == (0, 2, 4, 5, 6)

    def test_there_may_be_nothing(self):
        assert script_of(Document("")).words == () and script_of(Document("OK!")).said == ()


class TestSpeakers:
    def test_a_syllable_is_trimmed_and_levelled(self):
        soft = prepared(np.pad(glide(seconds=0.3) * 0.05, 22050), 22050)
        assert 0.27 <= len(soft) / RATE <= 0.32
        assert np.sqrt(np.mean(soft**2)) == pytest.approx(LOUDNESS, rel=0.2)

    @pytest.mark.parametrize(
        ("sound", "message"),
        [
            (np.zeros(RATE), "is silent"),
            (np.zeros(0), "is silent"),
            (glide(seconds=0.02, rate=RATE), "hardly there"),
            (np.full(RATE, np.nan), "no numbers"),
            (glide(seconds=3, rate=RATE), "sounds for 3.0"),
        ],
    )
    def test_what_is_no_syllable_is_refused(self, sound, message):
        with pytest.raises(InputError, match=message):
            prepared(sound.astype(np.float32), RATE)

    def test_another_tone_stands_in_for_one_that_is_lacking(self):
        speaker = Speaker("li", "recordings", {"ma1": glide(), "ma3": glide()})
        assert [speaker.nearest(syllable) for syllable in ("ma3", "ma2", "ma4", "ba1")] == ["ma3", "ma3", "ma1", None]

    def test_recordings_make_a_speaker(self, wang):
        (wang / "notes.txt").write_text("")
        (wang / "a1.wav").write_bytes(b"no sound")
        speaker = recorded_speaker(wang)
        assert (speaker.name, speaker.source) == ("wang", "recordings") and "hang2" in speaker.sounds
        assert "not known" in speaker.licence
        assert [str(problem).partition(": ")[2][:12] for problem in speaker.problems] == ["cannot be re", "is no record"]

    def test_what_is_no_folder_of_recordings_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="nowhere: the recordings cannot be read .No such file"):
            recorded_speaker(tmp_path / "nowhere")
        (tmp_path / "empty").mkdir()
        with pytest.raises(InputError, match="holds no recording of a syllable that can be used: give files"):
            recorded_speaker(tmp_path / "empty")

    @pytest.mark.skipif(not can_speak(), reason="there is no eSpeak NG; pip install espeakng-loader")
    def test_a_voice_is_a_speaker(self, monkeypatch):
        monkeypatch.setattr(speakers, "syllables", lambda: ("hng5", "ma1"))
        once, again = (synthetic_speaker(LANGUAGE) for _ in range(2))
        assert list(once.sounds) == ["ma1"] and np.array_equal(once.sounds["ma1"], again.sounds["ma1"])
        assert "hng5" in str(once.problems[0])


@pytest.mark.parametrize("seconds", [0.12, 0.2, 0.35, 0.5])
def test_a_stretched_sound_keeps_its_pitch_and_loudness(seconds):
    sound = glide(220, 220, 0.35, RATE)
    made = stretched(sound, round(seconds * RATE))
    assert len(made) == round(seconds * RATE) and made.dtype == np.float32
    middle = made[len(made) // 4 : -len(made) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), RATE))
    assert np.argmax(spectrum) == pytest.approx(220, abs=12)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(np.sqrt(np.mean(sound[1600:-1600] ** 2)), rel=0.2)


class TestSaying:
    dry = Delivery()

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("document", NEWS, ids=[document.id for document in NEWS])
    def test_times_are_true(self, li, document, mode):
        script = script_of(document)
        for seed, delivery in enumerate([replace(self.dry, mode=mode), replace(self.dry, mode=mode, pitch=1.08, speed=0.85)]):
            said = say(script, li, delivery, generator(seed))
            times = np.array([stretch for stretch in said.characters if stretch])
            assert [stretch is not None for stretch in said.characters] == [bool(syllable) for syllable in script.syllables]
            assert (times[:, 1] - times[:, 0] > 0.06).all() and (np.diff(times[:, 0]) > 0).all()
            assert (times[1:, 0] >= times[:-1, 1] - 1e-9).all()
            assert times[0, 0] > 0 and times[-1, 1] < len(said.waveform) / RATE
            for start, end in times:
                middle = said.waveform[round((start + 0.2 * (end - start)) * RATE) : round((end - 0.2 * (end - start)) * RATE)]
                assert np.sqrt(np.mean(middle**2)) > 0.02
            for start, end, _ in said.pauses:
                inside = said.waveform[round((start + 0.003) * RATE) : round((end - 0.003) * RATE)]
                assert np.abs(inside).max() < 0.01  # what resampling leaves of an edge

    def test_pauses_lie_between_words(self, li):
        document = NEWS[1]
        script = script_of(document)
        kinds = set()
        for seed in range(20):
            said = say(script, li, self.dry, generator(seed))
            starts = {stretch[0]: i for i, stretch in enumerate(said.characters) if stretch}
            for start, end, kind in said.pauses:
                behind = starts[end]
                before = max(i for i, stretch in enumerate(said.characters[:behind]) if stretch)
                assert script.borders & set(range(before + 1, behind + 1))
                low, high = (0.15, 0.4) if kind == "stop" else (0.02, 0.12)
                assert low - 1e-3 <= end - start <= high + 1e-3 and (kind == "stop") == (document.text[behind - 1] == "，")
                kinds.add(kind)
        assert kinds == {"word", "stop"}

    def test_without_pauses_there_are_none(self, li):
        for document in NEWS:
            said = say(script_of(document), li, replace(self.dry, mode="none"), generator())
            times = [stretch for stretch in said.characters if stretch]
            assert said.pauses == () and all(a[1] == b[0] for a, b in zip(times[:-1], times[1:], strict=True))
            assert pauses(said.waveform) == []

    def test_misleading_pauses_lie_inside_words(self, li):
        found = 0
        for seed in range(10):
            for document in NEWS:
                script = script_of(document)
                said = say(script, li, replace(self.dry, mode="misleading"), generator(seed))
                starts = {stretch[0]: i for i, stretch in enumerate(said.characters) if stretch}
                assert all(kind == "misplaced" and starts[end] not in script.borders for _, end, kind in said.pauses)
                found += len(said.pauses)
        assert found > 10

    def test_a_sure_pause_stands_at_every_border_and_nowhere_else(self, li):
        script = script_of_words(["南京", "市长，", "江大桥"])
        for seed in range(20):
            said = say(script, li, self.dry, generator(seed), pause=0.12)
            assert [end for _, end, _ in said.pauses] == [said.characters[i][0] for i in (2, 5)]
            assert all(0.8 * 0.12 - 1e-3 <= end - start <= 1.2 * 0.12 + 1e-3 for start, end, _ in said.pauses)
            assert len(pauses(said.waveform)) == 2

    def test_where_sure_pauses_lie_changes_nothing_else(self, li):
        made = [say(script_of_words(words), li, self.dry, generator(3), 0.1) for words in (["杭州", "南京"], ["杭", "州南京"])]
        lengths = [[end - start for start, end in said.characters] for said in made]
        assert np.allclose(*lengths, atol=0.03)  # what fades into a neighbour is shorter

    def test_entity_borders_pause_no_more_than_others(self):
        text = "今天我们一起到杭州去看他"
        plain, marked = (script_of(Document(text, spans)) for spans in ((), (Span(7, 9, "LOC"),)))
        assert plain == marked
        speaker = spoken(text)
        assert say(plain, speaker, self.dry, generator()).pauses == say(marked, speaker, self.dry, generator()).pauses

    def test_a_pause_can_be_heard(self, li):
        said = say(script_of(NEWS[1]), li, replace(self.dry, decay=0.1, direct_db=15, noise="pink", snr_db=25), generator(1))
        (stop,) = [pause for pause in said.pauses if pause[2] == "stop"]
        assert any(abs(start - stop[0]) < 0.08 and abs(end - stop[1]) < 0.05 for start, end in pauses(said.waveform))

    def test_speed_and_pitch_do_what_they_say(self):
        speaker = Speaker("li", "recordings", {"ma1": glide(200, 200, 0.4, RATE)})
        script = script_of(Document("妈妈妈", readings=dict.fromkeys(range(3), "ma1")))
        plain, fast, high = (
            say(script, speaker, replace(self.dry, mode="none", **changed), generator())
            for changed in ({}, {"speed": 1.15}, {"pitch": 1.1})
        )
        lengths = [said.characters[-1][1] - said.characters[0][0] for said in (plain, fast, high)]
        assert lengths[0] / lengths[1] == pytest.approx(1.15, rel=0.05) and lengths[0] == pytest.approx(lengths[2], rel=0.05)
        pitches = [np.argmax(np.abs(np.fft.rfft(said.waveform, RATE))) for said in (plain, high)]
        assert pitches[1] / pitches[0] == pytest.approx(1.1, rel=0.03)

    def test_noise_is_as_loud_as_it_says(self, li):
        quiet, noisy = (
            say(script_of(NEWS[0]), li, replace(self.dry, noise=noise, snr_db=20), generator()) for noise in ("", "white")
        )
        start, end = (round(time * RATE) for time in (quiet.characters[0][0], quiet.characters[-2][1]))
        voice, noise = (
            np.mean(said.waveform[part] ** 2) for said, part in ((noisy, slice(start, end)), (noisy, slice(0, start - 200)))
        )
        assert 10 * np.log10(voice / noise) == pytest.approx(20, abs=2.5)

    def test_what_the_speaker_lacks_is_told(self):
        speaker = Speaker("li", "recordings", {"hang2": glide(), "zhou4": glide()})
        said = say(script_of(Document("杭州话")), speaker, self.dry, generator())
        assert said.replaced == {1: "zhou4"} and said.unsaid == (2,) and said.characters[2] is None
        with pytest.raises(InputError, match="nothing that li can say in a text of 2 characters"):
            say(script_of(Document("不要")), speaker, self.dry, generator())

    def test_an_unknown_mode_is_refused(self):
        with pytest.raises(ConfigError, match="no mode 'sung'"):
            drawn_delivery("sung", generator())


class TestBuilding:
    def contents(self, folder):
        return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    def test_a_corpus_is_spoken(self, li, tmp_path):
        seen = []
        report = build_utterances(tmp_path / "out", NEWS, [li], Plan(), observe=lambda done, total: seen.append((done, total)))
        read = formats.read(tmp_path / "out" / "corpus.jsonl")
        assert [replace(document, audio=None, meta={}) for document in read] == NEWS
        rows = [json.loads(line) for line in (tmp_path / "out" / "construction.jsonl").read_text().splitlines()]
        for document, row in zip(read, rows, strict=True):
            assert document.audio == str(tmp_path / "out" / row["audio"])
            assert read_speech(document.audio).seconds == pytest.approx(row["seconds"], abs=1e-3)
            assert len(row["characters"]) == len(row["syllables"]) == len(document.text)
            assert row["speaker"] == "li" and row["mode"] == document.meta["pauses"] in MODES and row["delivery"]["snr_db"] >= 15
        assert seen == [(1, 3), (2, 3), (3, 3)] and report.card["utterances"] == 3
        assert "It is not AISHELL-1" in (tmp_path / "out" / "README.md").read_text()
        assert json.loads((tmp_path / "out" / "card.json").read_text()) == report.card
        assert report.size_bytes == sum(map(len, self.contents(tmp_path / "out").values()))
        assert [path.name for path in tmp_path.iterdir()] == ["out"]

    def test_it_is_the_same_each_time_whatever_else_is_said(self, li, tmp_path):
        others = spoken("他来了")
        both = [li, Speaker("zhao", "recordings", {**others.sounds, **li.sounds})]
        orders = {"a": NEWS, "b": NEWS, "c": NEWS[::-1], "d": NEWS[1:2]}
        made = {}
        for name, documents in orders.items():
            build_utterances(tmp_path / name, documents, both, Plan(seed=3), processes=2 if name == "b" else 1)
            made[name] = self.contents(tmp_path / name)
        assert made["a"] == made["b"]
        for name in ("c", "d"):
            for document in orders[name]:
                file = f"{document.id}.flac"
                assert made[name][file] == made["a"][file]
        build_utterances(tmp_path / "e", NEWS, both, Plan(seed=4))
        assert self.contents(tmp_path / "e")["news-1.flac"] != made["a"]["news-1.flac"]

    def test_modes_have_their_shares(self):
        drawn = [Plan(share_none=0.2, share_misleading=0.1).drawn_mode(generator(seed)) for seed in range(1000)]
        assert drawn.count("none") == pytest.approx(200, abs=40) and drawn.count("misleading") == pytest.approx(100, abs=30)
        assert {Plan("misleading").drawn_mode(generator(seed)) for seed in range(100)} == {"misleading"}

    @pytest.mark.parametrize("shares", [(-0.1, 0), (0.6, 0.6), (float("nan"), 0)])
    def test_shares_that_are_none_are_refused(self, shares):
        with pytest.raises(ConfigError, match="at most 1"):
            Plan("natural", *shares)

    def test_sure_pauses_can_be_asked_for(self, li, tmp_path):
        document = Document("南京市长江大桥", id="mayor", meta={"words": "南京|市长|江大桥"})
        plan = Plan(share_none=0, share_misleading=0, pause=0.1)
        for seed in range(3):
            build_utterances(tmp_path / str(seed), [document], [li], replace(plan, seed=seed))
            row = json.loads((tmp_path / str(seed) / "construction.jsonl").read_text())
            assert [kind for _, _, kind in row["pauses"]] == ["word", "word"]
        many = [replace(document, id=str(number)) for number in range(9)]
        build_utterances(tmp_path / "held", many, [li], plan, hold_out=8)
        rows = map(json.loads, (tmp_path / "held" / "construction.jsonl").read_text().splitlines())
        assert [len(row["pauses"]) for row in rows if row["mode"] == "natural"] == [2] * 9
        with pytest.raises(ConfigError, match="--pause: expected 0.02 to 2.0 seconds, got 0"):
            replace(plan, pause=0.0)

    def test_what_cannot_be_said_stays_without_speech(self, li, tmp_path):
        mute = [Document("OK!", id="mute"), Document("", id="empty"), Document("长" * 601, id="long"), NEWS[0]]
        report = build_utterances(tmp_path / "out", mute, [li], Plan())
        read = formats.read(tmp_path / "out" / "corpus.jsonl")
        assert [bool(document.audio) for document in read] == [False, False, False, True]
        assert [document.meta["pauses"] for document in read[:3]] == ["mute"] * 3
        assert [row["id"] for row in report.card["without_speech"]] == ["mute", "empty", "long"]
        with pytest.raises(InputError, match="none of 3 documents can be said; the first: there is nothing"):
            build_utterances(tmp_path / "other", mute[:3], [li], Plan())
        assert not (tmp_path / "other").exists()

    def test_strange_and_repeated_names_get_files_of_their_own(self, li, tmp_path):
        named = [Document("杭州", id=name) for name in ("../a/b", "好", "same", "same", "SAME", "x\ud83d")]
        build_utterances(tmp_path / "out", named, [li], Plan())
        files = [document.audio for document in formats.read(tmp_path / "out" / "corpus.jsonl")]
        assert len({file.lower() for file in files}) == 6 and len(list((tmp_path / "out" / "audio").iterdir())) == 6

    def test_what_is_held_out_is_spoken_every_way_and_the_rest_as_ever(self, li, tmp_path):
        documents = [*NEWS, replace(NEWS[0], id="more-1"), replace(NEWS[1], id="more-2", meta={"title": "桥"})]
        plan = Plan(share_none=0.5, seed=3)
        whole = build_utterances(tmp_path / "whole", documents, [li], plan)
        parts = build_utterances(tmp_path / "parts", documents, [li], plan, processes=2, hold_out=2)
        before, after = self.contents(tmp_path / "whole"), self.contents(tmp_path / "parts")
        assert "corpus.jsonl" not in after and "train.jsonl" not in before

        corpus = {document.id: document for document in formats.read(tmp_path / "whole" / "corpus.jsonl")}
        train, dev = (formats.read(tmp_path / "parts" / part) for part in ("train.jsonl", "dev.jsonl"))
        assert len(train) == 3
        for document in train:
            assert replace(document, audio=None) == replace(corpus[document.id], audio=None)
            assert after[f"{document.id}.flac"] == before[f"{document.id}.flac"]
        said, again = ([json.loads(line) for line in made["construction.jsonl"].splitlines()] for made in (before, after))
        assert again[:3] == [row for row in said if row["id"] in {document.id for document in train}]

        held = [document.id for document in dev[:2]]
        suffixes = {"natural": "", "none": ".none", "misleading": ".misleading", "mute": ".mute"}
        named = [(f"{name}{suffix}", mode) for mode, suffix in suffixes.items() for name in held]
        assert [(document.id, document.meta["pauses"]) for document in dev] == named
        assert [document.audio and document.audio.rpartition("/")[2] for document in dev] == [
            None if mode == "mute" else f"{name}.flac" for name, mode in named
        ]
        assert [(row["id"], row["mode"]) for row in again[3:]] == named[:6]
        for name in held:  # by the same voice in the same room
            of_it = [row for row in again if row["id"].partition(".")[0] == name]
            assert all((row["speaker"], row["delivery"]) == (of_it[0]["speaker"], of_it[0]["delivery"]) for row in of_it)

        assert (whole.card["held_out"], parts.card["held_out"], parts.card["documents"], parts.card["utterances"]) == (0, 2, 5, 9)
        readme = after["README.md"].decode()
        assert "`dev.jsonl` holds 2 of the documents" in readme and "X.mute without a recording" in readme
        assert "held out" not in before["README.md"].decode()

    def test_the_seed_holds_out(self, li, tmp_path):
        held = []
        for seed in (1, 1, 2, 3, 4, -5):
            takes = takes_of(NEWS * 9, 9, seed)
            held.append([take.file for take in takes if take.mode == "natural"])
        assert held[0] == held[1] and len({tuple(names) for names in held}) == 5

    def test_what_cannot_be_said_is_held_out_all_the_same(self, li, tmp_path):
        build_utterances(
            tmp_path / "out", [Document("OK!", id="ok"), Document("OK?", id="no"), *NEWS], [li], Plan(seed=1), hold_out=4
        )
        dev = formats.read(tmp_path / "out" / "dev.jsonl")
        assert len(dev) == 16 and all(sum(d.meta["pauses"] == mode for d in dev) == 4 for mode in (*MODES, "mute"))
        assert {bool(document.audio) for document in dev if document.text.startswith("OK")} == {False}

    def test_too_many_or_too_few_cannot_be_held_out(self, li, tmp_path):
        for number in (0, -1):
            with pytest.raises(ConfigError, match=f"--hold-out: expected a number from 1 on, got {number}"):
                build_utterances(tmp_path / "out", NEWS, [li], Plan(), hold_out=number)
        for number in (3, 4):
            with pytest.raises(InputError, match=f"--hold-out: {number} of 3 documents leave nothing to learn from"):
                build_utterances(tmp_path / "out", NEWS, [li], Plan(), hold_out=number)
        twins = [replace(document, id=name) for document, name in zip(NEWS, ("a", "a.none", "a.mute"), strict=True)]
        with pytest.raises(InputError, match=r"--hold-out: a would be called a\.\w+ too"):
            for seed in range(9):
                takes_of(twins, 1, seed)
        assert not (tmp_path / "out").exists()

    def test_nothing_to_build_from_is_refused(self, li, tmp_path):
        for documents, people, message in [
            ([], [li], "no documents"),
            (NEWS, [], "nobody to say"),
            (NEWS, [li, li], "two speakers"),
        ]:
            with pytest.raises(InputError, match=message):
                build_utterances(tmp_path / "out", documents, people, Plan())
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("mine")
        with pytest.raises(InputError, match="is not empty and holds no built speech"):
            build_utterances(tmp_path / "mine", NEWS, [li], Plan())

    def test_what_was_built_before_stays_if_building_fails(self, li, tmp_path, monkeypatch):
        build_utterances(tmp_path / "out", NEWS, [li], Plan())
        before = self.contents(tmp_path / "out")
        monkeypatch.setattr(utterance_building, "readme_of", lambda card: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build_utterances(tmp_path / "out", NEWS[:1], [li], Plan())
        assert self.contents(tmp_path / "out") == before and len(list(tmp_path.iterdir())) == 1
        monkeypatch.undo()
        build_utterances(tmp_path / "out", NEWS[:1], [li], Plan())
        assert len(list((tmp_path / "out" / "audio").iterdir())) == 1


class TestCommand:
    def build(self, capsys, *arguments):
        status = main(["build", "utterances", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    def test_it_reports(self, corpus, wang, tmp_path, capsys):
        (wang / "mi4.wav").write_bytes((wang / "hang2.wav").read_bytes())
        (wang / "notes.txt").write_text("")
        arguments = ("--data", corpus, "--recordings", wang, "--out", tmp_path / "out", "--mode", "misleading", "--seed", 7)
        status, out, err = self.build(capsys, *arguments)
        assert status == 0, err
        assert "3 utterances" in out and "3 misleading" in out and "a second" in out and "notes.txt: is no recording" in out
        assert "wang: mi3 as mi4 (1)" in out and "not said, for want of a sound: wang: you3 (1)" in out
        status, out, _ = self.build(capsys, *arguments, "--limit", 2, "--json")
        report = json.loads(out)
        assert status == 0 and report["utterances"] == 2 and report["modes"] == {"misleading": 2}
        assert "--seed 7" in report["command"] and "--limit 2" in report["command"] and len(report["data_sha256"]) == 64
        assert len(formats.read(tmp_path / "out" / "corpus.jsonl")) == 2
        status, out, _ = self.build(capsys, *arguments, "--hold-out", 1)
        assert status == 0 and "held out: 1 documents, in dev.jsonl" in out and "3 misleading, 1 natural, 1 none" in out
        assert "--hold-out 1" in (tmp_path / "out" / "README.md").read_text()

    def test_misuse_is_told(self, corpus, wang, tmp_path, capsys):
        out = ("--recordings", wang, "--out", tmp_path / "out")
        (tmp_path / "blank.jsonl").write_text("\n")
        (tmp_path / "empty").mkdir()
        for arguments, message in [
            (("--data", tmp_path / "nowhere.jsonl", *out), "cannot be read"),
            (("--data", tmp_path / "blank.jsonl", "--format", "jsonl", *out), "holds no documents"),
            (("--data", corpus, *out, "--recordings", tmp_path / "empty"), "holds no recording of a syllable"),
            (("--data", corpus, *out, "--recordings", tmp_path / "gone"), "the recordings cannot be read"),
            (("--data", corpus, *out, "--mode", "sung"), "no mode 'sung'"),
            (("--data", corpus, *out, "--share-none", "2"), "at most 1"),
            (("--data", corpus, *out, "--limit", "0"), "--limit: expected"),
            (("--data", corpus, *out, "--hold-out", "0"), "--hold-out: expected"),
            (("--data", corpus, *out, "--hold-out", "3"), "--hold-out: 3 of 3 documents leave nothing"),
            (("--data", corpus, *out, "--processes", "0"), "--processes: expected"),
            (("--data", corpus, *out, "--voice", "en"), "does not speak Pinyin|no eSpeak NG"),
            (("--data", corpus, "--recordings", wang, "--out", wang), "holds no built speech"),
        ]:
            status, _, err = self.build(capsys, *arguments)
            assert status == 2 and any(part in err for part in message.split("|")), (arguments, err)
        assert not (tmp_path / "out").exists()

    def test_without_espeak_it_is_said_how_to_get_it(self, corpus, tmp_path, capsys, silent):
        status, _, err = self.build(capsys, "--data", corpus, "--out", tmp_path / "out")
        assert status == 2 and "pip install espeakng-loader" in err
