"""The process-wide object: which texts are refused, which model answers, what is still to learn."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

import engine.checkpoint
import engine.tagger
from engine import formats
from engine.document import Document, Span
from engine.errors import CheckpointError, InputError
from engine.samples import examples
from engine.shipped import DEFAULT
from engine.systems import get
from tests.engine.systems.picturing import drawn
from workbench import checkpoints as checkpoints_module
from workbench.errors import UserError
from workbench.services import LONGEST, Services, check_text
from workbench.settings import Settings
from workbench.store import Store


class Shelf:
    """Stands for the checkpoints on disk and counts what is loaded."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        self.infos = [self.info(name) for name in names]
        self.loaded: list[str] = []
        self.sought: list[str] = []
        self.vector_tables: dict[str, Any] = {}

    def info(self, name: str) -> Any:
        path = self.folder / name
        path.mkdir(parents=True)
        (path / "model.safetensors").write_bytes(b"weights")
        system = "m3t" if name == "large" else "bilstm-crf"
        return SimpleNamespace(name=name, path=path, digest=name * 8, labels=("PER", "LOC"), system=system)

    def catalogue(self, *roots: Path) -> list[Any]:
        return list(self.infos)

    def find(self, name: str, *roots: Path) -> Any:
        self.sought.append(str(name))
        for info in self.infos:
            if str(name) in (info.name, str(info.path)):
                return info
        raise CheckpointError(f"there is no checkpoint {name}")

    @staticmethod
    def options_of(info: Any) -> Any:
        return get(info.system).Config()

    def load(self, path: Path, *roots: Path) -> Any:
        self.loaded.append(path.name)
        used = {"large": "speech", "other": "image"}.get(path.name)
        looks = used == "image"
        system = SimpleNamespace(
            vector_tables=self.vector_tables,
            config=None,
            uses=lambda config, modality: modality in ("text", used),
            looked_at=lambda document: document.images if looks else (),
        )
        return SimpleNamespace(predict=self.predict, system=system)

    @staticmethod
    def predict(documents: list[Document], *, explain: bool = False) -> list[Any]:
        spans = (Span(0, 1, "PER", 0.9),)
        return [SimpleNamespace(document=document.with_spans(spans), evidence=explain, seconds=0.01) for document in documents]


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path / "shelf", "small", "large", "other")
    monkeypatch.setattr(engine.checkpoint, "catalogue", made.catalogue)
    monkeypatch.setattr(engine.checkpoint, "options_of", made.options_of)
    monkeypatch.setattr(engine.checkpoint, "find", made.find)
    monkeypatch.setattr(engine.tagger, "load", made.load)
    monkeypatch.setattr(checkpoints_module.hearing, "warm", lambda: None)
    return made


@pytest.fixture
def services(shelf: Shelf, tmp_path: Path) -> Any:
    settings = Settings(host="127.0.0.1", port=7860, workspace=tmp_path, database=f"sqlite:///{tmp_path / 'duomo.db'}")
    store = Store.open(settings.database)
    store.settings.set("checkpoint", "small")
    yield Services(settings, store)
    store.close()


def save(services: Services, text: str, key: str, *spans: Span) -> int:
    return services.store.save(text, spans, author="", labels=["PER"], client_key=key).id


