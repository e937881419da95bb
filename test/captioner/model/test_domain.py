# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector for images of another domain: only these images get its words."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from mmser_ros.captioner.attention import read_attention
from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import (
    CheckpointError,
    load_checkpoint,
    save_calibrated,
    save_checkpoint,
)
from mmser_ros.captioner.confidence import Calibration, feature_names
from mmser_ros.captioner.config import DomainConfig, SpecialistConfig, WordsConfig
from mmser_ros.captioner.model.concept_detector import pool
from mmser_ros.captioner.model.domain_language import on_one_grid
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
    words = replace(plain.config.words, domain=DomainConfig("homes", ("dog", "room"), 4, rank=2))
    wide = Specialist(replace(plain.config, words=words))
    wide.load_state_dict(plain.state_dict(), strict=False)
    detector, domain = wide.word_detector, wide.word_detector.domain
    with torch.no_grad():
        pooled, classes = seen(wide)
        inside, outside = detector.standardise(pooled, classes)[:, 0]
        domain.gate.copy_(inside - outside)
        domain.bias.copy_(-domain.gate @ (inside + outside) / 2)
        domain.detector.answer.bias.fill_(9.0)
        for one in wide.domain_language.updates.values():
            one.up.normal_()
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
    assert "person" not in there.probabilities  # its detector does not know
    assert there.nothing == 0.0


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
    assert before.log_probabilities != after.log_probabilities


def test_a_batch_of_both_kinds_is_captioned_as_each_alone(models):
    _, wide, tokenizer = models
    captioner = Captioner(deepcopy(wide), tokenizer, device="cpu")
    images = [RENDERED, PHOTOGRAPH, RENDERED, PHOTOGRAPH[::-1].copy()]
    together = captioner.caption_batch(images)
    for image, found in zip(images, together, strict=True):
        alone = captioner.caption(image)
        assert found.log_probabilities == pytest.approx(alone.log_probabilities, abs=1e-4)


def test_regions_come_from_the_attention_that_wrote_the_caption(models, monkeypatch):
    _, wide, tokenizer = models
    captioner = Captioner(deepcopy(wide), tokenizer, device="cpu")
    is_on = []

    def attention(specialist, *args):
        is_on.append(specialist.domain_language.is_on)
        return read_attention(specialist, *args)

    monkeypatch.setattr("mmser_ros.captioner.grounding.read_attention", attention)
    for image in (RENDERED, PHOTOGRAPH):
        captioner.explain(image)
    assert is_on == [True, False]


def test_the_adapter_is_a_product_added_to_each_layer(models):
    _, wide, _ = models
    layer = wide.language_model.layers[0]
    name, linear = next(it for it in layer.named_modules() if isinstance(it[1], nn.Linear))
    x = torch.randn(2, linear.in_features)
    path = next(one for one in wide.domain_language.updates if one.endswith(name.replace(".", "/")))
    update = wide.domain_language.updates[path]
    off = linear(x)
    with wide.domain():
        assert torch.allclose(linear(x), off + x @ (update.up @ update.down).T, atol=1e-5)
    assert torch.equal(linear(x), off)


def test_images_of_the_domain_have_calibrations_of_their_own(models, tmp_path):
    _, wide, tokenizer = models
    save_checkpoint(tmp_path, wide, tokenizer, dtype="float32")
    unsure, sure = (
        Calibration(1, odds, dict.fromkeys(feature_names(1, support=True), 0.0))
        for odds in (-20.0, 20.0)
    )
    save_calibrated(tmp_path, tmp_path, [unsure])
    save_calibrated(tmp_path, tmp_path, [sure], domain=True)
    inside, outside = Captioner.load(tmp_path, device="cpu").caption_batch([RENDERED, PHOTOGRAPH])
    assert inside.confidence > 0.99
    assert outside.confidence < 0.01


def test_a_model_without_domain_is_not_calibrated_for_one(models, tmp_path):
    plain, _, tokenizer = models
    save_checkpoint(tmp_path, plain, tokenizer, dtype="float32")
    with pytest.raises(CheckpointError, match="has no domain"):
        save_calibrated(tmp_path, tmp_path, [], domain=True)


def test_levels_are_averaged_to_the_grid_of_the_first():
    coarse, fine = torch.zeros(1, 1, 2), torch.arange(4.0).reshape(1, 4, 1)
    assert on_one_grid((coarse, fine)).tolist() == [[[0.0, 0.0, 1.5]]]


def test_checkpoints_keep_the_domain(models, tmp_path):
    _, wide, tokenizer = models
    save_checkpoint(tmp_path, wide, tokenizer, dtype="float32")
    again, _ = load_checkpoint(tmp_path)
    assert again.config == wide.config == SpecialistConfig.from_json(wide.config.to_json())
    expected = wide.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in again.state_dict().items())
