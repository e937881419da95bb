# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.tokens import pack_rows


@pytest.fixture(scope="module", params=["opt", "llama"])
def specialist(tiny_config, tiny_languages, request):
    torch.manual_seed(0)
    return Specialist(replace(tiny_config, language=tiny_languages[request.param])).eval()


def test_vision_is_no_part_of_what_is_trained_or_saved(specialist):
    names = specialist.state_dict().keys()
    assert {name.split(".")[0] for name in names} == {"language_model", "glance_connector"}


def test_packed_captions_do_not_see_each_other(specialist):
    """Several captions a row give each the logits it has alone."""
    visual = torch.randn(1, specialist.visual_tokens, 32)
    captions = [[1, 10, 11, 2], [1, 20, 21, 22, 23, 2], [1, 30, 2]]
    packed = pack_rows([captions])
    together = specialist(visual, packed.tokens, packed.segments, packed.positions)
    start = 0
    for caption in captions:
        alone = pack_rows([[caption]])
        logits = specialist(visual, alone.tokens, alone.segments, alone.positions)
        end = start + len(caption) - 1
        torch.testing.assert_close(together[:, start:end], logits, atol=1e-5, rtol=1e-4)
        start = end


def test_training_and_decoding_agree(specialist):
    """The packed forward pass gives the logits that decoding from the prompt starts with."""
    from mmser_ros.captioner.decoding.greedy import prefill

    levels = specialist.encode(torch.zeros(1, 3, 224, 224, dtype=torch.uint8))
    visual = specialist.glance(levels)
    rows = pack_rows([[[1, 5, 2]]])
    forward = specialist(visual, rows.tokens, rows.segments, rows.positions)[:, 0]
    logits, _ = prefill(specialist.language_model, specialist.prompt(visual), 8)
    torch.testing.assert_close(forward, logits, atol=1e-5, rtol=1e-4)


def test_captions_depend_on_the_picture(specialist):
    rows = pack_rows([[[1, 5, 6, 2]]])
    dark, bright = (
        specialist.glance(specialist.encode(torch.full((1, 3, 224, 224), value, dtype=torch.uint8)))
        for value in (0, 200)
    )
    assert not torch.allclose(
        specialist(dark, rows.tokens, rows.segments, rows.positions),
        specialist(bright, rows.tokens, rows.segments, rows.positions),
    )