@pytest.mark.parametrize(
    "text",
    [
        *(example.text for example in examples()),
        "一",
        "字" * LONGEST,
        "第一行\r\n\t第二行\n",
        "𠮷野家😀👨‍👩‍👧",
        "\u200b\u202e",
        "<b>${1+1}</b>",
    ],
)
def test_a_text_that_can_be_read_is_accepted(text: str) -> None:
    check_text(text)


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("", "analyse.empty.error", {}),
        (" \n\t\u3000", "analyse.empty.error", {}),
        ("字" * (LONGEST + 1), "analyse.long.error", {"length": LONGEST + 1, "longest": LONGEST}),
        ("张\x07三", "analyse.control.error", {"position": 2, "code": "U+0007"}),
        ("张三\x00", "analyse.control.error", {"position": 3, "code": "U+0000"}),
        ("\x85", "analyse.empty.error", {}),
        ("好\x9b", "analyse.control.error", {"position": 2, "code": "U+009B"}),
        ("好\ud83d", "analyse.control.error", {"position": 2, "code": "U+D83D"}),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_what_to_do(text: str, key: str, values: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refused:
        check_text(text)
    assert (refused.value.key, refused.value.values) == (key, values)


def test_two_taggers_stay_loaded(services: Services, shelf: Shelf) -> None:
    for name in ("small", "large", "small", "other", "small", "large"):
        services.analyse("王五", name)
    assert shelf.loaded == ["small", "large", "other", "large"]


def test_many_at_once_load_one_tagger(services: Services, shelf: Shelf) -> None:
    threads = [threading.Thread(target=services.analyse, args=("王五",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shelf.loaded == ["small"]


def test_a_model_that_looks_at_characters_or_listens_makes_ready_what_that_takes(
    services: Services, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, listens = threading.Event(), threading.Event()
    monkeypatch.setattr(checkpoints_module.character_card, "warm", looks.set)
    monkeypatch.setattr(checkpoints_module.hearing, "warm", listens.set)
    services.analyse("李白来了。", "small")
    assert not looks.is_set() and not listens.is_set()
    shelf.vector_tables = {"glyph": object()}
    services.analyse("李白来了。", "other")
    assert looks.wait(5) and not listens.is_set()
    shelf.vector_tables = {}
    services.analyse("李白来了。", "large")
    assert listens.wait(5)


def test_the_empty_name_is_the_checkpoint_in_use_at_that_moment(services: Services) -> None:
    assert services.analyse("王五")[1].checkpoint.name == "small"
    services.store.settings.set("checkpoint", "large")
    assert services.analyse("王五")[1].checkpoint.name == "large"


def test_a_checkpoint_is_verified_again_only_when_its_weights_have_changed(services: Services, shelf: Shelf) -> None:
    for _ in range(3):
        services.analyse("王五")
    assert shelf.sought == ["small"]
    (shelf.folder / "small" / "model.safetensors").write_bytes(b"other weights")
    services.analyse("王五")
    assert shelf.sought == ["small", "small"]
    (shelf.folder / "small" / "model.safetensors").unlink()
    shelf.infos.clear()
    with pytest.raises(CheckpointError):
        services.analyse("王五")


def test_the_default_is_used_where_none_was_chosen_and_else_the_first(shelf: Shelf, services: Services) -> None:
    services.store.settings.set("checkpoint", "")
    assert services.checkpoints.in_use().name == "small"
    shelf.infos.append(shelf.info(DEFAULT))
    assert services.checkpoints.in_use().name == DEFAULT


def test_an_analysis_is_remembered_by_text_and_checkpoint(services: Services) -> None:
    key, analysis = services.analyse("王五")
    other, _ = services.analyse("王五", "large")
    assert key != other
    assert services.analysis(key) is analysis
    assert services.analysis("nothing") is None


def test_chosen_readings_go_to_the_model_and_make_an_analysis_of_their_own(services: Services) -> None:
    plain, _ = services.analyse("王五长大")
    key, analysis = services.analyse("王五长大", readings={2: "zhang3"})
    assert dict(analysis.prediction.document.readings) == {2: "zhang3"}
    assert key != plain and services.analysis(key) is analysis


@pytest.fixture
def said(tmp_path: Path) -> Path:
    """Two sounds with a pause between them, recorded in stereo."""
    tone, silence = 0.3 * np.random.default_rng(0).standard_normal(8000), np.zeros(4800)
    path = tmp_path / "王五 said.WAV"
    soundfile.write(path, np.stack([np.concatenate([tone, silence, tone])] * 2, axis=1).clip(-0.9, 0.9), 16_000, format="WAV")
    return path


def test_speech_is_kept_and_goes_to_the_model(services: Services, said: Path) -> None:
    plain, without = services.analyse("王五", "large")
    key, analysis = services.analyse("王五", "large", speech=said)
    kept = analysis.spoken
    assert kept and kept.path.parent == services.settings.workspace / "speech" and kept.path.suffix == ".wav"
    assert kept.path.read_bytes() == said.read_bytes() and [*kept.path.parent.iterdir()] == [kept.path]
    assert analysis.prediction.document.audio == str(kept.path) and analysis.listens
    assert (round(kept.seconds, 2), len(kept.pauses), kept.remarks) == (1.3, 1, ("stereo",))
    assert key != plain and services.analysis(key) is analysis
    assert without.spoken is None and without.prediction.document.audio is None


def test_a_correction_is_learned_with_its_recording_while_that_is_there(services: Services, said: Path) -> None:
    kept = services.keep_speech(said).path
    words = {"author": "老师", "labels": ["PER"], "recording": kept.name}
    services.store.save("王五", [Span(0, 2, "PER")], client_key="k1", **words)
    assert [document.audio for document in services.learning.corrections()] == [str(kept)]
    kept.unlink()
    assert [document.audio for document in services.learning.corrections()] == [None]


def test_kept_speech_is_never_overwritten_nor_copied_again(services: Services, said: Path) -> None:
    kept = services.keep_speech(said).path
    before = kept.stat().st_mtime_ns
    said.rename(said.with_name("another.wav"))
    assert services.keep_speech(said.with_name("another.wav")).path == kept
    assert services.keep_speech(kept).path == kept
    assert kept.stat().st_mtime_ns == before and len([*services.speech_folder.iterdir()]) == 1


@pytest.mark.parametrize("content", [b"", "这不是录音".encode()])
def test_a_text_is_answered_though_its_speech_cannot_be_read(services: Services, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong.wav").write_bytes(content)
    key, analysis = services.analyse("王五", "large", speech=tmp_path / "wrong.wav")
    assert analysis.unheard.startswith("wrong.wav ") and str(tmp_path) not in analysis.unheard
    assert analysis.spoken is None and analysis.prediction.document.spans and services.analysis(key) is analysis
    assert not services.speech_folder.exists()


def test_a_text_is_heard_otherwise_with_all_else_as_it_was(services: Services, said: Path, tmp_path: Path) -> None:
    _, first = services.analyse("王五", "large", {0: "wang4"}, said)
    assert first.spoken
    moved = services.shift_speech(first.spoken, -0.2)
    again, without = services.hear_otherwise(first, moved.path), services.hear_otherwise(first, None)
    for other in (again, without):
        assert other.checkpoint is first.checkpoint and other.prediction.document.readings == {0: "wang4"}
    assert again.spoken and again.spoken.path == moved.path and again.spoken.path.parent == services.speech_folder
    assert without.spoken is None and not without.listens
    (tmp_path / "notes.wav").write_text("这不是录音", encoding="utf-8")
    with pytest.raises(InputError, match="notes.wav cannot be decoded"):
        services.hear_otherwise(first, tmp_path / "notes.wav")


@pytest.mark.parametrize("seconds", [1.3, -1.3, 9.0, 1.299, float("nan")])
def test_speech_is_not_shifted_out_of_hearing(services: Services, said: Path, seconds: float) -> None:
    with pytest.raises(UserError) as refused:
        services.shift_speech(services.keep_speech(said), seconds)
    assert (refused.value.key, refused.value.values) == ("analyse.shift.error", {"longest": "1.30"})


def test_speech_is_written_down_by_the_recogniser_of_the_settings(
    services: Services, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.modalities.recognition.recognise", lambda file, model: f"{model} hears {file.name}")
    services.settings = replace(services.settings, asr="whisper")
    assert services.recognise(said) == "whisper hears 王五 said.WAV"


def test_it_is_known_which_models_listen(services: Services, said: Path) -> None:
    assert [info.name for info in services.checkpoints.listening()] == ["large"]
    assert not services.analyse("王五", "small", speech=said)[1].listens


def test_a_recording_that_is_too_big_is_refused_unread(services: Services, said: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.spoken.LARGEST", 1000)
    assert "MB is the most" in services.analyse("王五", speech=said)[1].unheard


def test_the_memory_of_analyses_is_bounded(services: Services) -> None:
    first, _ = services.analyse("第零句")
    for number in range(100):
        services.analyse(f"第{number + 1}句")
    assert services.analysis(first) is None


def test_only_a_short_text_is_explained(services: Services) -> None:
    assert services.analyse("王五")[1].prediction.evidence is True
    assert services.analyse("王" * 5000)[1].prediction.evidence is False


def test_a_checkpoint_that_is_gone_is_said_to_be(services: Services) -> None:
    services.store.settings.set("checkpoint", "gone")
    with pytest.raises(CheckpointError):
        services.analyse("王五")


def test_without_any_checkpoint_the_user_is_told_where_to_put_one(services: Services, shelf: Shelf) -> None:
    shelf.infos.clear()
    services.store.settings.set("checkpoint", "")
    with pytest.raises(UserError) as refused:
        services.checkpoints.in_use()
    assert refused.value.values == {"folder": services.checkpoints.folder}


def test_the_command_lines_checkpoint_is_taken_into_use(shelf: Shelf, services: Services) -> None:
    settings = Settings(host="", port=1, workspace=services.settings.workspace, database="", checkpoint="large")
    assert Services(settings, services.store).checkpoints.in_use().name == "large"


def test_the_checkpoint_begun_with_can_still_be_chosen_when_another_is_in_use(shelf: Shelf, services: Services) -> None:
    settings = Settings(host="", port=1, workspace=services.settings.workspace, database="", checkpoint="large")
    begun = Services(settings, services.store)
    shelf.infos, kept = [], shelf.infos
    services.store.settings.set("checkpoint", "")
    assert begun.checkpoints.all() == []
    shelf.infos = kept
    assert {info.name for info in begun.checkpoints.all()} == {"small", "large", "other"}


def test_a_failed_warm_up_stays_in_the_log(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    services.store.settings.set("checkpoint", "gone")
    services._warm()
    assert "there is no checkpoint gone" in caplog.text


def test_the_warm_up_makes_ready_a_model_that_listens(services: Services, shelf: Shelf) -> None:
    services._warm()
    assert shelf.loaded == ["small", "large"] and not services.speech_folder.exists()
    shelf.infos = [info for info in shelf.infos if info.system != "m3t"]
    services._warm()
    assert shelf.loaded == ["small", "large"]


def test_a_label_can_be_added_once_and_is_offered_from_then_on(services: Services) -> None:
    services.add_label(" TIME ")
    services.add_label("TIME")
    services.add_label("PER")
    assert services.labels() == ["PER", "LOC", "TIME"]
    assert services.labels("FOOD", "PER") == ["PER", "LOC", "TIME", "FOOD"]


@pytest.mark.parametrize("name", ["", "  ", "A B", "A\tB", "字" * 25, "A\x00"])
def test_what_cannot_be_a_label_is_refused(services: Services, name: str) -> None:
    with pytest.raises(UserError, match="annotate.label.error"):
        services.add_label(name)


def test_what_is_left_to_learn_depends_on_the_checkpoint_in_use(services: Services) -> None:
    first = save(services, "王五来了。", "a", Span(0, 2, "PER"))
    save(services, "赵六来了。", "b", Span(0, 2, "PER"))
    assert [document.text for document in services.learning.corrections()] == ["王五来了。", "赵六来了。"]
    services.store.settings.set("learned.small", first)
    assert [document.text for document in services.learning.corrections()] == ["赵六来了。"]
    services.store.settings.set("checkpoint", "large")
    assert len(services.learning.corrections()) == 2


def test_a_project_is_learned_by_itself(services: Services) -> None:
    save(services, "王五来了。", "a", Span(0, 2, "PER"))
    other = services.store.projects.create("二").id
    services.store.save("赵六来了。", [Span(0, 2, "PER")], author="", labels=["PER"], client_key="b", project=other)
    assert [document.text for document in services.learning.corrections()] == ["王五来了。"]
    assert [document.text for document in services.learning.corrections(other)] == ["赵六来了。"]


def test_a_job_taken_into_use_is_the_one_in_use_and_has_learned(
    services: Services, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shelf.info("small-20260102-0304")
    services.store.settings.set("learned.small", 4)
    monkeypatch.setattr(services.jobs, "get", lambda job: SimpleNamespace(last_revision=9, project=2, parent="small"))
    monkeypatch.setattr(services.jobs, "promote", lambda job, root, override: made)
    shelf.infos.append(made)
    services.learning.use("any")
    assert services.checkpoints.in_use() is made
    assert services.learning.learned(2) == 9 and services.learning.learned() == 4 and services.learning.learned(3) == 0


def test_a_text_is_found_in_the_store_by_all_of_it(services: Services) -> None:
    save(services, "王五来了。真的。", "a")
    save(services, "王五来了。", "b")
    found = services.store.find("王五来了。")
    assert found is not None and found.text == "王五来了。"
    assert services.store.find("王五") is None


def test_pictures_are_kept_and_given_to_the_model(services: Services, tmp_path: Path) -> None:
    red, blue = (drawn(tmp_path, shape) for shape in ("red", "blue"))
    _, analysis = services.analyse("王五", "other", pictures=[red, blue])
    images = analysis.prediction.document.images
    assert [Path(image).parent for image in images] == [services.picture_folder] * 2 and images[0] != images[1]
    assert analysis.looks and [picture.name for picture in analysis.looked_at] == ["red-0.png", "blue-0.png"]
    _, without = services.analyse("王五", "small", pictures=images)
    assert not without.looks and without.looked_at == () and len(without.pictures) == 2


def test_a_correction_is_learned_and_exported_with_the_pictures_that_are_there(services: Services, tmp_path: Path) -> None:
    red, blue = (services.keep_picture(drawn(tmp_path, shape)).path for shape in ("red", "blue"))
    words = {"author": "老师", "labels": ["PER"], "pictures": [blue.name, red.name]}
    services.store.save("王五", [Span(0, 2, "PER")], client_key="k1", **words)
    assert [document.images for document in services.learning.corrections()] == [(str(blue), str(red))]
    formats.write(services.learning.corrections(), tmp_path / "export.jsonl")
    assert [document.images for document in formats.read(tmp_path / "export.jsonl")] == [(str(blue), str(red))]
    blue.unlink()
    assert [document.images for document in services.learning.corrections()] == [(str(red),)]


def test_a_picture_that_cannot_be_read_is_told_of_and_the_rest_is_answered(services: Services, tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_text("<html>404</html>", encoding="utf-8")
    _, analysis = services.analyse("王五", "other", pictures=[tmp_path / "page.jpg", drawn(tmp_path, "red")])
    assert len(analysis.prediction.document.images) == 1 and "page.jpg" in analysis.unseen[0]
    assert str(tmp_path) not in analysis.unseen[0] and analysis.prediction.document.spans


def test_an_analysis_is_remembered_by_its_pictures_and_their_order(services: Services, tmp_path: Path) -> None:
    red, blue = (drawn(tmp_path, shape) for shape in ("red", "blue"))
    keys = {services.analyse("王五", "other", pictures=given)[0] for given in ((), (red,), (red, blue), (blue, red))}
    assert len(keys) == 4 and all(services.analysis(key) for key in keys)


def test_more_pictures_than_a_text_may_have_are_refused(services: Services, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="18 is the most"):
        services.analyse("王五", "other", pictures=[drawn(tmp_path, "red", number) for number in range(19)])


def test_what_is_heard_otherwise_is_seen_as_before(services: Services, tmp_path: Path) -> None:
    _, analysis = services.analyse("王五", "other", pictures=[drawn(tmp_path, "red")])
    paths = [picture.path for picture in analysis.pictures]
    assert [picture.path for picture in services.hear_otherwise(analysis, None).pictures] == paths


def test_models_that_look_are_found_by_what_their_systems_declare(services: Services, shelf: Shelf) -> None:
    assert [info.name for info in services.checkpoints.looking()] == []
    shelf.infos[2].system = "umt"
    assert [info.name for info in services.checkpoints.looking()] == ["other"]
    shelf.infos[1].system = "dghc"
    assert [info.system for info in services.checkpoints.looking()] == ["dghc", "umt"]  # what says more of it comes first
