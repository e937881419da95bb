# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The code that times LLaVA-1.5-7B, with a model that is a few thousand times smaller."""

import numpy as np
import pytest

from mmser_ros.evaluation.bench import llava


@pytest.fixture(autouse=True)
def small(monkeypatch):
    vision = {"hidden_size": 16, "intermediate_size": 32, "image_size": 28, "projection_dim": 16}
    monkeypatch.setattr(llava, "VISION", {**llava.VISION, **vision})
    language = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 32}
    monkeypatch.setattr(llava, "LANGUAGE", {**language, "num_attention_heads": 2})
    monkeypatch.setattr(llava, "IMAGE", 60)
    monkeypatch.setattr(llava, "LAYERS", 3)
    monkeypatch.setattr(llava, "VISION_LAYERS", 2)


def test_on_a_gpu_it_runs_whole():
    model = llava.Llava("cpu", whole=True)
    taken = model.caption(np.zeros((4, 4, 3), np.uint8), 1, 5)
    assert taken["whole"] > 0
    assert model.facts["scaled"] is None


def test_on_a_cpu_one_layer_is_scaled():
    model = llava.Llava("cpu")
    taken = model.caption(np.zeros((4, 4, 3), np.uint8), 1, 5)
    stages = ("vision", "prefill", "token")
    assert taken["whole"] == pytest.approx(sum(taken[one] for one in stages))
    assert model.facts["scaled"].startswith("one decoder layer times 3, one vision layer times 2;")
