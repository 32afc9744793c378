import json

import pytest
import torch
from accelerate.state import AcceleratorState

from engine.document import Document, Span
from engine.errors import ConfigError, InputError, RunError
from engine.training import TrainingConfig, _Fit, fit
from tests.engine.tiny import known, training, untrained

TRAIN, DEV = known(20), known(28)[20:]


def weights(system):
    return {name: tensor.clone() for name, tensor in system.state_dict().items()}


def equal(ours, theirs):
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def run(config, folder=None, stop_before=None, train=TRAIN, dev=DEV):
    """Train; stop before step ``stop_before``, counted in this process."""
    asked = iter(range(10**6))
    system, rows = untrained(), []
    result = fit(
        system,
        train,
        dev,
        config,
        folder=folder,
        observe=rows.append,
        should_stop=lambda: stop_before is not None and next(asked) == stop_before,
    )
    return system, result, rows


def test_one_seed_gives_one_result():
    first, second, other = (run(training(epochs=2, seed=seed, keep="last"))[0] for seed in (1, 1, 2))
    assert equal(weights(first), weights(second))
    assert not equal(weights(first), weights(other))


@pytest.mark.parametrize("stops", [[4], [0], [3], [1, 1, 5]], ids=str)
@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_training_that_was_stopped_goes_on_as_if_nothing_had_been(tmp_path, stops, keep):
    config = training(epochs=3, keep=keep)
    straight, whole, _ = run(config)
    for stop in stops:
        _, stopped, _ = run(config, tmp_path, stop)
        assert stopped.stopped and stopped.steps < whole.steps
    resumed, rest, _ = run(config, tmp_path)
    assert equal(weights(resumed), weights(straight))
    assert (rest.best, rest.epoch, rest.steps, rest.stopped) == (whole.best, whole.epoch, whole.steps, False)


def test_what_is_left_of_a_kill_is_enough(tmp_path):
    """A process killed in an epoch has the state of the epoch before."""

    class Killed(BaseException):
        pass

    config = training(epochs=4, batch_size=4, keep="last")
    straight, *_ = run(config)
    with pytest.raises(Killed):
        fit(untrained(), TRAIN, DEV, config, folder=tmp_path, should_stop=counting(7, Killed))
    assert [path.name for path in tmp_path.iterdir()] == ["state.safetensors"]
    resumed, *_ = run(config, tmp_path)
    assert equal(weights(resumed), weights(straight))


def counting(limit, error):
    asked = iter(range(10**6))

    def ask():
        if next(asked) == limit:
            raise error
        return False

    return ask


def test_a_finished_training_is_not_done_again(tmp_path):
    config = training(epochs=2)
    first, result, _ = run(config, tmp_path)
    again, repeated, rows = run(config, tmp_path)
    assert rows == [] and repeated.steps == result.steps
    assert equal(weights(first), weights(again))


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_state_that_is_damaged_or_of_another_system_is_told(tmp_path, damage):
    run(training(epochs=1), tmp_path)
    state = tmp_path / "state.safetensors"
    if damage == "cut":
        state.write_bytes(state.read_bytes()[:200])
    with pytest.raises(RunError, match=r"state\.safetensors cannot be gone on from .*delete it to begin anew"):
        fit(untrained(hidden=16), TRAIN, DEV, training(epochs=2), folder=tmp_path)


def test_training_stops_when_dev_is_no_better_for_a_while():
    config = training(epochs=25, patience=2, encoder_rate=0.0, head_rate=0.03)
    _, result, rows = run(config, train=TRAIN[:8], dev=TRAIN[:8])
    epochs = [row for row in rows if row["kind"] == "epoch"]
    assert result.best.micro.f1 > 0
    assert len(epochs) == result.epoch + 2 < 25
    assert result.best.micro.f1 == max(row["f1"] for row in epochs)


def test_a_model_that_has_found_nothing_yet_is_given_time():
    config = training(epochs=4, patience=1, encoder_rate=1e-9, head_rate=1e-9)
    blank = [Document("一二三四五六七八九十" * 3, (Span(0, 9, "PER"),))]
    _, result, rows = run(config, dev=blank)
    if result.best.micro.f1 == 0:
        assert len([row for row in rows if row["kind"] == "epoch"]) == 4


def test_the_best_state_is_kept_or_the_last():
    options = {"epochs": 14, "encoder_rate": 0.02, "head_rate": 0.03, "clip": 100.0}
    best, chosen, rows = run(training(**options), dev=TRAIN)
    assert chosen.best.micro.f1 > 0
    f1 = [row["f1"] for row in rows if row["kind"] == "epoch"]
    assert chosen.best.micro.f1 == max(f1) and chosen.epoch == f1.index(max(f1)) + 1
    _, last, _ = run(training(**options, keep="last"), dev=TRAIN)
    assert (last.epoch, last.best.micro.f1) == (14, f1[-1])


