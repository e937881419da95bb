# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A recipe: from data to a checkpoint, each step resumable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
import yaml
from rich.console import Console

from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.config import SerConnectorConfig
from mmser_ros.captioner.specialist import Specialist
from mmser_ros.captioner.untrained import build_untrained, read_architecture
from mmser_ros.resources import share_path
from mmser_ros.training.datasets import Flickr8k, read_sentences
from mmser_ros.training.features import cache_features, mirrored_views
from mmser_ros.training.initial_captions import InitialCaptions
from mmser_ros.training.loop import Schedule, TrainingError
from mmser_ros.training.perturb import Lexicon, LexiconErrorMaker
from mmser_ros.training.pictures import CaptionedFeatures, Progress
from mmser_ros.training.stage_consensus import ConsensusSchedule, train_consensus
from mmser_ros.training.stage_glance import GlanceSchedule, train_glance
from mmser_ros.training.stage_language import train_language
from mmser_ros.training.stage_refine import RefineLesson, RefineSchedule, train_refine
from mmser_ros.training.text import clean, train_tokenizer


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Attributes:
        architecture: name of the file in config/architectures.
        vocabulary: size of the BPE vocabulary, for a language model that starts at random.
        views: views of each picture, see `features.view`.
        holdout: pictures at the end of the training split kept for validation.
        language: schedule of the language stage; None leaves it out.
        glance: schedule of stage 1.
        consensus: schedule of the training with rewards after it; None leaves it out.
    """

    architecture: str
    vocabulary: int
    views: int
    holdout: int
    glance: GlanceSchedule
    language: Schedule | None = None
    consensus: ConsensusSchedule | None = None


@dataclass(frozen=True)
class RefineRecipe:
    """How a model that can glance is taught to look again.

    Attributes:
        levels: of the vision tower, see `VisionConfig.levels`; the first must be the glance's.
        ser_connector: what is to be trained.
        views: views of each picture, see `features.view`.
        holdout: pictures at the end of the training split kept for validation.
        refine: schedule of stage 2.
        consensus: schedule of the training with rewards after it; None leaves it out.
    """

    levels: tuple[int, ...]
    ser_connector: SerConnectorConfig
    views: int
    holdout: int
    refine: RefineSchedule
    consensus: ConsensusSchedule | None = None

    def __post_init__(self) -> None:
        if self.consensus and self.consensus.lesson and set(self.refine.initial) == {"own"}:
            msg = "consensus: lesson needs initial captions that are not the model's own"
            raise TrainingError(msg)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from YAML (see config/train/nano.yaml).

    Raises:
        TrainingError: the file can't be read, or a field is missing or unknown.
    """
    with _reading(path, "config/train/nano.yaml") as fields:
        language, consensus = fields.pop("language", None), fields.pop("consensus", None)
        return Recipe(
            glance=GlanceSchedule(**fields.pop("glance")),
            language=Schedule(**language) if language else None,
            consensus=ConsensusSchedule(**consensus) if consensus else None,
            **fields,
        )


def read_refine_recipe(path: Path) -> RefineRecipe:
    """Read a recipe from YAML (see config/train/nano_refine.yaml).

    Raises:
        TrainingError: the file can't be read, or a field is missing or unknown.
    """
    with _reading(path, "config/train/nano_refine.yaml") as fields:
        connector, consensus = fields.pop("ser_connector"), fields.pop("consensus", None)
        return RefineRecipe(
            levels=tuple(fields.pop("levels")),
            ser_connector=SerConnectorConfig(levels=tuple(connector.pop("levels")), **connector),
            refine=RefineSchedule(**fields.pop("refine")),
            consensus=ConsensusSchedule(**consensus) if consensus else None,
            **fields,
        )


@contextmanager
def _reading(path: Path, example: str) -> Iterator[dict[str, Any]]:
    try:
        yield yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        msg = f"{path} is no recipe ({error}); expected the fields of {example}"
        raise TrainingError(msg) from error


