# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.captioner.config import ProofreaderConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.data.perturbation.perturb import PlantedError, PseudoInitialCaption
from mmser_ros.training.batches import CaptionedFeatures
from mmser_ros.training.initial_captions import InitialCaptions
from mmser_ros.training.stages.proofread import (
    IGNORED,
    ProofreadSchedule,
    correct,
    train_proofreader,
)
from mmser_ros.training.tokens import train_tokenizer
from test.training.conftest import features_of_colours

COLOURS = ["red", "green", "blue", "grey"]
captions = st.lists(st.integers(0, 9), max_size=8)


def test_each_word_in_its_place():
    assert correct([1, 2, 3, 4], [1, 7, 3, 8]) == [1, 7, 3, 8]
    assert correct([1, 2, 3, 4], [1, 7, 8, 4]) == [1, 7, 8, 4]
    # one word for two, two for one, one too many, one too few
    assert correct([1, 2, 4], [1, 7, 8, 4]) == [1, IGNORED, 4]
    assert correct([1, 7, 8, 4], [1, 2, 4]) == [1, IGNORED, IGNORED, 4]
    assert correct([1, 2, 4], [1, 4]) == [1, IGNORED, 4]
    assert correct([1, 4], [1, 2, 4]) == [1, 4]


@given(captions, captions)
def test_only_words_of_the_truth_are_learned_in_its_order(planted, truth):
    corrected = correct(planted, truth)
    assert len(corrected) == len(planted)
    rest = iter(truth)
    assert all(word in rest for word in corrected if word != IGNORED)
    assert correct(truth, truth) == truth


class ColourMaker:
    """Plants another colour in captions like "a red wall"."""

    def plant(self, captions, counts, seed, skip=0):
        for number, (caption, count) in enumerate(zip(captions, counts, strict=True)):
            colour = caption.split()[1]
            other = COLOURS[(COLOURS.index(colour) + 1 + (seed + number) % 3) % 4]
            errors = (PlantedError("attribute", colour, other),) if count else ()
            yield PseudoInitialCaption(caption.replace(colour, other) if count else caption, errors)


def test_it_learns_to_doubt_what_is_not_to_be_seen(refining_config, tmp_path):
    texts = [[f"a {COLOURS[number % 4]} wall"] for number in range(40)]
    words = [word for word in (*COLOURS, "a", "wall") for _ in range(50)]
    tokenizer = train_tokenizer(words, 300)
    torch.manual_seed(0)
    config = ProofreaderConfig(refining_config.ser_connector.architecture, weight=1.0, trust=0.0)
    connector = replace(refining_config.ser_connector, proofreader=config)
    specialist = Specialist(replace(refining_config, ser_connector=connector)).eval()
    torch.nn.init.normal_(specialist.language_model.embeddings, std=0.5)
    before = {key: value.clone() for key, value in specialist.state_dict().items()}
    features = features_of_colours(specialist)
    pictures = CaptionedFeatures(features, texts, np.zeros((2, 40), bool), holdout=4)
    initials = InitialCaptions(
        specialist, tokenizer, pictures, ("planted",), ColourMaker(), lambda items, *_: items
    )
    schedule = ProofreadSchedule(
        initial=("planted",), epochs=60, batch_size=12, learning_rate=1e-2, average=0.9
    )
    train_proofreader(specialist, pictures, initials, schedule, tmp_path)
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids  # noqa: E731
    embeddings = specialist.language_model.embeddings
    for picture, colour in enumerate(COLOURS):
        seen = specialist.select_levels(features([0] * 4, [picture] * 4))
        given = torch.tensor([encode(f"a {one} wall") for one in COLOURS])
        with torch.no_grad():
            logits = specialist.ser_connector.proofreader(seen, given, embeddings)
        assert logits.argmax(-1).tolist() == [encode(f"a {colour} wall")] * 4
    after = specialist.state_dict()
    moved = {key for key, value in before.items() if not after[key].equal(value)}
    assert moved
    assert all(key.startswith("ser_connector.proofreader") for key in moved)