def test_each_part_learns_at_its_own_rate():
    def moved(**rates):
        system = untrained()
        system.parts = lambda: {"encoder": list(system.characters.parameters()), "head": list(system.emit.parameters())}
        before = weights(system)
        fit(system, TRAIN, DEV, training(epochs=1, weight_decay=0, keep="last", **rates))
        after = weights(system)
        return {name for name in before if not torch.equal(before[name], after[name])}

    assert moved(encoder_rate=0.0, head_rate=0.01) == {"emit.weight", "emit.bias"}
    assert moved(encoder_rate=0.01, head_rate=0.0) == {"characters.weight"}


def loop(config):
    return _Fit(untrained(), TRAIN, DEV, config, None, lambda row: None, lambda: False, None)


def test_rates_rise_and_then_fall_to_nothing():
    doing = loop(training(epochs=10, batch_size=2, warmup=0.1))
    factors = [doing._factor(step) for step in range(101)]
    assert factors[:10] == pytest.approx([i / 10 for i in range(1, 11)])
    assert factors[9:] == sorted(factors[9:], reverse=True)
    assert factors[100] == 0.0


def test_every_epoch_holds_every_document_once():
    doing = loop(training(batch_size=3))
    epochs = [[document.id for batch in doing._batches(epoch) for document in batch] for epoch in range(3)]
    assert all(sorted(ids) == sorted(document.id for document in TRAIN) for ids in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_rows_say_where_the_training_stands():
    _, result, rows = run(training(epochs=2))
    for row in rows:
        assert set(row) == {"kind", "step", "steps", "epoch", "epochs", "loss", "f1", "speed", "seconds_left"}
        json.dumps(row)
        assert 0 < row["step"] <= row["steps"] == result.steps == 6
        assert row["loss"] > 0 and row["speed"] > 0 and row["seconds_left"] >= 0
    assert [row["epoch"] for row in rows if row["kind"] == "epoch"] == [1, 2]
    assert [row["f1"] is None for row in rows] == [row["kind"] == "step" for row in rows]
    assert [row["step"] for row in rows] == sorted(row["step"] for row in rows)


def test_labels_on_dev_that_the_system_does_not_know_are_left_out_of_its_figures():
    strange = [d.with_spans([*d.spans, Span(0, len(d), "UNHEARD")]) for d in DEV]
    _, plain, _ = run(training(epochs=3))
    _, result, _ = run(training(epochs=3), dev=strange)
    assert result.best == plain.best
    assert "UNHEARD" not in result.best.types


def test_long_documents_are_learned_from_in_pieces():
    offset, spans, text = 0, [], ""
    for document in TRAIN:
        spans += [Span(s.start + offset, s.end + offset, s.label) for s in document.spans]
        text, offset = text + document.text, offset + len(document)
    _, result, _ = run(training(epochs=1, batch_size=4), train=[Document(text, tuple(spans)), Document("")])
    assert result.steps >= len(text) // (4 * 32)


@pytest.mark.parametrize(("train", "dev"), [([], DEV), ([Document("")], DEV), (TRAIN, [])])
def test_nothing_to_learn_from_is_told(train, dev):
    with pytest.raises(InputError, match=r"training needs documents: got \d+ to learn from and \d+ for dev"):
        run(training(epochs=1), train=train, dev=dev)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "epochs: expected int from 1 to 1000, got 0"),
        ({"epochs": 2.5}, "epochs: expected int, got 2.5"),
        ({"epochs": "inf"}, "epochs: expected int, got 'inf'"),
        ({"head_rate": "nan"}, "head_rate: expected float from 0 to 1, got 'nan'"),
        ({"keep": "worst"}, "keep: expected one of best, last, got 'worst'"),
        ({"precision": "fp8"}, "precision: expected one of auto, fp32, bf16"),
    ],
)
def test_an_option_that_cannot_be_is_told(values, message):
    with pytest.raises(ConfigError, match=message):
        TrainingConfig(**values)


def test_bf16_trains_on_the_cpu_too():
    AcceleratorState._reset_state()  # accelerate has one precision for each process
    _, result, rows = run(training(epochs=1, precision="bf16"))
    AcceleratorState._reset_state()
    assert result.steps == 3 and all(torch.isfinite(torch.tensor(row["loss"])) for row in rows)
