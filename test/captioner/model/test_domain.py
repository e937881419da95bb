# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector for images of another domain: only these images get its words."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.config import DomainConfig, SpecialistConfig, WordsConfig
from mmser_ros.captioner.model.concept_detector import pool
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import fit_square
from mmser_ros.captioner.passes import to_pixels
from mmser_ros.captioner.untrained import build_untrained

NAMES = ("person", "dog", "room", "nothing")
PHOTOGRAPH = np.random.default_rng(0).integers(256, size=(48, 64, 3), dtype=np.uint8)
RENDERED = np.full((48, 64, 3), (250, 20, 20), np.uint8)


@pytest.fixture(scope="module")
def models(tiny_config):
    """A model with words, the same with a domain that RENDERED is of, and their tokenizer."""
    torch.manual_seed(0)
    places = {**tiny_config.language.architecture, "max_position_embeddings": 512}
    language = replace(tiny_config.language, architecture=places)
    plain, tokenizer = build_untrained(
        replace(tiny_config, words=WordsConfig(NAMES, 8), language=language)
    )
    words = replace(plain.config.words, domain=DomainConfig("homes", ("dog", "room"), 4))
    wide = Specialist(replace(plain.config, words=words))
    wide.load_state_dict(plain.state_dict(), strict=False)
    detector, domain = wide.word_detector, wide.word_detector.domain
    with torch.no_grad():
        pooled, classes = seen(wide)
        inside, outside = detector.standardise(pooled, classes)[:, 0]
        domain.gate.copy_(inside - outside)
        domain.bias.copy_(-domain.gate @ (inside + outside) / 2)
        domain.detector.answer.bias.fill_(9.0)
    return plain.eval(), wide.eval(), tokenizer


def seen(specialist):
    """What the detector reads of RENDERED and of PHOTOGRAPH."""
    pixels = to_pixels([fit_square(one, 224, "squash") for one in (RENDERED, PHOTOGRAPH)])
    pooled = pool(specialist.encode(pixels))[:, None]
    return pooled, specialist.vision.classify(pooled[..., : specialist.vision.channels[0]])


def test_only_images_of_the_domain_get_its_words(models):
    plain, wide, _ = models
    before, expected = plain.word_detector.detect(*seen(plain))
    there, here = wide.word_detector.detect(*seen(wide))
    assert here == expected
    assert there.probabilities["dog"] > 0.99 > before.probabilities["dog"]
    assert there.probabilities.keys() == before.probabilities.keys()
    assert there.probabilities["person"] == there.nothing == 0.0


@pytest.mark.parametrize("quantize", ["none", "int8"])
def test_other_images_are_captioned_as_without_the_domain(models, tmp_path, quantize):
    plain, wide, tokenizer = models
    said = []
    for name, model in (("plain", plain), ("wide", wide)):
        save_checkpoint(tmp_path / name, model, tokenizer, dtype="int8")
        said.append(Captioner.load(tmp_path / name, device="cpu", quantize=quantize))
    images = [PHOTOGRAPH, PHOTOGRAPH[::-1].copy()]
    for expected, found in zip(*(one.caption_batch(images) for one in said), strict=True):
        assert replace(found, times_ms={}) == replace(expected, times_ms={})
    before, after = (one.caption(RENDERED) for one in said)
    assert before.log_probabilities != after.log_probabilities  # of other word prompts


def test_checkpoints_keep_the_domain(models, tmp_path):
    _, wide, tokenizer = models
    save_checkpoint(tmp_path, wide, tokenizer, dtype="float32")
    again, _ = load_checkpoint(tmp_path)
    assert again.config == wide.config == SpecialistConfig.from_json(wide.config.to_json())
    expected = wide.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in again.state_dict().items())
