# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer import event_file_writer

from mmser_ros.training import progress_log
from test.training.test_loop import SCHEDULE, fit


def curves(folder):
    board = EventAccumulator(str(folder / "tensorboard" / "fit"))
    board.Reload()
    return {tag: board.Scalars(tag) for tag in board.Tags()["scalars"]}


@pytest.mark.parametrize("seconds", [0.0, 120.0])
def test_tensorboard_has_every_step_once_though_the_run_was_stopped(tmp_path, seconds, monkeypatch):
    """Also where steps after the last checkpoint were noted before and are taken again."""
    # Files of one second are read in the order of this number's digits.
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(1000))
    validate = lambda: {"well": 0.5}  # noqa: E731
    fit(tmp_path / "whole", validate=validate)
    fit(tmp_path / "stopped", stop_at=18, checkpoint_seconds=seconds, validate=validate)
    fit(tmp_path / "stopped", checkpoint_seconds=seconds, validate=validate)
    whole, stopped = curves(tmp_path / "whole"), curves(tmp_path / "stopped")
    assert whole.keys() == stopped.keys() == {"loss", "learning rate", "well"}
    for tag, events in whole.items():
        steps = [9, 19, 29] if tag == "well" else list(range(30))
        assert [event.step for event in events] == steps
        assert [event.step for event in stopped[tag]] == steps
        values, again = ([one.value for one in some] for some in (events, stopped[tag]))
        assert values == pytest.approx(again, abs=1e-6)
    assert max(one.value for one in whole["learning rate"]) == pytest.approx(SCHEDULE.learning_rate)


def test_that_tensorboard_is_not_there_is_said_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(progress_log, "find_spec", lambda _: None)
    progress_log._has_tensorboard.cache_clear()
    for name in ("one", "other"):
        fit(tmp_path / name)
    progress_log._has_tensorboard.cache_clear()
    said = capsys.readouterr().err
    assert said.count("TensorBoard is not installed") == 1
    assert "pip install '.[train]'" in said
    assert not list(tmp_path.glob("*/tensorboard"))


def test_no_step_is_noted_of_a_run_that_is_over(tmp_path):
    fit(tmp_path)
    files = sorted(tmp_path.glob("tensorboard/fit/*"))
    fit(tmp_path)
    assert sorted(tmp_path.glob("tensorboard/fit/*")) == files


def test_steps_in_a_file_are_lines(tmp_path, capsys):
    fit(tmp_path)
    lines = [one for one in capsys.readouterr().err.splitlines() if one.startswith("fit: step")]
    assert len(lines) == 10
    assert lines[-1].startswith("fit: step 30 of 30, loss ")
