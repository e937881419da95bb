# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.config import ConceptsConfig
from mmser_ros.captioner.decoding.greedy import greedy
from mmser_ros.captioner.model.concept_detector import MAX_BIAS, ConceptDetector
from mmser_ros.captioner.untrained import build_untrained

CONFIG = ConceptsConfig(words=3, hidden_size=8, weight=0.5)
TOKENS = torch.tensor([7, 5, 9])


@pytest.fixture
def detector():
    torch.manual_seed(0)
    detector = ConceptDetector(CONFIG, channels=[4, 2]).eval()
    detector.initialise(TOKENS, torch.tensor([0.5, 0.1, 0.0]), torch.rand(20, 12))
    return detector


@torch.inference_mode()
def test_the_bias_is_the_log_odds_beyond_the_frequency(detector):
    levels = [torch.rand(3, 9, 4), torch.rand(3, 36, 2)]
    pooled = torch.cat([x for one in levels for x in (one.mean(1), one.max(1).values)], dim=1)
    beyond = (detector(pooled) - detector.prior).clamp(-MAX_BIAS, MAX_BIAS)
    logit_bias = detector.logit_bias(levels, views=1, vocabulary=12)
    torch.testing.assert_close(logit_bias[:, TOKENS], CONFIG.weight * beyond)
    others = [token for token in range(12) if token not in TOKENS]
    assert not logit_bias[:, others].any()


@torch.inference_mode()
def test_the_bias_is_bounded_and_the_mean_of_the_views(detector):
    detector.answer.weight.mul_(1000)
    one, other = ([torch.rand(1, 4, 4), torch.rand(1, 4, 2)] for _ in range(2))
    both = [torch.cat(pair) for pair in zip(one, other, strict=True)]
    alone = detector.logit_bias(one, views=1, vocabulary=12)
    assert alone.abs().max() == CONFIG.weight * MAX_BIAS
    swapped = detector.logit_bias([level.flip(0) for level in both], views=2, vocabulary=12)
    together = detector.logit_bias(both, views=2, vocabulary=12)
    assert together.shape == (1, 12)
    torch.testing.assert_close(together, swapped)


def build(config, **changes):
    torch.manual_seed(3)
    connector = replace(config.ser_connector, **changes)
    specialist, tokenizer = build_untrained(replace(config, ser_connector=connector))
    return specialist.eval(), tokenizer


@torch.inference_mode()
def test_a_checkpoint_keeps_the_words(refining_config, tmp_path):
    """Token ids are not rounded as weights are, and further passes use the logit bias."""
    specialist, tokenizer = build(refining_config, concepts=replace(CONFIG, weight=100.0))
    concepts = specialist.ser_connector.concepts
    tokens = torch.tensor([299, 297, 295])
    concepts.initialise(tokens, torch.full((3,), 0.5), torch.rand(9, len(concepts.mean)))
    concepts.answer.bias.copy_(torch.tensor([0.0, 100.0, -100.0]))
    save_checkpoint(tmp_path, specialist, tokenizer)
    loaded, _ = load_checkpoint(tmp_path)
    assert loaded.ser_connector.concepts.tokens.equal(tokens)
    levels = loaded.encode(torch.zeros(1, 3, 224, 224, dtype=torch.uint8))
    prompt = loaded.refine_prompt([levels], torch.tensor([[5]]))
    (decoded,) = greedy(loaded.language_model, prompt, loaded.end, 5)
    assert decoded.tokens[0] == 297
    assert not {297, 295} & set(decoded.tokens[1:])


def test_the_mirror_image_has_its_say(refining_config):
    """A picture and its mirror image get the same refined caption and confidence."""
    captioner = Captioner(
        *build(refining_config, mirror=True, reads_caption=False, shows_caption=False)
    )
    picture = np.random.default_rng(0).integers(256, size=(224, 224, 3), dtype=np.uint8)
    turned = picture[:, ::-1].copy()
    one, other = captioner.caption_batch([picture, turned], passes=1)
    assert one.confidence != pytest.approx(other.confidence, rel=1e-5)
    one, other = captioner.caption_batch([picture, turned], passes=2)
    assert one.text == other.text
    assert one.confidence == pytest.approx(other.confidence, rel=1e-5)


def test_without_a_transformer_the_visual_tokens_are_the_glances(refining_config, picture, caplog):
    bare = {"architecture": None, "reads_caption": False, "shows_caption": False}
    specialist, tokenizer = build(refining_config, **bare)
    captioner = Captioner(specialist, tokenizer)
    (glance, seen), (refined, seen_again) = captioner.explain(picture, passes=2)
    assert (refined.text, refined.refined) == (glance.text, True)
    np.testing.assert_allclose(seen.maps, seen_again.maps, atol=1e-5)
    assert captioner.caption(picture, initial="a dog").text == glance.text
    assert "does not read captions in a refinement pass" in caplog.text
