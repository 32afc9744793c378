import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.document import Document, Span
from engine.errors import ConfigError, InputError
from engine.synthesis.picture_pairs import (
    CORPUS,
    DEV,
    MOST,
    PAIRINGS,
    TRAIN,
    WAYS,
    PicturedPost,
    Plan,
    pairing_of,
    parts_of,
    pictured,
    types_of,
)
from engine.synthesis.picture_pool import KINDS, Kinds, Picture, shelves_of
from engine.variants import UNRELATED

TABLE = Kinds.read()
COUNTS = {"Faces": 30, "groom": 1, "pagoda": 12, "minaret": 9, "soccer_ball": 15, "laptop": 11, "bonsai": 14, "panda": 300}


def picture(kind, number):
    digest = hashlib.sha256(f"{kind} {number}".encode()).hexdigest()
    return Picture(Path(f"{kind}/{number}.jpg"), f"own/{kind}/{number}.jpg", kind, TABLE.fits[kind], digest)


PICTURES = [picture(kind, number) for kind, count in COUNTS.items() for number in range(count)]
SHELVES = shelves_of(PICTURES)


def post(labels, name="post", text="王芳在杭州看小米的球"):
    return Document(text, tuple(Span(i, i + 1, label) for i, label in enumerate(labels)), name)


labels = st.lists(st.sampled_from(["PER", "LOC", "ORG", "MISC", "PER.NOM", "GPE.NAM", "PRODUCT", "TIME"]), max_size=5)
shares = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda pair: (pair[0], (1 - pair[0]) * pair[1]))
plans = st.builds(lambda pair, seed, mean: Plan(*pair, seed=seed, mean=mean), shares, st.integers(0, 10**6), st.floats(1, MOST))


class TestKinds:
    def test_no_kind_fits_two_types(self):
        table = json.loads(KINDS.read_text(encoding="utf-8"))
        listed = [kind for kinds in (*table["types"].values(), table["unrelated"]) for kind in kinds]
        assert len(set(listed)) == len(listed) == len(TABLE.fits)
        assert set(TABLE.types) == {"PER", "LOC", "ORG", "MISC"} == set(TABLE.fits.values()) - {UNRELATED}
        assert set(TABLE.aliases.values()) <= set(TABLE.types) and not set(TABLE.aliases) & set(TABLE.types)
        assert all(alias == alias.upper() for alias in TABLE.aliases)

    @pytest.mark.parametrize(
        ("label", "type"),
        [
            *(("PER", "PER"), ("PER.NOM", "PER"), ("GPE.NAM", "LOC"), ("GPE", "LOC"), ("loc", "LOC"), ("ORG.NAM", "ORG")),
            *(("PRODUCT", "MISC"), ("product_name", "MISC"), ("person_name", "PER"), ("address", "LOC"), ("NAME", "PER")),
            *(("TIME", None), ("TITLE", None), ("", None), (".PER", None), ("unrelated", None)),
        ],
    )
    def test_labels_of_other_corpora_have_kinds(self, label, type):
        assert TABLE.type_of(label) == type

    def test_a_table_of_ones_own(self, tmp_path):
        (tmp_path / "kinds.json").write_text('{"types": {"人物": ["脸"], "Dish": ["pizza"]}, "unrelated": ["panda"]}', "utf-8")
        kinds = Kinds.read(tmp_path / "kinds.json")
        assert (kinds.type_of("人物"), kinds.type_of("Dish.x"), kinds.type_of("PER")) == ("人物", "Dish", None)
        assert "not known" in kinds.licence(tmp_path)

    @pytest.mark.parametrize(
        ("table", "message"),
        [
            ("{", "is no JSON"),
            ("[]", "holds no kinds of pictures"),
            ('{"types": {"PER": "Faces"}, "unrelated": []}', "holds no kinds of pictures"),
            ('{"types": {"unrelated": ["a"]}, "unrelated": []}', "holds no kinds of pictures"),
            ('{"types": {"PER": ["Faces"]}}', "holds no kinds of pictures"),
            ('{"types": {"PER": ["a"], "LOC": ["a"]}, "unrelated": []}', "the kind 'a' stands under PER and under LOC"),
            ('{"types": {"PER": ["a"]}, "unrelated": ["a"]}', "the kind 'a' stands under PER and under unrelated"),
            ('{"types": {}, "unrelated": [], "aliases": {"GPE": 1}}', "holds no kinds of pictures"),
        ],
    )
    def test_what_is_no_table_is_refused(self, tmp_path, table, message):
        (tmp_path / "kinds.json").write_text(table, "utf-8")
        with pytest.raises(InputError, match=message):
            Kinds.read(tmp_path / "kinds.json")
        with pytest.raises(InputError, match="the kinds of pictures cannot be read"):
            Kinds.read(tmp_path / "nowhere.json")


