# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.captioner.config import ConfigError
from mmser_ros.captioner.decoding.greedy import greedy
from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.joint_encoder import space_to_depth
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.tokens import pack_rows


def build(config, **changes):
    torch.manual_seed(0)
    connector = replace(config.ser_connector, **changes)
    return Specialist(replace(config, ser_connector=connector)).eval()


@pytest.fixture(scope="module", params=["opt", "llama"])
def specialist(refining_config, tiny_languages, request):
    return build(replace(refining_config, language=tiny_languages[request.param]))


@pytest.fixture(scope="module")
def levels(specialist):
    pixels = torch.randint(256, (3, 3, 224, 224), generator=torch.manual_seed(1))
    return specialist.encode(pixels.to(torch.uint8))


@given(st.integers(1, 4), st.integers(1, 4))
def test_folding_keeps_what_a_cell_covers(coarse, side):
    grid = coarse * side
    rows, columns = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    level = torch.stack([rows, columns], dim=-1).reshape(1, grid * grid, 2)
    folded = space_to_depth(level, grid, coarse).reshape(coarse, coarse, side * side, 2)
    for row in range(coarse):
        for column in range(coarse):
            covered = {tuple(cell) for cell in folded[row, column].tolist()}
            assert covered == {
                (row * side + down, column * side + right)
                for down in range(side)
                for right in range(side)
            }


@torch.inference_mode()
def test_the_second_look_depends_on_levels_and_caption(specialist, levels):
    words = torch.tensor([[5, 6, 7]]).expand(3, 3)
    look = specialist.refine(levels, words)
    assert look.shape == specialist.glance(levels).shape
    assert not torch.allclose(look, specialist.refine(levels, words + 1))
    finer = (levels[0], levels[1] + 1.0)
    assert not torch.allclose(look, specialist.refine(finer, words))


@torch.inference_mode()
def test_padding_changes_nothing(specialist, levels):
    captions = [[5, 6, 7], [8], []]
    initial, mask = pad(captions)
    together = specialist.refine(levels, initial, mask)
    prompt = specialist.prompt(together, initial, mask)
    decoded = greedy(specialist.language_model, prompt, specialist.end, 6)
    for row, caption in enumerate(captions):
        mine = [level[row : row + 1] for level in levels]
        words = torch.tensor([caption], dtype=torch.long)
        alone = specialist.refine(mine, words)
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-4)
        (expected,) = greedy(
            specialist.language_model, specialist.prompt(alone, words), specialist.end, 6
        )
        assert decoded[row].tokens == expected.tokens


@torch.inference_mode()
def test_training_and_decoding_agree(specialist, levels):
    """The packed forward pass gives the log probabilities that decoding finds."""
    initial, mask = pad([[5, 6, 7], [8], [9, 10]])
    visual = specialist.refine(levels, initial, mask)
    prompt = specialist.prompt(visual, initial, mask)
    decoded = greedy(specialist.language_model, prompt, specialist.end, 6)
    rows = pack_rows([[[1, *one.tokens, 2], [1, 11, 12, 2]] for one in decoded])
    context = specialist.context(visual, initial, mask)
    logits = specialist(
        context.embeddings,
        rows.tokens,
        rows.segments,
        rows.positions,
        context.positions,
        context.mask,
    )
    for row, one in enumerate(decoded):
        count = len(one.log_probabilities)
        found = logits[row, :count].log_softmax(-1).max(-1).values
        torch.testing.assert_close(found, torch.tensor(one.log_probabilities), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_added_to_the_glance_it_begins_as_the_glance(refining_config, levels):
    specialist = build(refining_config, adds_to_glance=True)
    words = torch.tensor([[5]]).expand(3, 1)
    assert specialist.refine(levels, words).equal(specialist.glance(levels))


@torch.inference_mode()
def test_the_rows_of_the_ablation(refining_config, levels):
    """Caption only, levels only: what is off has no influence."""
    caption_only = build(refining_config, levels=(17,))
    words = torch.tensor([[5]]).expand(3, 1)
    finer = (levels[0], levels[1] + 1.0)
    assert caption_only.refine(levels, words).equal(caption_only.refine(finer, words))
    levels_only = build(refining_config, reads_caption=False)
    visual = levels_only.refine(levels, words)
    assert visual.equal(levels_only.refine(levels, words + 1))
    padding = torch.tensor([[True, False]] * 3)
    assert visual.equal(levels_only.refine(levels, words.expand(3, 2), padding))
    alone = levels_only.prompt(visual).embeddings.shape[1]
    assert levels_only.prompt(visual, words).embeddings.shape[1] == alone + 1
    neither = build(refining_config, reads_caption=False, shows_caption=False)
    assert neither.prompt(visual, words).embeddings.shape[1] == alone


@pytest.mark.parametrize("levels", [(), (3,), (17, 3)])
def test_levels_the_tower_does_not_give_are_refused(refining_config, levels):
    with pytest.raises(ConfigError, match=r"expected some of the vision tower's, \(17, 11\)"):
        build(refining_config, levels=levels)
