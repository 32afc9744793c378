import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import formats
from engine.__main__ import main
from engine.document import Document, Span
from engine.errors import InputError
from engine.synthesis import picture_building
from engine.synthesis.picture_building import build_pictures
from engine.synthesis.picture_pairs import CORPUS, DEV, TRAIN, Plan
from engine.synthesis.picture_pool import Kinds, find_pictures

KINDS = Kinds.read()
COUNTS = {"Faces": 60, "pagoda": 60, "soccer_ball": 60, "laptop": 60, "bonsai": 60}
POSTS = [
    Document("王芳昨天到了杭州。", (Span(0, 2, "PER"), Span(6, 8, "GPE.NAM")), "post-1", meta={"title": "旅行"}),
    Document("华为发布了新手机", (Span(0, 2, "ORG"), Span(6, 8, "PRODUCT")), "post-2"),
    Document("明天见", (Span(0, 2, "TIME"),), "post-3"),
    Document("李明在北京", (Span(0, 2, "PER"), Span(3, 5, "LOC")), "post-4", audio="gone.wav", annotated=("PER", "LOC")),
]


def draw(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)).save(path)


def gallery(folder):
    """Fill a folder with pictures by kind, and some of flat files."""
    for n, (kind, count) in enumerate(COUNTS.items()):
        for number in range(count):
            draw(folder / kind / f"{number:03}.png", 1000 * n + number)
    draw(folder / "n02786058_Band_Aid.png", 9000)
    draw(folder / "n09193705_alp.JPEG", 9001)
    draw(folder / "n03000684_castle" / "1.png", 9002)
    (folder / "LICENCE.txt").write_text("mine")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return gallery(tmp_path_factory.mktemp("pictures") / "caltech101")


@pytest.fixture(scope="module")
def found(pictures):
    return find_pictures([pictures], KINDS)


@pytest.fixture
def corpus(tmp_path):
    formats.write(POSTS, tmp_path / "posts.jsonl")
    return tmp_path / "posts.jsonl"