class TestPairs:
    @given(labels, plans, st.text(max_size=8))
    @settings(deadline=None)
    def test_pictures_are_what_the_pairing_says(self, chosen, plan, name):
        document = post(chosen, name)
        pairing = pairing_of(document, SHELVES, TABLE, plan)
        types = types_of(document, TABLE)
        count = len(pairing.fits)
        assert 1 <= count <= MOST and len(pairing.unrelated) == count and len(pairing.fitting) == (count if types else 0)
        assert {picture.fits for picture in pairing.unrelated} == {UNRELATED}
        assert len({picture.fits for picture in pairing.fitting}) == min(len(types), count)
        assert {picture.fits for picture in pairing.fitting} <= set(types)
        for drawn in (pairing.fitting, pairing.unrelated):
            assert len(set(drawn)) == len(drawn)
        for how in WAYS:
            if how == "related" and not types:
                continue
            pictures, fits = pairing.shown(how)
            assert [picture.fits in types for picture in pictures] == list(fits) and len(fits) == (how != "text") * count
            told = PicturedPost(document, DEV, pictures, fits, how).pairing
            assert told == {"text": "none", "drawn": told}.get(how, how) and told in (*PAIRINGS, "none")
            if told == "partly":
                assert count > 1 and 0 < sum(fits) < count

    @given(labels, plans, st.lists(labels, max_size=3))
    @settings(deadline=None, max_examples=30)
    def test_a_draw_depends_on_no_other_document(self, chosen, plan, others):
        document = post(chosen, "this")
        around = [post(other, f"other {i}") for i, other in enumerate(others)]
        (alone,) = pictured(CORPUS, [document], SHELVES, TABLE, plan)
        assert pictured(CORPUS, [*around, document], SHELVES, TABLE, plan)[-1] == alone
        assert pictured(CORPUS, [document, *around], shelves_of(PICTURES), TABLE, plan)[0] == alone
        assert (alone.pictures, alone.fits) == pairing_of(document, SHELVES, TABLE, plan).shown()

    def test_the_seed_and_the_name_decide(self):
        document = post(["PER", "LOC"])
        drawn = {pairing_of(document, SHELVES, TABLE, Plan(seed=seed)) for seed in range(20)}
        assert len(drawn) == 20
        assert len({pairing_of(replace(document, id=str(name)), SHELVES, TABLE, Plan()) for name in range(20)}) == 20

    @pytest.mark.parametrize("given_shares", [(0.25, 0.25), (0, 1), (1, 0), (0, 0), (0.6, 0.1)])
    def test_pairings_have_their_shares(self, given_shares):
        plan = Plan(*given_shares, seed=3)
        posts = pictured(CORPUS, [post(["PER", "ORG"], str(i)) for i in range(400)], SHELVES, TABLE, plan)
        count = Counter(post.pairing for post in posts)
        assert count["partly"] / 400 == pytest.approx(plan.share_partly, abs=0.06)
        assert count["unrelated"] / 400 == pytest.approx(plan.share_unrelated, abs=0.06)

    @pytest.mark.parametrize("mean", [1, 2.5, 3.67, 9])
    def test_a_post_has_as_many_pictures_as_asked_for(self, mean):
        plan = Plan(share_partly=0, mean=mean)
        count = [len(pairing_of(post(["LOC"], str(i)), SHELVES, TABLE, plan).fits) for i in range(1000)]
        assert sum(count) / 1000 == pytest.approx(mean, abs=0.15)

    def test_nothing_fits_a_post_of_other_entities(self):
        for chosen in ([], ["TIME"], ["TIME", "TITLE"]):
            pairing = pairing_of(post(chosen), SHELVES, TABLE, Plan(share_partly=0, share_unrelated=0))
            assert not pairing.fitting and not any(pairing.fits)
        shelves = {name: shelf for name, shelf in SHELVES.items() if name != "ORG"}
        assert {p.fits for p in pairing_of(post(["ORG", "PER"]), shelves, TABLE, Plan()).fitting} == {"PER"}

    def test_a_kind_is_drawn_as_often_as_it_has_pictures_up_to_a_hundred(self):
        drawn = Counter(
            picture.kind for i in range(900) for picture in pairing_of(post([], str(i)), SHELVES, TABLE, Plan()).unrelated
        )
        assert drawn["panda"] / drawn["bonsai"] == pytest.approx(100 / 14, rel=0.25)

    @pytest.mark.parametrize("given_shares", [(-0.1, 0), (0.6, 0.6), (float("nan"), 0), (0, 1.1)])
    def test_shares_that_are_none_are_refused(self, given_shares):
        with pytest.raises(ConfigError, match="at most 1"):
            Plan(*given_shares)

    def test_other_options_are_checked(self):
        for mean in (0.5, 9.5, float("nan")):
            with pytest.raises(ConfigError, match="--mean: expected 1 to 9 pictures, got"):
                Plan(mean=mean)
        for share in (0, 1, -1, float("nan")):
            with pytest.raises(ConfigError, match="--share-held: expected a share between 0 and 1, got"):
                Plan(share_held=share)