def run_glance(
    recipe: Recipe,
    root: Path,
    sentences: Path | None,
    out: Path,
    work: Path,
    progress: Progress,
) -> None:
    """Train a model and write its checkpoint.

    Args:
        recipe: how.
        root: folder of Flickr8k, see `datasets.Flickr8k`.
        sentences: further captions, text only, for the vocabulary and the language stage.
        out: checkpoint folder to write.
        work: folder of cached features and resumable state.
        progress: wraps an iterable with a description and a total.

    Raises:
        TrainingError: see `loop.train`.
        DatasetError: the data is not as expected.
    """
    data = Flickr8k(root, "train")
    captions = list(data.captions.values())
    texts = [*(read_sentences(sentences) if sentences else []), *chain.from_iterable(captions)]
    torch.manual_seed(recipe.glance.seed)
    specialist, tokenizer = build_untrained(read_architecture(recipe.architecture))
    if specialist.config.language.weights == "random":
        tokenizer = train_tokenizer(map(clean, texts), recipe.vocabulary)
    parameters = sum(one.numel() for one in specialist.parameters()) / 1e6
    console = Console(stderr=True)
    console.print(f"{recipe.architecture}: {parameters:.1f} M parameters to train")
    console.print(f"{len(captions)} pictures, {len(texts)} captions, state in {work}")
    if recipe.language:
        train_language(specialist, tokenizer, texts, recipe.language, work)
    pictures = _pictures(recipe, specialist, data, work / "features", progress)
    train_glance(specialist, tokenizer, pictures, recipe.glance, work)
    if recipe.consensus:
        train_consensus(specialist, tokenizer, pictures, recipe.consensus, work)
    save_checkpoint(out, specialist, tokenizer)


def run_refine(
    recipe: RefineRecipe,
    model: Path,
    root: Path,
    out: Path,
    work: Path,
    progress: Progress,
    features: Path | None = None,
) -> None:
    """Give a model that can glance a SeR-connector, train it, and write the checkpoint.

    Args:
        recipe: how.
        model: checkpoint folder of the model; a SeR-connector it has is replaced.
        root: folder of Flickr8k, see `datasets.Flickr8k`.
        out: checkpoint folder to write.
        work: folder of cached features and resumable state.
        progress: wraps an iterable with a description and a total.
        features: folder of cached features, where several runs share them.

    Raises:
        TrainingError: the levels don't begin with the glance's, or as `loop.train`.
        DatasetError: the data is not as expected.
        CheckpointError: the model is incomplete or damaged.
    """
    glancing, tokenizer = load_checkpoint(model)
    config = glancing.config
    if recipe.levels[:1] != config.vision.levels[:1]:
        msg = f"levels {recipe.levels}: the first must be the glance's, {config.vision.levels[0]}"
        raise TrainingError(msg)
    torch.manual_seed(recipe.refine.seed)
    specialist = Specialist(
        replace(
            config,
            vision=replace(config.vision, levels=recipe.levels),
            ser_connector=recipe.ser_connector,
            calibrations=(),  # they were fitted to other weights
        )
    )
    specialist.glance_connector.load_state_dict(glancing.glance_connector.state_dict())
    specialist.language_model.load_state_dict(glancing.language_model.state_dict())
    cache = features or work / "features"
    pictures = _pictures(recipe, specialist, Flickr8k(root, "train"), cache, progress)
    maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
    schedule = recipe.refine
    initials = InitialCaptions(
        specialist, tokenizer, pictures, schedule.initial, maker, progress, schedule.seed
    )
    lesson = RefineLesson(specialist, tokenizer, pictures, initials, schedule)
    train_refine(specialist, tokenizer, pictures, schedule, work, lesson)
    if recipe.consensus:
        train_consensus(specialist, tokenizer, pictures, recipe.consensus, work, lesson.given)
    save_checkpoint(out, specialist, tokenizer)


def _pictures(
    recipe: Recipe | RefineRecipe,
    specialist: Specialist,
    data: Flickr8k,
    cache: Path,
    progress: Progress,
) -> CaptionedFeatures:
    levels = cache_features(specialist, data, cache, recipe.views, progress)
    mirrored = mirrored_views(recipe.views, len(data.captions))
    return CaptionedFeatures(levels, list(data.captions.values()), mirrored, recipe.holdout)
