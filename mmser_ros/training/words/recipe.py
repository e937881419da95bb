# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recipes of models with words: detector, text, glance, rewards."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import NonNegativeInt, PositiveInt

from mmser_ros.core.validation import checked
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.recipe import read
from mmser_ros.training.stages.prompted import ToldSchedule
from mmser_ros.training.stages.rewards import RewardSchedule
from mmser_ros.training.stages.words import WordSchedule

STAGES = ("words", "text", "glance")


@checked(TrainingError)
class PretrainedCut:
    """What is kept of a language model that was trained elsewhere.

    Attributes:
        layers: numbers of the layers to keep, from 0, ascending; None: all.
        min_count: how often texts must use a token, see `vocabulary.cut_vocabulary`.
    """

    layers: tuple[NonNegativeInt, ...] | None = None
    min_count: PositiveInt = 1


@checked(TrainingError)
class WordsRecipe:
    """How a model with words is trained.

    Attributes:
        architecture: name of the file in config/architectures; the words come from the data.
        words: schedule of the word detector.
        text: schedule of the language model on text alone.
        glance: schedule of connector and language model on pictures, with some text among them.
        pretrained: what is kept of the language model that is given; None: it starts at random.
        vocabulary: size of the BPE vocabulary of one that starts at random.
        rewards: schedule of the rewards that the glance ends with; None: it has none.
    """

    architecture: str
    words: WordSchedule
    text: ToldSchedule
    glance: ToldSchedule
    pretrained: PretrainedCut | None = None
    vocabulary: PositiveInt | None = None
    rewards: RewardSchedule | None = None

    def __post_init__(self) -> None:
        if bool(self.pretrained) == bool(self.vocabulary):
            msg = "expected pretrained, for a language model that is given, or vocabulary, for one "
            msg += "that starts at random"
            raise TrainingError(msg)
        if not self.text.lines:
            msg = "text: lines is 0; expected how many lines of text to learn from"
            raise TrainingError(msg)


def has_words(path: Path) -> bool:
    """Whether a file is a recipe of a model with words."""
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False  # which the reader of recipes says better
    return isinstance(fields, dict) and "words" in fields


def read_words_recipe(path: Path) -> WordsRecipe:
    """Read a recipe from YAML (see config/train/small.yaml).

    Raises:
        TrainingError: as `recipe.read`.
    """
    return read(WordsRecipe, path, "config/train/small.yaml")
