# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import ast
import re
from pathlib import Path

import pytest

from mmser_ros.nodes.caption import statistics
from mmser_ros.nodes.caption.statistics import DROP_REASONS, NO_VIEW, StreamStatistics

ROOT = Path(__file__).parents[3]


def test_the_readme_and_the_table_name_the_reasons_that_the_code_counts():
    calls = [
        node
        for path in (ROOT / "mmser_ros/nodes/caption").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("dropped", "_on_drop")
    ]
    reasons = [node for call in calls for node in ast.walk(call.args[0])]
    counted = {one.value for one in reasons if isinstance(one, ast.Constant)}
    counted.add(NO_VIEW)  # by `saw`
    names = {one.id for one in reasons if isinstance(one, ast.Name)}
    counted |= {getattr(statistics, name) for name in names if hasattr(statistics, name)}
    assert counted == set(DROP_REASONS)
    (line,) = re.findall("by its reason: (.*)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert re.findall("`(.*?)`", line) == [*DROP_REASONS, "malformed_…"]


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves: clock["now"] in seconds."""
    clock = {"now": 100.0}
    monkeypatch.setattr(statistics, "monotonic", lambda: clock["now"])
    return clock


def test_rates_are_of_the_last_seconds(clock):
    statistics = StreamStatistics()
    for number in range(100):
        clock["now"] = 100.0 + number / 10
        statistics.arrived()
        if number % 2:
            statistics.captioned(clock["now"] - 0.25, 80.0)
    now = statistics.snapshot()
    assert now.input_rate == pytest.approx(10.0, rel=0.03)
    assert now.caption_rate == pytest.approx(5.0, rel=0.03)
    assert now.latency_ms == pytest.approx({"p50": 250.0, "p99": 250.0})
    assert now.inference_ms == {"p50": 80.0, "p99": 80.0}
    assert (now.received, now.captioned) == (100, 50)
    clock["now"] += 30.0
    silent = statistics.snapshot()
    assert (silent.input_rate, silent.caption_rate, silent.silence) == (0.0, 0.0, 30.0)


def test_what_was_lost_on_the_way(clock):
    statistics = StreamStatistics()
    statistics.lost(3)
    statistics.arrived()
    assert statistics.snapshot().loss == 0.75
    clock["now"] += 10.0
    now = statistics.snapshot()
    assert (now.lost, now.loss, now.received) == (3, 0.0, 1)


def test_counts_that_can_not_be_are_one_each(clock):
    statistics = StreamStatistics()
    assert statistics.lost(10_000)
    for count in (10_001, 2**31 - 1, 2**63, -1, -(2**31)):
        assert not statistics.lost(count)
    now = statistics.snapshot()
    assert (now.lost, now.impossible_losses) == (10_005, 5)


def test_what_was_lost_since_the_last_image(clock):
    statistics = StreamStatistics()
    statistics.lost(3)
    statistics.arrived()
    assert statistics.snapshot().lost_since == 0
    statistics.lost(2)
    clock["now"] += 60.0
    assert statistics.snapshot().lost_since == 2


def test_no_view_lasts_until_something_is_seen(clock):
    statistics = StreamStatistics()
    statistics.saw(no_view="black")
    clock["now"] += 60.0
    now = statistics.snapshot()
    assert (now.no_view, now.dropped, now.failures) == ("black", {"no_view": 1}, 0)
    statistics.saw()
    assert statistics.snapshot().no_view == ""


def test_silence_counts_from_the_start(clock):
    statistics = StreamStatistics()
    clock["now"] += 50.0
    statistics.start()
    clock["now"] += 2.0
    assert statistics.snapshot().silence == 2.0


def test_a_failure_is_news_for_a_minute_and_counted_for_ever(clock):
    statistics = StreamStatistics()
    statistics.dropped("overrun")
    assert statistics.snapshot().failures == 0
    statistics.dropped("malformed_empty", "no pixels")
    clock["now"] += 59.0
    assert statistics.snapshot().failures == 1
    clock["now"] += 2.0
    now = statistics.snapshot()
    assert now.failures == 0
    assert now.dropped == {"overrun": 1, "malformed_empty": 1}
    assert now.last_error == "no pixels"


@pytest.mark.parametrize("reason", ["inference", "out_of_memory"])
def test_the_captioner_fails_until_it_makes_a_caption(clock, reason):
    statistics = StreamStatistics()
    for recover in (lambda: statistics.captioned(clock["now"], 1.0), statistics.start):
        for _ in range(3):
            statistics.dropped(reason, "no server")
            statistics.dropped("overrun")
            clock["now"] += 2.0
        assert statistics.snapshot().failing == 6.0
        recover()
        assert statistics.snapshot().failing == 0.0
    statistics.dropped(reason, "no server")
    statistics.dropped("low_confidence")
    statistics.dropped("malformed_empty", "no pixels")
    clock["now"] += 2.0
    assert statistics.snapshot().failing == 0.0


def test_a_glance_is_no_second_picture(clock):
    statistics = StreamStatistics()
    for number in range(10):
        clock["now"] = 100.0 + number
        statistics.arrived()
        clock["now"] += 0.1
        statistics.glanced(100.0 + number)
        clock["now"] += 0.4
        statistics.captioned(100.0 + number, 450.0)
    now = statistics.snapshot()
    assert (now.received, now.captioned) == (10, 10)
    assert now.caption_rate == pytest.approx(1.0)
    assert now.latency_ms == pytest.approx({"p50": 500.0, "p99": 500.0})
    assert now.glance_latency_ms == pytest.approx({"p50": 100.0, "p99": 100.0})