def contents(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def rows(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def many(count, prefix="post"):
    return [replace(POSTS[i % len(POSTS)], id=f"{prefix}-{i}") for i in range(count)]


class TestFinding:
    def test_kinds_are_folders_or_stand_in_names(self, pictures, found):
        kinds = {picture.kind: picture.fits for picture in found.pictures}
        assert kinds == {
            **{"Faces": "PER", "pagoda": "LOC", "alp": "LOC", "castle": "LOC", "soccer_ball": "ORG", "laptop": "MISC"},
            "bonsai": "unrelated",
        }
        assert len(found.pictures) == 302 and found.unknown == {"Band_Aid": 1} and found.problems == ()
        (source,) = found.sources
        assert source["folder"] == "caltech101" and source["pictures"] == 302 and source["licence"].startswith("CC BY 4.0")
        assert {picture.source for picture in found.pictures} >= {"caltech101/pagoda/003.png", "caltech101/n09193705_alp.JPEG"}

    def test_the_order_of_folders_changes_nothing(self, tmp_path):
        for n, name in enumerate(("one", "two")):
            draw(tmp_path / name / "pagoda" / "1.png", n)
            draw(tmp_path / name / "Faces" / "1.png", 10 + n)
        ways = [("one", "two"), ("two", "one"), ("one", "two", "one")]
        drawn = [find_pictures([tmp_path / name for name in way], KINDS) for way in ways]
        assert drawn[0].pictures == drawn[1].pictures == drawn[2].pictures and len(drawn[0].pictures) == 4
        assert [source["pictures"] for source in drawn[2].sources] == [2, 2]

    def test_what_cannot_be_used_is_listed(self, tmp_path):
        for number in range(4):
            draw(tmp_path / "pagoda" / f"{number}.png", number)
        whole = (tmp_path / "pagoda" / "0.png").read_bytes()
        (tmp_path / "pagoda" / "cut.png").write_bytes(whole[: len(whole) // 2])
        (tmp_path / "pagoda" / "empty.jpg").write_bytes(b"")
        (tmp_path / "pagoda" / "text.jpg").write_bytes(b"no picture")
        (tmp_path / "pagoda" / "again.png").write_bytes(whole)
        (tmp_path / "Faces").mkdir()
        (tmp_path / "Faces" / "1.png").write_bytes((tmp_path / "pagoda" / "1.png").read_bytes())
        draw(tmp_path / "holiday.png", 99)
        found = find_pictures([tmp_path], KINDS)
        assert sorted(picture.file.name for picture in found.pictures) == ["0.png", "2.png", "3.png"]
        told = "\n".join(found.problems)
        assert len(found.problems) == 5
        for part in (
            *("holiday.png: names no kind", "cut.png is a PNG file that is damaged", "empty.jpg is empty", "text.jpg is a text"),
            "whose kind fits something else; neither is used",
        ):
            assert part in told

    def test_nothing_to_find_is_told(self, tmp_path):
        with pytest.raises(InputError, match="nowhere: the pictures cannot be read .No such file"):
            find_pictures([tmp_path / "nowhere"], KINDS)
        with pytest.raises(InputError, match="there are no pictures; give a folder with a folder for each kind"):
            find_pictures([tmp_path], KINDS)
        draw(tmp_path / "Unheard_of" / "1.png", 1)
        with pytest.raises(InputError, match="no picture is of a known kind, but of Unheard_of; name others with --kinds"):
            find_pictures([tmp_path], KINDS)
        (tmp_path / "pagoda").mkdir()
        (tmp_path / "pagoda" / "1.jpg").write_bytes(b"no picture")
        with pytest.raises(InputError, match="no picture can be used; the first of 1 problems is .*1.jpg is a text"):
            find_pictures([tmp_path], KINDS)


class TestBuilding:
    def test_a_corpus_is_given_pictures(self, found, tmp_path):
        seen = []
        report = build_pictures(
            tmp_path / "out", {CORPUS: POSTS}, found, KINDS, Plan(), observe=lambda done, total: seen.append((done, total))
        )
        read = rows(tmp_path / "out" / "corpus.jsonl")
        listed = {row["picture"]: row for row in rows(tmp_path / "out" / "pictures.jsonl")}
        for document, row in zip(POSTS, read, strict=True):
            assert (row["id"], row["text"], row.get("audio")) == (document.id, document.text, document.audio)
            assert "shown" not in row["meta"] and row["meta"].get("title") == document.meta.get("title")
            fitting = {KINDS.type_of(span.label) for span in document.spans}
            fits = [listed[image]["fits"] in fitting for image in row["images"]]
            assert row["meta"]["related"] == ",".join(str(int(value)) for value in fits)
            whole = "related" if all(fits) else "partly" if any(fits) else "unrelated"
            assert row["meta"]["pictures"] == whole
        assert read[3]["annotated"] == ["PER", "LOC"] and read[2]["meta"]["pictures"] == "unrelated"
        used = {image for row in read for image in row["images"]}
        assert used == listed.keys() == {f"pictures/{file.name}" for file in (tmp_path / "out" / "pictures").iterdir()}
        originals = {picture.source: picture.file.read_bytes() for picture in found.pictures}
        for name, row in listed.items():
            assert (tmp_path / "out" / name).read_bytes() == originals[row["source"]] and not row["held_out"]
        assert seen[-1] == (len(used), len(used)) and report.card["pictures"] == len(used)
        assert json.loads((tmp_path / "out" / "card.json").read_text(encoding="utf-8")) == report.card
        assert report.card["labels_without_pictures"] == {"TIME": 1}
        assert report.size_bytes == sum(map(len, contents(tmp_path / "out").values()))
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        readme = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
        assert "they are not what people posted with them" in readme and "CC BY 4.0" in readme and "dev.jsonl" not in readme

    def test_the_documents_come_back_with_their_pictures(self, found, tmp_path):
        build_pictures(tmp_path / "out", {CORPUS: POSTS}, found, KINDS, Plan())
        for document, original in zip(formats.read(tmp_path / "out" / "corpus.jsonl"), POSTS, strict=True):
            assert replace(document, images=(), meta=original.meta) == original
            assert document.images and all(Path(image).is_file() for image in document.images)

    def test_a_recording_is_found_from_the_new_place(self, found, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a.wav").write_bytes(b"sound")
        spoken = replace(POSTS[0], audio="a.wav", images=("old.jpg",))
        build_pictures(tmp_path / "out", {CORPUS: [spoken]}, found, KINDS, Plan())
        (row,) = rows(tmp_path / "out" / "corpus.jsonl")
        assert row["audio"] == str(tmp_path / "a.wav") and "old.jpg" not in row["images"]

    def test_it_is_the_same_each_time(self, pictures, found, tmp_path):
        parts = {TRAIN: many(20), DEV: many(10, "held")}
        for name in "ab":
            build_pictures(tmp_path / name, parts, find_pictures([pictures], KINDS), KINDS, Plan(seed=5))
        assert contents(tmp_path / "a") == contents(tmp_path / "b")
        build_pictures(tmp_path / "c", {**parts, TRAIN: parts[TRAIN][::-2]}, found, KINDS, Plan(seed=5))
        assert contents(tmp_path / "c")["dev.jsonl"] == contents(tmp_path / "a")["dev.jsonl"]
        train = {row["id"]: row for row in rows(tmp_path / "a" / "train.jsonl")}
        assert all(train[row["id"]] == row for row in rows(tmp_path / "c" / "train.jsonl"))
        build_pictures(tmp_path / "d", parts, found, KINDS, Plan(seed=6))
        assert contents(tmp_path / "d")["dev.jsonl"] != contents(tmp_path / "a")["dev.jsonl"]

    @pytest.mark.parametrize(("seed", "share"), [(0, 0.3), (1, 0.5), (2, 0.7)])
    def test_no_picture_is_in_both_parts(self, found, tmp_path, seed, share):
        parts = {TRAIN: many(80), DEV: many(40, "held")}
        report = build_pictures(tmp_path / "out", parts, found, KINDS, Plan(seed=seed, share_held=share))
        train, dev = (rows(tmp_path / "out" / part) for part in (TRAIN, DEV))
        seen, held = ({image for row in part for image in row.get("images", ())} for part in (train, dev))
        assert seen and held and not seen & held
        bytes_of = [{(tmp_path / "out" / name).read_bytes() for name in part} for part in (seen, held)]
        assert not bytes_of[0] & bytes_of[1]
        listed = rows(tmp_path / "out" / "pictures.jsonl")
        assert {row["picture"] for row in listed if row["held_out"]} == held and len(listed) == len(seen) + len(held)
        assert report.card["held_out"] == 40 and report.card["parts"][DEV]["documents"] == 40

        assert [row["meta"]["shown"] for row in dev] == ["drawn"] * 40 + ["related"] * 30 + ["unrelated"] * 40 + ["text"] * 40
        for row in dev:
            how, flags = row["meta"]["shown"], set(row["meta"]["related"].split(","))
            assert (
                how == "drawn"
                or (flags, row["meta"]["pictures"])
                == {
                    "related": ({"1"}, "related"),
                    "unrelated": ({"0"}, "unrelated"),
                    "text": ({""}, "none"),
                }[how]
            )
            assert ("images" in row) == (how != "text")
        assert "X.text without any" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")

    def test_too_few_pictures_are_told(self, found, tmp_path):
        few = [picture for picture in found.pictures if picture.fits != "LOC"]
        few += [picture for picture in found.pictures if picture.fits == "LOC"][:12]
        short = replace(found, pictures=tuple(few))
        build_pictures(tmp_path / "whole", {CORPUS: POSTS}, short, KINDS, Plan())
        with pytest.raises(InputError, match=r"\d of 12 pictures that fit LOC are for \w+.jsonl; a document may be given 9, so"):
            build_pictures(tmp_path / "out", {TRAIN: POSTS, DEV: POSTS}, short, KINDS, Plan())
        others = [POSTS[1]]  # to which places do not matter
        build_pictures(tmp_path / "others", {TRAIN: others, DEV: others}, short, KINDS, Plan(share_held=0.5))
        related = replace(found, pictures=tuple(picture for picture in found.pictures if picture.fits != "unrelated"))
        with pytest.raises(InputError, match="^0 pictures are unrelated to every type; a document may be given 9"):
            build_pictures(tmp_path / "out", {CORPUS: POSTS}, related, KINDS, Plan())
        assert not (tmp_path / "out").exists()

    def test_a_type_without_pictures_is_told(self, found, tmp_path):
        other = replace(found, pictures=tuple(picture for picture in found.pictures if picture.fits != "MISC"))
        report = build_pictures(tmp_path / "out", {CORPUS: POSTS}, other, KINDS, Plan())
        assert report.card["labels_without_pictures"] == {"PRODUCT": 1, "TIME": 1}
        assert "No kind of picture fits the entities of PRODUCT (1), TIME (1)." in (tmp_path / "out" / "README.md").read_text()

    def test_what_was_built_before_stays_if_building_fails(self, found, tmp_path, monkeypatch):
        build_pictures(tmp_path / "out", {CORPUS: POSTS}, found, KINDS, Plan())
        before = contents(tmp_path / "out")
        monkeypatch.setattr(picture_building, "readme_of", lambda card: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build_pictures(tmp_path / "out", {CORPUS: POSTS[:1]}, found, KINDS, Plan())
        assert contents(tmp_path / "out") == before and len(list(tmp_path.iterdir())) == 1
        monkeypatch.undo()
        build_pictures(tmp_path / "out", {TRAIN: POSTS[:1], DEV: POSTS[1:]}, found, KINDS, Plan(seed=1, share_held=0.5))
        assert not (tmp_path / "out" / "corpus.jsonl").exists() and (tmp_path / "out" / "dev.jsonl").exists()

    @pytest.mark.parametrize("card", [None, "{}", "[", '{"built": "speech"}'])
    def test_what_is_something_else_is_not_replaced(self, found, tmp_path, card):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("mine")
        if card:
            (tmp_path / "mine" / "card.json").write_text(card)
        for target in (tmp_path / "mine", tmp_path / "mine" / "thesis.txt"):
            with pytest.raises(InputError, match="is not empty and holds no built pairs; give another place with --out"):
                build_pictures(target, {CORPUS: POSTS}, found, KINDS, Plan())
        with pytest.raises(InputError, match=r"no documents for corpus\.jsonl"):
            build_pictures(tmp_path / "out", {CORPUS: []}, found, KINDS, Plan())


class TestCommand:
    def build(self, capsys, *arguments):
        status = main(["build", "pictures", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    def test_it_reports(self, corpus, pictures, tmp_path, capsys):
        damaged = tmp_path / "more" / "pagoda" / "cut.png"
        damaged.parent.mkdir(parents=True)
        damaged.write_bytes(b"no picture")
        arguments = ("--data", corpus, "--pictures", pictures, "--pictures", tmp_path / "more", "--out", tmp_path / "out")
        status, out, err = self.build(capsys, *arguments, "--seed", 7)
        assert status == 0, err
        assert "4 documents with built pairs" in out and "corpus.jsonl: 4 documents" in out and "no picture fits TIME (1)" in out
        assert "of unknown kinds: Band_Aid (1)" in out and "cut.png is a text" in out and "held out" not in out
        status, out, _ = self.build(capsys, *arguments, "--seed", 7, "--limit", 2, "--json")
        report = json.loads(out)
        assert status == 0 and report["documents"] == 2 and report["types"]["PER"]["labels"] == {"PER": 1}
        assert "--seed 7" in report["command"] and "--limit 2" in report["command"] and "--share-partly 0.25" in report["command"]
        assert report["command"].count("--pictures") == 2 and len(report["data_sha256"]["corpus.jsonl"]) == 64
        status, out, _ = self.build(capsys, *arguments, "--hold-out", 1)
        assert status == 0 and "held out: 1 documents" in out and "dev.jsonl: 1 documents" in out
        assert "--hold-out 1" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")

    def test_there_may_be_two_corpora(self, corpus, pictures, tmp_path, capsys):
        formats.write(many(6, "held"), tmp_path / "held.jsonl")
        arguments = ("--train", corpus, "--dev", tmp_path / "held.jsonl", "--pictures", pictures, "--out", tmp_path / "out")
        shares = ("--share-partly", 0, "--share-unrelated", 1, "--mean", 1)
        status, out, err = self.build(capsys, *arguments, *shares, "--json")
        assert status == 0, err
        parts = json.loads(out)["parts"]
        assert (
            parts["train.jsonl"]["pairings"] == {"related": 0, "partly": 0, "unrelated": 4} and parts["dev.jsonl"]["shown"] == 6
        )
        assert len(formats.read(tmp_path / "out" / "dev.jsonl")) == 6 + 5 + 6 + 6

    def test_kinds_may_be_ones_own(self, corpus, tmp_path, capsys):
        for n, kind in enumerate(("脸", "无关")):
            for number in range(9):
                draw(tmp_path / "mine" / kind / f"{number}.png", 100 * n + number)
        (tmp_path / "kinds.json").write_text('{"types": {"PER": ["脸"]}, "unrelated": ["无关"]}', encoding="utf-8")
        arguments = ("--data", corpus, "--pictures", tmp_path / "mine", "--out", tmp_path / "out")
        status, out, err = self.build(capsys, *arguments, "--kinds", tmp_path / "kinds.json")
        assert status == 0 and "PER, 9 pictures of 1 kinds" in out, err
        status, _, err = self.build(capsys, *arguments)
        assert status == 2 and "no picture is of a known kind, but of 无关, 脸" in err

    def test_misuse_is_told(self, corpus, pictures, tmp_path, capsys):
        out = ("--pictures", pictures, "--out", tmp_path / "out")
        (tmp_path / "blank.jsonl").write_text("\n")
        (tmp_path / "empty").mkdir()
        for arguments, message in [
            (out, "expected --train and --dev, or --data alone; got none of them"),
            (("--train", corpus, *out), "or --data alone; got --train"),
            (("--data", corpus, "--dev", corpus, *out), "or --data alone; got --data and --dev"),
            (("--train", corpus, "--dev", corpus, "--hold-out", "1", *out), "--hold-out draws a dev part from --data"),
            (("--data", tmp_path / "nowhere.jsonl", *out), "cannot be read"),
            (("--data", tmp_path / "blank.jsonl", "--format", "jsonl", *out), "holds no documents"),
            (("--data", corpus, *out, "--pictures", tmp_path / "gone"), "the pictures cannot be read"),
            (("--data", corpus, "--pictures", tmp_path / "empty", "--out", tmp_path / "out"), "there are no pictures"),
            (("--data", corpus, *out, "--kinds", corpus), "is no JSON|holds no kinds"),
            (("--data", corpus, *out, "--share-partly", "0.9"), "at most 1"),
            (("--data", corpus, *out, "--mean", "0"), "--mean: expected"),
            (("--data", corpus, *out, "--share-held", "1"), "--share-held: expected"),
            (("--data", corpus, *out, "--limit", "0"), "--limit: expected"),
            (("--data", corpus, *out, "--hold-out", "0"), "--hold-out: expected"),
            (("--data", corpus, *out, "--hold-out", "4"), "--hold-out: 4 of 4 documents leave nothing"),
            (("--data", corpus, "--pictures", pictures, "--out", pictures), "holds no built pairs"),
        ]:
            status, _, err = self.build(capsys, *arguments)
            assert status == 2 and any(part in err for part in message.split("|")), (arguments, err)
        assert not (tmp_path / "out").exists()
