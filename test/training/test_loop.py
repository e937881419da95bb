# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from contextlib import suppress
from dataclasses import replace
from itertools import chain

import pytest
import torch
from torch import nn

from mmser_ros.training.loop import Schedule, TrainingError, learning_rate, train

SCHEDULE = Schedule(epochs=3, batch_size=4, learning_rate=0.01, seed=7)


def fit(folder, schedule=SCHEDULE, stop_at=None, **options):
    """Train a small network with dropout; may be interrupted at a step."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.5), nn.Linear(16, 1))
    data = torch.randn(40, 8, generator=torch.manual_seed(1))
    seen = []

    def loss_of(batch):
        seen.append(batch)
        if len(seen) == stop_at:
            raise KeyboardInterrupt
        return (model(data[batch])[:, 0] - data[batch].sum(1)).square().mean(), len(batch)

    with suppress(KeyboardInterrupt):
        train("fit", model, loss_of, len(data), schedule, folder, **options)
    return model, seen


def test_it_learns_and_sees_everything_once_an_epoch(tmp_path):
    model, seen = fit(tmp_path, replace(SCHEDULE, epochs=60))
    data = torch.randn(200, 8, generator=torch.manual_seed(2))
    assert (model(data)[:, 0] - data.sum(1)).square().mean() < 1.0
    assert not model.training
    for epoch in range(60):
        assert sorted(chain(*seen[10 * epoch : 10 * epoch + 10])) == list(range(40))
    assert seen[:10] != seen[10:20]


@pytest.mark.parametrize("stop_at", [2, 11, 17, 30])
def test_a_stopped_run_ends_as_if_it_had_not_been(tmp_path, stop_at):
    whole, _ = fit(tmp_path / "whole")
    fit(tmp_path / "stopped", stop_at=stop_at, checkpoint_seconds=0.0)
    resumed, seen = fit(tmp_path / "stopped", checkpoint_seconds=0.0)
    assert len(seen) == 30 - (stop_at - 1)
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def words(batch):
    """Of items of different lengths: how much each weighs."""
    return torch.tensor([1.0 + item % 5 for item in batch])


@pytest.mark.parametrize("accumulate", [2, 3, 8])
def test_parts_of_a_batch_add_up_to_one_step(tmp_path, accumulate):
    """Within 1e-6 in float32, though parts weigh differently and one has more items."""
    data = torch.randn(40, 8, generator=torch.manual_seed(1))

    def fitted(parts):
        torch.manual_seed(0)
        model = nn.Linear(8, 1)

        def loss_of(batch):
            errors = (model(data[batch])[:, 0] - data[batch].sum(1)).square()
            return (errors * words(batch)).sum() / words(batch).sum(), float(words(batch).sum())

        schedule = replace(SCHEDULE, batch_size=8, accumulate=parts)
        train("fit", model, loss_of, len(data), schedule, tmp_path / str(parts))
        return model

    one, other = fitted(1), fitted(accumulate)
    torch.testing.assert_close(one.weight, other.weight, rtol=0, atol=1e-6)
    torch.testing.assert_close(one.bias, other.bias, rtol=0, atol=1e-6)


@pytest.mark.parametrize("change", [{"accumulate": 5}, {"batch_size": 41}])
def test_a_batch_that_can_not_be_had_is_refused(tmp_path, change):
    with pytest.raises(TrainingError, match=r"expected at least \d .* at most 40"):
        fit(tmp_path, replace(SCHEDULE, **change))


def test_a_finished_run_is_not_run_again(tmp_path):
    first, _ = fit(tmp_path)
    second, seen = fit(tmp_path)
    assert seen == []
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_the_state_of_another_run_is_refused(tmp_path):
    fit(tmp_path, stop_at=5, checkpoint_seconds=0.0)
    with pytest.raises(TrainingError, match="another run"):
        fit(tmp_path, replace(SCHEDULE, learning_rate=0.02))


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    model = nn.Linear(1, 1)
    with pytest.raises(TrainingError, match="lower the learning rate"):
        nothing = lambda _: (model(torch.tensor([torch.nan])).sum(), 1)  # noqa: E731
        train("nan", model, nothing, 8, SCHEDULE, tmp_path)


def test_the_learning_rate_rises_and_falls():
    schedule = Schedule(epochs=1, batch_size=1, learning_rate=1.0, warmup=0.1)
    rates = [learning_rate(schedule, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.05, abs=0.01)


def test_validation_speaks_after_each_epoch(tmp_path, capsys):
    model = nn.Linear(1, 1)
    states = []

    def validate():
        states.append(model.training)
        return {"well": 0.5}

    train(
        "said",
        model,
        lambda batch: (model(torch.ones(1)).sum() ** 2, 1),
        8,
        SCHEDULE,
        tmp_path,
        validate,
    )
    assert states == [False] * 3
    assert capsys.readouterr().err.count(", well 0.5000") == 3


def test_an_order_of_batches_and_faster_parameters(tmp_path):
    """The order is that given; with no gradient but a sign's, AdamW's steps are the rates."""
    torch.manual_seed(0)
    model = nn.ParameterDict({"slow": torch.zeros(2, 2), "fast": torch.zeros(2, 2)})
    seen = []

    def loss_of(batch):
        seen.append(batch)
        return model["slow"].sum() + model["fast"].sum(), len(batch)

    order_of = lambda epoch: [4 + epoch, 1, 2, 3]  # noqa: E731
    schedule = Schedule(epochs=2, batch_size=2, learning_rate=0.01, average=0.0, warmup=0.0)
    options = {"order_of": order_of, "rate_factors": {"fast": 3.0}}
    train("two", model, loss_of, 4, schedule, tmp_path, **options)
    assert seen == [[4, 1], [2, 3], [5, 1], [2, 3]]
    torch.testing.assert_close(model["fast"], 3 * model["slow"], rtol=1e-4, atol=0)
    assert bool((model["slow"] < 0).all())
