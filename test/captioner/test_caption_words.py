# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Words that the detector takes for absent are not said."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.caption_words import CaptionWords
from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.config import DomainConfig, WordsConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import Detected
from mmser_ros.captioner.shipped import find_model
from mmser_ros.training.tokens import train_tokenizer

WORDS = ("cat", "chair", "couch", "dining table", "man", "person", "sofa", "table")


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_file(str(find_model("small") / "tokenizer.json"))


@pytest.fixture(scope="module")
def words(tokenizer):
    domain = DomainConfig("homes", ("cat", "table"), 4, least_said=0.7)
    config = WordsConfig(WORDS, 8, domain=domain, least_said=0.3)
    return CaptionWords(config, WORDS, tokenizer, tokenizer.get_vocab_size() + 3)


def forbidden(words, tokenizer, *, inside=False, **likely):
    """The tokens that must not be said; `likely` has underscores for spaces."""
    found = dict.fromkeys(WORDS, 0.0) | {k.replace("_", " "): v for k, v in likely.items()}
    (row,) = words.bias([Detected(found, 0.0, inside)])
    assert len(row) == tokenizer.get_vocab_size() + 3
    assert set(row.tolist()) <= {0.0, -1e4}
    return {tokenizer.decode([one]) for one in torch.nonzero(row)[:, 0].tolist()}


def test_a_word_is_said_from_a_probability_on(words, tokenizer):
    assert {" cat", " cats", " table"} <= forbidden(words, tokenizer, cat=0.29, table=0.1)
    assert not {" cat", " cats"} & forbidden(words, tokenizer, cat=0.31)


def test_words_that_the_detector_does_not_know_are_free(words, tokenizer):
    assert not {" dog", " a", " on", " with"} & forbidden(words, tokenizer)


def test_one_likely_word_of_a_token_is_enough(words, tokenizer):
    assert {" man", " woman"} <= forbidden(words, tokenizer)
    assert not {" man", " woman"} & forbidden(words, tokenizer, person=0.9)
    assert " couch" in forbidden(words, tokenizer)  # a synonym of sofa
    assert " couch" not in forbidden(words, tokenizer, sofa=0.5)


def test_words_that_are_not_known_in_an_image_do_not_count(words, tokenizer):
    (row,) = words.bias([Detected({"couch": 0.1, "cat": 0.9}, 0.0)])
    assert {tokenizer.decode([one]) for one in torch.nonzero(row)[:, 0].tolist()} == {" couch"}


def test_a_part_of_a_likely_phrase_may_be_said(words, tokenizer):
    assert " table" not in forbidden(words, tokenizer, dining_table=0.8, table=0.1)


def test_images_of_the_domain_have_a_bound_of_their_own(words, tokenizer):
    assert " cat" in forbidden(words, tokenizer, inside=True, cat=0.6)
    assert " cat" not in forbidden(words, tokenizer, cat=0.6)


def test_without_a_bound_there_is_no_bias(tokenizer):
    words = CaptionWords(WordsConfig(WORDS, 8), WORDS, tokenizer, tokenizer.get_vocab_size())
    assert words.bias([Detected(dict.fromkeys(WORDS, 0.0), 0.0)]) is None


def test_captions_name_no_improbable_word(tiny_config):
    names = ("dog", "cat", "man", "ball", "grass", "tree")
    tokenizer = train_tokenizer([f"{one} {other}" for one in names for other in names], 300)
    places = {**tiny_config.language.architecture, "max_position_embeddings": 512}
    language = replace(tiny_config.language, architecture=places)
    image = np.zeros((40, 60, 3), np.uint8)
    said = {}
    for least in (0.0, 1.0):
        torch.manual_seed(0)
        words = WordsConfig((*names, "nothing"), 8, least_said=least)
        specialist = Specialist(replace(tiny_config, words=words, language=language))
        norm, embeddings = (
            specialist.language_model.model.decoder.final_layer_norm,
            specialist.language_model.embeddings,
        )
        with torch.no_grad():  # it says nothing but "dog", if it may
            norm.weight.zero_()
            norm.bias.copy_(9 * embeddings[tokenizer.token_to_id("Ġdog")])
        said[least] = Captioner(specialist.eval(), tokenizer, device="cpu").caption(image)
    assert {word for word, _ in said[0.0].support} == {"dog"}
    assert said[1.0].text
    assert not said[1.0].support