class TestHoldingOut:
    @given(st.floats(0.01, 0.99), st.lists(st.binary(), unique=True, min_size=1))
    def test_a_picture_is_held_out_by_its_content_alone(self, share, contents):
        digests = [hashlib.sha256(content).hexdigest() for content in contents]
        one = [Picture(Path("a/1.JPG"), "a/1.JPG", "Faces", "PER", digest) for digest in digests]
        other = [Picture(Path("b/2.jpg"), "b/2.jpg", "pagoda", "LOC", digest) for digest in digests]
        assert [p.held(share) for p in one] == [p.held(share) for p in other]
        assert [p.name for p in one] == [p.name for p in other]
        assert all(p.held(share) <= p.held(min(1.0, share + 0.1)) for p in one)

    def test_as_many_pictures_are_held_out_as_asked_for(self):
        for share in (0.1, 0.25, 0.5):
            many = [picture("Faces", number) for number in range(3000)]
            assert sum(one.held(share) for one in many) / 3000 == pytest.approx(share, abs=0.03)

    def test_held_out_posts_are_shown_every_way(self):
        documents = [post(["PER"], "a"), post(["TIME"], "b"), post(["LOC", "ORG"], "c")]
        posts = pictured(DEV, documents, SHELVES, TABLE, Plan(seed=2))
        assert [(p.document.id, p.shown) for p in posts] == [
            *(("a", "drawn"), ("b", "drawn"), ("c", "drawn"), ("a.related", "related"), ("c.related", "related")),
            *(("a.unrelated", "unrelated"), ("b.unrelated", "unrelated"), ("c.unrelated", "unrelated")),
            *(("a.text", "text"), ("b.text", "text"), ("c.text", "text")),
        ]
        by_name = {p.document.id: p for p in posts}
        for name in "ac":
            related, unrelated = by_name[f"{name}.related"], by_name[f"{name}.unrelated"]
            drawn = by_name[name]
            pairs = zip(drawn.fits, related.pictures, unrelated.pictures, strict=True)
            assert [first if fits else second for fits, first, second in pairs] == list(drawn.pictures)
        assert [p.shown for p in pictured(TRAIN, documents, SHELVES, TABLE, Plan())] == ["drawn"] * 3

    def test_names_that_variants_would_take_are_refused(self):
        with pytest.raises(InputError, match=r"a would be called a\.text too, as another held-out document is; rename that"):
            pictured(DEV, [post([], "a"), post([], "a.text")], SHELVES, TABLE, Plan())
        assert len(pictured(TRAIN, [post([], "a"), post([], "a.text")], SHELVES, TABLE, Plan())) == 2

    @given(st.integers(1, 11), st.integers(-3, 100))
    def test_documents_are_held_out(self, count, seed):
        documents = [post([], str(i)) for i in range(12)]
        parts = parts_of(documents, count, seed)
        assert list(parts) == [TRAIN, DEV] and len(parts[DEV]) == count
        assert sorted([*parts[TRAIN], *parts[DEV]], key=lambda document: int(document.id)) == documents
        assert parts == parts_of(documents, count, seed)
        assert parts_of(documents, None, seed) == {CORPUS: documents}

    def test_too_many_or_too_few_cannot_be_held_out(self):
        documents = [post([], str(i)) for i in range(3)]
        for number in (0, -1):
            with pytest.raises(ConfigError, match=f"--hold-out: expected a number from 1 on, got {number}"):
                parts_of(documents, number, 0)
        for number in (3, 4):
            with pytest.raises(InputError, match=f"--hold-out: {number} of 3 documents leave nothing to learn from"):
                parts_of(documents, number, 0)
