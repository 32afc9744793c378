"""What every system has to hold: a test file of a system makes a subclass of ``SystemContract`` with its configurations.

Annotated sentences are our own samples; sizes are tiny, so that a system is trained within seconds.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine import checkpoint, evidence, samples
from engine.acquisition import STRATEGIES, Means, Need, explain, gather, mixture
from engine.acquisition import score as acquisition_score
from engine.document import Document, LabelSet, Span
from engine.errors import InputError
from engine.evaluation.scores import score
from engine.systems import SYSTEMS
from engine.systems.contract import from_json, options
from engine.tagger import Tagger, predict
from engine.training import TrainingConfig, fit

ODD = ("", "甲", "𠮷田さん😀到访\r\n\x00ＡＢＣ", "<b>${1+1}</b>", "一" * 40)
FREE_TEXT = {"encoder", "glyph_encoder", "phonetic_encoder", "vision", "detector"}
"""Options whose value no list and no bound could hold."""


def lesson(documents=8):
    """Return a few short sentences that have entities."""
    with_spans = [document for document in samples.news() if document.spans]
    return sorted(with_spans, key=lambda document: (len(document), document.id))[:documents]


def nested_lesson(documents=8):
    """Return the same sentences with mentions inside the longer mentions, some of one start and some of one end."""
    return [document.with_spans([*document.spans, *_inner(document)]) for document in lesson(documents)]


def _inner(document):
    for span in document.spans:
        size = span.end - span.start
        if size > 2:
            yield Span(span.start, span.start + 2, "LOC")
            yield Span(span.end - 1, span.end, "PER")
        elif size == 2:
            yield Span(span.start, span.start + 1, "PER")


def same(ours, theirs, tolerance=1e-4):
    """Tell whether two predictions have the same spans with nearly the same scores."""
    keys = [[span.key for span in document.spans] for document in (ours, theirs)]
    scores = [[span.score for span in document.spans] for document in (ours, theirs)]
    return keys[0] == keys[1] and scores[0] == pytest.approx(scores[1], abs=tolerance)


class SystemContract:
    """A subclass gives ``kind``, its ``configs``, and a rate that learns by heart."""

    kind: type
    configs: dict[str, dict]
    rate = 0.01
    epochs = 60

    @pytest.fixture(scope="class")
    @classmethod
    def config(cls, request):
        """Return one configuration; subclasses parametrise it by ``pytest_generate_tests``."""
        return from_json(cls.kind.Config, cls.configs[request.param])

    @pytest.fixture(scope="class")
    @classmethod
    def documents(cls):
        return lesson()

    @classmethod
    def learned(cls, config, documents):
        """Return a system that has learned some documents by heart, and what came of it."""
        torch.manual_seed(1)
        system = cls.kind.build(config, LabelSet.of(documents), [document.text for document in documents] * 2)
        training = TrainingConfig(
            epochs=cls.epochs,
            batch_size=4,
            encoder_rate=cls.rate,
            head_rate=cls.rate,
            patience=cls.epochs,
            weight_decay=0,
            precision="fp32",
        )
        result = fit(system, documents, documents, training)
        return system.eval(), result

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, config, documents):
        return cls.learned(config, documents)

    @pytest.fixture(scope="class")
    @classmethod
    def nesting(cls):
        """Return a system of the first configuration that has learned nested documents by heart."""
        if not cls.kind.nested:
            pytest.skip("finds flat spans alone")
        first = next(iter(cls.configs.values()))
        return cls.learned(from_json(cls.kind.Config, {**first, "structure": "nested"}), nested_lesson())[0]

    @pytest.fixture
    def system(self, trained):
        return trained[0].eval()

    @pytest.fixture
    def fresh(self, config, documents):
        torch.manual_seed(1)
        made = self.kind.build(config, LabelSet.of(documents), [document.text for document in documents])
        made.prepare(documents)
        return made

    def test_it_is_in_the_registry_and_declares_itself(self):
        assert SYSTEMS[self.kind.name] is self.kind
        assert self.kind.modalities[0].name == "text"
        assert self.kind.paper.title and 1950 < self.kind.paper.year < 2100
        assert self.kind.emits and len(set(self.kind.emits)) == len(self.kind.emits)

    def test_every_option_is_bounded_explained_and_survives_json(self, config):
        for option in options(self.kind.Config):
            bounded = option.type is bool or option.choices or None not in (option.minimum, option.maximum)
            assert bounded or option.name in FREE_TEXT, option.name
            assert option.help
            assert option.check(option.default) == option.default
        assert from_json(self.kind.Config, json.loads(json.dumps(config.to_json()))) == config

    def test_emissions_have_a_row_for_each_character_and_a_column_for_each_tag(self, fresh, documents):
        batch = fresh.collate(documents)
        output = fresh(batch)
        assert output.emissions.shape == (len(documents), max(map(len, documents)), 1 + 4 * len(fresh.labels.names))
        assert output.loss.shape == () and torch.isfinite(output.loss)

    def test_without_gold_there_is_no_loss(self, fresh, documents):
        batch = replace(fresh.collate(documents), tags=None)
        assert fresh(batch).loss is None

    def test_gradients_reach_every_parameter(self, fresh, documents):
        fresh.train()(fresh.collate(documents)).loss.backward()
        silent = [name for name, p in fresh.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
        assert silent == []

    def test_parts_hold_every_parameter_once(self, fresh):
        parts = fresh.parts()
        assert {"encoder", "head"} <= set(parts) <= {"encoder", "head", "pictures"}
        held = [id(parameter) for parameters in parts.values() for parameter in parameters]
        assert sorted(held) == sorted(id(parameter) for parameter in fresh.parameters())

    def test_a_batch_moves_as_a_whole(self, fresh, documents):
        moved = fresh.collate(documents).to("meta")
        assert {moved.text.ids.device.type, moved.text.mask.device.type, moved.tags.device.type} == {"meta"}
        assert replace(fresh.collate(documents), tags=None).to("cpu").tags is None

    def test_spans_of_unknown_labels_are_left_out_of_the_tags(self, fresh, documents):
        strange = [Document(d.text, tuple(replace(span, label="UNHEARD") for span in d.spans)) for d in documents]
        assert not fresh.collate(strange).tags.any()

    def test_it_learns_a_few_documents_by_heart(self, trained, documents):
        system, result = trained
        assert result.best.micro.f1 == 1.0
        assert score(documents, [p.document for p in predict(system.eval(), documents)]).micro.f1 == 1.0

    def test_a_checkpoint_predicts_the_same(self, system, documents, tmp_path):
        info = checkpoint.save(system, tmp_path / "saved")
        again = checkpoint.load(tmp_path / "saved")
        assert (again.config, again.labels, again.window) == (system.config, system.labels, system.window)
        for ours, theirs in zip(predict(system, documents), Tagger(info, again).predict(documents), strict=True):
            assert same(ours.document, theirs.document, 0.01)

    def test_a_checkpoint_of_a_checkpoint_is_the_same_to_the_bit(self, system, tmp_path):
        first = checkpoint.save(system, tmp_path / "first")
        assert checkpoint.save(checkpoint.load(first.path), tmp_path / "second").digest == first.digest

    def test_padding_changes_nothing(self, system, documents):
        texts = [*documents, *map(Document, ODD)]
        batch = system.collate([document.with_spans(()) for document in texts])
        together = zip(system.decode(batch), system.explain(batch), strict=True)
        for document, (spans, why) in zip(texts, together, strict=True):
            alone = system.collate([document.with_spans(())])
            assert same(document.with_spans(spans), document.with_spans(system.decode(alone)[0]))
            (own,) = system.explain(alone)
            expected = [pytest.approx(row, abs=1e-4) for row in own[0].values]
            assert list(why[0].values) == expected

    def test_any_text_has_a_prediction(self, system):
        for text, prediction in zip(ODD, predict(system, [Document(text) for text in ODD], explain=True), strict=True):
            assert prediction.document.text == text
            assert all(0 <= span.score <= 1 for span in prediction.document.spans)

    def test_evidence_is_what_was_declared_and_aligned(self, system, documents):
        texts = [*documents, *map(Document, ODD)]
        for document, items in zip(texts, system.explain(system.collate(texts)), strict=True):
            assert tuple(item.name for item in items) == system.evidence_names
            for item in items:
                evidence.check(item, len(document))
                json.dumps(evidence.to_json(item))

    def test_beliefs_are_those_of_its_answers_whatever_the_padding(self, system, documents):
        texts = [*documents, *map(Document, ODD)]
        batch = system.collate(texts)
        vectors = system.represent(batch)
        believed = zip(texts, system.decode(batch), system.believe(batch), system.believe(batch, 2), strict=True)
        for row, (document, spans, belief, two) in enumerate(believed):
            assert belief.tags.shape == (len(document), len(system.tag_names))
            assert [span.key for span in belief.readings[0].spans] == [span.key for span in spans]
            assert belief.readings[0].log_probability <= 0
            assert two.readings[0].log_probability == pytest.approx(belief.readings[0].log_probability, abs=1e-3)
            alone = system.collate([document])
            assert system.believe(alone)[0].tags.tolist() == [pytest.approx(row, abs=1e-4) for row in belief.tags.tolist()]
            own = system.represent(alone)[0, : len(document)]
            assert torch.allclose(own, vectors[row, : len(document)], atol=1e-4)

    def test_a_modality_that_is_masked_is_one_that_is_not_there(self, system, documents):
        batch = system.collate(documents)
        for modality in system.optional_modalities:
            masked = system.believe(system.without(batch, modality))
            if modality in ("speech", "image"):
                absent = system.believe(system.collate([replace(d, images=(), audio=None) for d in documents]))
                for ours, theirs in zip(masked, absent, strict=True):
                    assert torch.allclose(ours.tags, theirs.tags, atol=1e-4)
        with pytest.raises(InputError, match="cannot leave out 'text'"):
            system.without(batch, "text")

    def test_the_probability_of_a_span_is_the_confidence_of_its_answer(self, system, documents):
        self.probable(system, documents)

    @staticmethod
    def probable(system, documents):
        batch = system.collate([document.with_spans(()) for document in documents])
        for row, (document, spans) in enumerate(zip(documents, system.decode(batch), strict=True)):
            for span in spans[:2]:
                (alone,) = system.log_probability(system.collate([document.with_spans(())]), span)
                assert alone.exp().item() == pytest.approx(span.score, abs=1e-4)
                together = system.log_probability(batch, span) if span.end <= min(map(len, documents)) else None
                assert together is None or together[row].item() == pytest.approx(alone.item(), abs=1e-3)

    def test_gradients_of_a_span_reach_what_its_characters_are_looked_up_as(self, system, documents):
        document = documents[0]
        batch, kept = system.collate([document.with_spans(())]), {}
        hooks = [
            table.register_forward_hook(lambda table, _, vectors: kept.setdefault(table, vectors.requires_grad_()))
            for table in system.embeddings
        ]
        try:
            probability = system.log_probability(batch, document.spans[0]).sum()
        finally:
            for hook in hooks:
                hook.remove()
        assert set(kept) == set(system.embeddings)
        for table, gradient in zip(kept, torch.autograd.grad(probability, list(kept.values())), strict=True):
            shares = system.on_characters(batch, table, gradient.abs().sum(-1))
            assert shares.shape == (1, len(document)) and torch.isfinite(shares).all() and shares.any()

    def test_every_strategy_of_active_learning_takes_it(self, system, documents, monkeypatch):
        self.scored(system, documents, monkeypatch)

    @staticmethod
    def scored(system, documents, monkeypatch):
        for module in system.modules():  # what learns by heart has no dropout
            if isinstance(module, torch.nn.Dropout):
                monkeypatch.setattr(module, "p", 0.1)
        long = Document("".join(document.text for document in documents) * (1 + system.window // 100))
        pool = [*documents[2:], *map(Document, ODD), long]
        assert len(long) > system.window
        rng, means = np.random.default_rng(1), Means((system,), passes=2)
        predictions = gather(system, pool, set(Need), rng, means=means, labelled=documents[:2])
        for strategy in (*STRATEGIES.values(), mixture([(1, STRATEGIES["mnlp"]), (2, STRATEGIES["k-centre"])])):
            scores = acquisition_score(strategy, pool, predictions, rng)
            assert scores.shape == (len(pool),) and np.isfinite(scores).all() and (scores >= 0).all()
            explain(strategy, pool, predictions, scores, 0, labelled=documents[:2], rng=rng)
        assert (predictions.documents[0].information > 0).any()
        assert predictions.documents[0].masked.keys() == set(system.optional_modalities)
        assert len(predictions.documents[-1].doubt.entropy) == len(long)

    def test_it_gives_nothing_that_it_does_not_declare(self, system):
        assert set(system.evidence_names) <= set(self.kind.emits)

    def test_no_documents_are_no_predictions(self, system):
        assert predict(system, []) == []

    def test_it_adopts_what_knows_fewer_labels(self, system, documents):
        wider = self.kind.restore(system.config, LabelSet((*system.labels.names, "NEW")), system.vocabulary, system.shape)
        wider.adopt(system)
        wider.eval()
        batch = system.collate(documents)
        before, after = system(batch).emissions, wider(batch).emissions
        assert torch.allclose(after[..., : before.shape[-1]], before, atol=1e-5)
        kept = len(system.tags)
        assert torch.equal(wider.crf.chain.transitions[:kept, :kept], system.crf.chain.transitions)

    def test_it_learns_nested_documents_by_heart(self, nesting):
        documents = nested_lesson()
        assert nesting.eval().structure == "nested" and any(len(stack) > 1 for stack in nesting.tags.stacks)
        found = [prediction.document for prediction in predict(nesting, documents)]
        assert score(documents, found).micro.f1 == 1.0
        assert all(0 < span.score <= 1 for document in found for span in document.spans)

    def test_nested_beliefs_are_those_of_its_answers(self, nesting, monkeypatch):
        documents = [*nested_lesson(), *map(Document, ODD)]
        batch = nesting.eval().collate(documents)
        self.probable(nesting, nested_lesson())
        for spans, belief in zip(nesting.decode(batch), nesting.believe(batch, 2), strict=True):
            assert [span.key for span in belief.readings[0].spans] == [span.key for span in spans]
            assert belief.tags.shape[1] == len(nesting.tag_names)
        self.scored(nesting, nested_lesson(), monkeypatch)

    def test_a_checkpoint_predicts_the_same_nested_spans(self, nesting, tmp_path):
        info = checkpoint.save(nesting.eval(), tmp_path / "first")
        again = checkpoint.load(info.path)
        assert again.labels == nesting.labels and again.labels.nestings and again.tags.names == nesting.tags.names
        assert checkpoint.save(again, tmp_path / "second").digest == info.digest
        documents = [*nested_lesson(), *map(Document, ODD)]
        for ours, theirs in zip(predict(nesting, documents), Tagger(info, again).predict(documents), strict=True):
            assert same(ours.document, theirs.document, 0.01)

    def test_any_text_has_a_nested_prediction_with_evidence(self, nesting):
        documents = [*nested_lesson(), *map(Document, ODD)]
        for document, prediction in zip(documents, predict(nesting.eval(), documents, explain=True), strict=True):
            spans = prediction.document.spans
            assert all(0 <= span.score <= 1 for span in spans)
            assert not any(a.crosses(b) for a in spans for b in spans)
            assert tuple(item.name for item in prediction.evidence) == nesting.evidence_names
            shares = prediction.evidence[0]
            assert all(0 <= value <= 1 for row in shares.values for value in row)
            for span in spans:  # whoever holds a character has at least the span's probability there
                column = shares.columns.index(span.label)
                assert all(row[column] >= span.score - 1e-3 for row in shares.values[span.start : span.end])
            best = prediction.evidence[1].readings[:1]
            assert [set(reading.spans) for reading in best] == [{span.key for span in spans}] * len(document.text[:1])

    def test_it_adopts_what_knows_fewer_nestings(self, nesting):
        labels = nesting.labels.with_more(LabelSet(("LOC", "NEW"), (("NEW", "LOC"), ("LOC", "LOC", "LOC"))))
        wider = self.kind.restore(nesting.config, labels, nesting.vocabulary, nesting.shape)
        wider.adopt(nesting)
        batch = nesting.eval().collate(nested_lesson())
        rows = [wider.tags.index[stack] for stack in nesting.tags.stacks]
        assert torch.allclose(wider.eval()(batch).emissions[..., rows], nesting(batch).emissions, atol=1e-5)
        kept = wider.crf.chain.transitions[rows][:, rows]
        assert torch.equal(kept, nesting.crf.chain.transitions) and len(wider.tags) > len(rows)


def pytest_generate_tests(metafunc):
    """Run a subclass once for each of its configurations; a test file imports this next to the class."""
    if "config" in metafunc.fixturenames:
        metafunc.parametrize("config", list(metafunc.cls.configs), indirect=True, scope="class")
