# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/training_steps.py on a tiny model; no timing."""

import pytest

from benchmarks import training_steps


@pytest.mark.parametrize(
    ("stage", "images"),
    [
        ("connector", 558_128),
        ("glance", 10 * 118_287),
        ("own glances", 118_287),
        ("refine", 2 * 591_753),
    ],
)
def test_each_stage_is_measured(stage, images, refining_config, monkeypatch):
    monkeypatch.setattr(training_steps, "read_architecture", lambda _: refining_config)
    one, two = (training_steps.measure(stage, "cpu", batch, 2) for batch in (1, 2))
    assert one["images"] == two["images"] == images
    assert one["teraflop_per_image"] == pytest.approx(two["teraflop_per_image"], rel=0.05)
    assert two["exaflop"] == pytest.approx(two["teraflop_per_image"] * images / 1e6, abs=1e-3)
    assert two["seconds_per_step"] > 0
    assert two["memory_gb"] > 0
