# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recipes of models with words: detector, text, glance, rewards."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import NonNegativeInt, PositiveInt

from mmser_ros.captioner.config import ObjectsConfig
from mmser_ros.core.validation import checked
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.recipe import read
from mmser_ros.training.stages.prompted import PromptedSchedule
from mmser_ros.training.stages.rewards import RewardSchedule
from mmser_ros.training.stages.words import WordSchedule

STAGES = ("words", "text", "glance")


@checked(TrainingError)
class PretrainedCut:
    """Pruning of a pretrained language model.

    Attributes:
        layers: indices of the layers to keep, from 0, ascending; None: all.
        min_count: how often the texts must use a token, see `vocabulary.cut_vocabulary`.
    """

    layers: tuple[NonNegativeInt, ...] | None = None
    min_count: PositiveInt = 1


@checked(TrainingError)
class WordsRecipe:
    """The training of a model with words.

    Attributes:
        architecture: name of the file in config/architectures; the words come from the data.
        words: schedule of the word detector.
        text: schedule of the language model on text only.
        glance: schedule of connector and language model on pictures and some text.
        pretrained: pruning of the given language model; None: it is initialised randomly.
        vocabulary: size of the BPE vocabulary of a randomly initialised one.
        rewards: schedule of self-critical training at the end; None: no such training.
        objects: the object tower that the word detector reads; None: there is none.
    """

    architecture: str
    words: WordSchedule
    text: PromptedSchedule
    glance: PromptedSchedule
    pretrained: PretrainedCut | None = None
    vocabulary: PositiveInt | None = None
    rewards: RewardSchedule | None = None
    objects: ObjectsConfig | None = None

    def __post_init__(self) -> None:
        if bool(self.pretrained) == bool(self.vocabulary):
            msg = "expected either pretrained, for a given language model, or vocabulary, for a "
            msg += "randomly initialised one"
            raise TrainingError(msg)
        if not self.text.lines:
            msg = "text: lines is 0; expected the number of lines of text to train on"
            raise TrainingError(msg)


def has_words(path: Path) -> bool:
    """Whether a file is a recipe of a model with words."""
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False  # `read_recipe` reports it
    return isinstance(fields, dict) and "words" in fields


def read_words_recipe(path: Path) -> WordsRecipe:
    """Read a recipe from YAML (see config/train/small.yaml).

    Raises:
        TrainingError: as `recipe.read`.
    """
    return read(WordsRecipe, path, "config/train/small.yaml")
