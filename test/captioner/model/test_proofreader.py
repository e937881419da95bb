# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.config import ProofreaderConfig
from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.proofreader import MIN_LOG_PROBABILITY, Proofreader
from mmser_ros.captioner.untrained import build_untrained

CONFIG = ProofreaderConfig(
    {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    },
    weight=2.0,
    trust=0.5,
)
END = 2


@pytest.fixture
def proofreader():
    torch.manual_seed(0)
    return Proofreader(CONFIG, channels=[4, 2], grids=[2, 4], width=8, words=6).eval()


@pytest.fixture
def embeddings():
    return torch.randn(20, 8, generator=torch.manual_seed(1))


def levels(count):
    random = torch.manual_seed(2)
    return [torch.rand(count, 4, 4, generator=random), torch.rand(count, 16, 2, generator=random)]


@torch.inference_mode()
def test_the_bias_is_for_the_right_words_with_trust_in_the_given_ones(proofreader, embeddings):
    tokens = torch.tensor([[5, 6, 7], [8, 9, 9]])
    likely = proofreader(levels(2), tokens, embeddings).log_softmax(-1)
    position_bias = proofreader.position_bias(levels(2), tokens, embeddings, None, views=1, end=END)
    for row, place, word in [(0, 0, 5), (0, 0, 6), (1, 2, 9), (1, 2, 3)]:
        expected = likely[row, place, word] + CONFIG.trust * (tokens[row, place] == word)
        assert position_bias[row, place, word] == pytest.approx(
            CONFIG.weight * max(MIN_LOG_PROBABILITY, expected), abs=1e-4
        )


@torch.inference_mode()
def test_the_caption_ends_where_it_ended(proofreader, embeddings):
    tokens, mask = pad([[5, 6, 7], [8], []])
    position_bias = proofreader.position_bias(levels(3), tokens, embeddings, mask, views=1, end=END)
    assert position_bias.shape == (3, 4, 20)
    least = CONFIG.weight * MIN_LOG_PROBABILITY
    assert not position_bias[2].any()
    for row, length in enumerate([3, 1]):
        assert (position_bias[row, :length, END] == least).all()
        assert (position_bias[row, length:, END] == 0).all()
        others = [token for token in range(20) if token != END]
        assert (position_bias[row, length:, others] == least).all()
        assert (position_bias[row] >= least).all()
    alone = proofreader.position_bias(
        [one[1:2] for one in levels(3)], tokens[1:2, :1], embeddings, None, views=1, end=END
    )
    torch.testing.assert_close(position_bias[1:2, :2], alone, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_the_bias_is_the_mean_over_the_views(proofreader, embeddings):
    def read(*order):
        seen = [one[list(order)] for one in levels(4)]
        tokens = torch.tensor([[5, 6], [8, 9]])
        return proofreader.position_bias(seen, tokens, embeddings, None, views=2, end=END)

    together = read(0, 1, 2, 3)
    assert together.shape == (2, 3, 20)
    torch.testing.assert_close(together, read(1, 0, 3, 2))
    assert not torch.allclose(together[:1], read(0, 0, 2, 3)[:1])


def build(config, **changes):
    torch.manual_seed(3)
    connector = replace(
        config.ser_connector, proofreader=replace(CONFIG, **changes), architecture=None
    )
    bare = replace(connector, reads_caption=False, shows_caption=False)
    specialist, tokenizer = build_untrained(replace(config, ser_connector=bare))
    torch.nn.init.zeros_(specialist.ser_connector.proofreader.write.weight)
    torch.nn.init.zeros_(specialist.ser_connector.proofreader.write.bias)
    torch.nn.init.normal_(specialist.language_model.embeddings, std=3.0)
    return specialist.eval(), tokenizer


@pytest.mark.parametrize("beams", [1, 2])
def test_captions_from_elsewhere_are_proofread_and_own_ones_are_not(
    refining_config, picture, tmp_path, caplog, beams
):
    """One that finds no fault, and one that finds fault with every word."""
    given = "a dog ."
    for name, weight, trust in (("easy", 100.0, 0.0), ("hard", 100.0, -1000.0)):
        save_checkpoint(tmp_path / name, *build(refining_config, weight=weight, trust=trust))
    easy, hard = (
        Captioner(*load_checkpoint(tmp_path / name), beams=beams) for name in ("easy", "hard")
    )
    glance, own = easy.caption_passes([picture], passes=2)
    assert own[0].text == glance[0].text
    assert [one.text for one in hard.caption_batch([picture], passes=2)] == [own[0].text]
    kept = easy.caption(picture, initial=given)
    assert (kept.text, kept.initial_text, kept.refined) == ("a dog", given, True)
    assert easy.caption(picture, initial=given, passes=3).text == "a dog"
    assert hard.caption(picture, initial=given).text != "a dog"
    both = easy.caption_batch([picture, picture], initials=[given, "a"])
    assert [one.text for one in both] == ["a dog", "a"]
    assert easy.caption(picture, initial=" ").text == own[0].text
    assert not caplog.text
