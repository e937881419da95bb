# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The word detector, alone and in a specialist that is prompted with its words."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.config import ConfigError, SpecialistConfig, WordsConfig
from mmser_ros.captioner.decoding.greedy import prefill
from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import crops
from mmser_ros.captioner.model.word_detector import NOTHING, Detected, WordDetector, combine
from mmser_ros.captioner.untrained import build_untrained
from mmser_ros.training.tokens import pack_rows

NAMES = ("person", "dog", "room", NOTHING)


@pytest.fixture(scope="module", params=["opt", "llama"])
def told(tiny_config, tiny_languages, request):
    """A specialist with a word detector, and its tokenizer."""
    torch.manual_seed(0)
    words = WordsConfig(NAMES, 8)
    language = tiny_languages[request.param]
    language = replace(
        language, architecture={**language.architecture, "max_position_embeddings": 512}
    )
    config = replace(tiny_config, name="told", words=words, language=language)
    specialist, tokenizer = build_untrained(config)
    return specialist.eval(), tokenizer


def _surely(specialist, **odds):
    """Let the detector say the same of all pictures."""
    with torch.no_grad():
        specialist.word_detector.answer.weight.zero_()
        specialist.word_detector.answer.bias.copy_(
            torch.tensor([odds.get(name, -9.0) for name in NAMES])
        )


def test_a_words_odds_are_the_whole_pictures_and_the_best_crops():
    odds = torch.tensor([[[0.0, 2.0], [4.0, -6.0], [1.0, -8.0]]])
    assert combine(odds).tolist() == [[2.0, -2.0]]
    assert combine(odds[:, :1]).tolist() == [[0.0, 2.0]]


def test_crops_are_the_corners_and_the_middle(picture):
    height, width = picture.shape[:2]
    some = crops(picture)
    assert [one.shape for one in some] == [(30, 40, 3)] * 5
    assert np.array_equal(some[0], picture[:30, :40])
    assert np.array_equal(some[3], picture[height - 30 :, width - 40 :])


def test_words_that_only_imagenet_has_come_from_the_towers_own_classes():
    detector = WordDetector(WordsConfig(("dog",), 4), (6,), 1000).eval()
    classes = torch.full((1, 1, 1000), -20.0)
    classes[0, 0, 281] = 0.0  # a tabby, for certain
    found = detector.detect(torch.zeros(1, 1, 12), classes)[0]
    assert found.probabilities["cat"] > 0.6
    assert found.probabilities["rocket"] < 0.01
    assert 0.0 < found.probabilities["dog"] < 1.0
    assert found.words[0][0] == "cat" or found.words[0][0] == "dog"


def test_the_object_towers_log_odds_are_added_to_their_words():
    detector = WordDetector(WordsConfig(("dog", "puppy"), 4), (6,), 0, objects=3).eval()
    with torch.no_grad():
        detector.object_words.copy_(torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.0, -1.0]]))
        detector.object_mean.copy_(torch.tensor([-3.0, 0.0, -1.0]))
        pooled, objects = torch.randn(1, 2, 12), torch.tensor([[2.0, 7.0, 1.0]])
        without = combine(detector(pooled))
        found = combine(detector(pooled, objects=objects[:, None]))
    torch.testing.assert_close(found - without, torch.tensor([[5.0, 0.5]]))
    (detected,) = detector.detect(pooled, objects=objects)
    assert detected.probabilities["dog"] == pytest.approx(float(found[0, 0].sigmoid()))


def test_the_language_model_reads_the_words(told):
    specialist, _ = told
    visual = torch.randn(1, specialist.visual_tokens, 32)
    words, others = pad([[10, 11]]), pad([[12, 13]])
    model = specialist.language_model
    first, _ = prefill(model, specialist.prompt(visual, words=words), 8)
    second, _ = prefill(model, specialist.prompt(visual, words=others), 8)
    assert not torch.allclose(first, second)


def test_training_and_decoding_agree_on_words_of_several_lengths(told):
    specialist, _ = told
    visual = torch.randn(2, specialist.visual_tokens, 32)
    words = pad([[10, 11, 12], [13]])
    rows = pack_rows([[[1, 5, 2]], [[1, 6, 2]]])
    context = specialist.context(visual, words=words)
    forward = specialist(
        context.embeddings,
        rows.tokens,
        rows.segments,
        rows.positions,
        context.positions,
        context.mask,
        specialist.starts(2, words),
    )[:, 0]
    logits, _ = prefill(specialist.language_model, specialist.prompt(visual, words=words), 8)
    torch.testing.assert_close(forward, logits, atol=1e-5, rtol=1e-4)
    alone, _ = prefill(
        specialist.language_model, specialist.prompt(visual[1:], words=pad([[13]])), 8
    )
    torch.testing.assert_close(logits[1:], alone, atol=1e-5, rtol=1e-4)


def test_confidence_is_low_where_the_detector_sees_nothing(told, picture):
    specialist, tokenizer = told
    _surely(specialist, person=2.0)
    sure = Captioner(specialist, tokenizer, device="cpu", quantize="none").caption(picture)
    _surely(specialist, person=2.0, nothing=5.0)
    unsure = Captioner(specialist, tokenizer, device="cpu", quantize="none").caption(picture)
    assert unsure.text == sure.text
    assert unsure.confidence == pytest.approx(
        sure.confidence * (1 - 1 / (1 + np.exp(-5))), rel=0.02
    )


def test_a_caption_carries_what_the_detector_says_of_its_words(told, picture, tiny_checkpoint):
    specialist, tokenizer = told
    caption = Captioner(specialist, tokenizer, device="cpu", quantize="none").caption(picture)
    assert caption.support == ()  # an untrained model says no words
    plain = Captioner.load(str(tiny_checkpoint), quantize="none").caption(picture)
    assert plain.support is None


@pytest.mark.parametrize("quantize", ["none", "int8", "bf16"])
def test_checkpoints_keep_the_detector(told, picture, tmp_path, quantize):
    specialist, tokenizer = told
    save_checkpoint(tmp_path, specialist, tokenizer, dtype="float32")
    again, _ = load_checkpoint(tmp_path)
    assert again.config == specialist.config
    expected = specialist.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in again.state_dict().items())
    captioner = Captioner.load(str(tmp_path), device="cpu", quantize=quantize)
    assert captioner.caption(picture).passes == 1
    assert len(captioner.caption_batch([picture, picture[::-1].copy()])) == 2


def test_configurations(tiny_config):
    config = replace(tiny_config, words=WordsConfig(("a", "b"), 4, 0))
    assert SpecialistConfig.from_json(config.to_json()) == config
    with pytest.raises(ConfigError, match="crops is 3; expected 0 or 5"):
        WordsConfig(("a",), 4, 3)


def test_a_specialist_without_words_has_no_detector(tiny_config):
    assert not hasattr(Specialist(tiny_config), "word_detector")


def test_unlikely_words_are_told_only_where_there_are_few_likely_ones():
    unlikely = {f"odd{number}": 0.2 - number / 100 for number in range(7)}
    few = Detected({"cat": 0.9, **unlikely, "dog": 0.05}, 0.0).words
    assert [word for word, _ in few] == ["cat", *list(unlikely)[:5]]
    likely = {f"word{number}": 0.9 - number / 100 for number in range(8)}
    many = Detected({**unlikely, **likely}, 0.0).words
    assert [word for word, _ in many] == list(likely)
