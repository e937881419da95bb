# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A recipe: from data to a checkpoint, each step resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import torch
import yaml
from rich.console import Console

from mmser_ros.captioner.checkpoint import save_checkpoint
from mmser_ros.captioner.untrained import build_untrained, read_architecture
from mmser_ros.training.datasets import Flickr8k, read_sentences
from mmser_ros.training.features import cache_features, mirrored_views
from mmser_ros.training.loop import Schedule, TrainingError
from mmser_ros.training.stages import (
    CaptionedFeatures,
    GlanceSchedule,
    train_consensus,
    train_glance,
    train_language,
)
from mmser_ros.training.text import clean, train_tokenizer

Progress = Callable[[Iterable, str, int], Iterable]


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
    consensus: Schedule | None = None


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from YAML (see config/train/nano.yaml).

    Raises:
        TrainingError: the file can't be read, or a field is missing or unknown.
    """
    try:
        fields: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        stages = {name: fields.pop(name, None) for name in ("language", "consensus")}
        glance = GlanceSchedule(**fields.pop("glance"))
        optional: dict[str, Any] = {
            name: Schedule(**stage) for name, stage in stages.items() if stage
        }
        return Recipe(**fields, glance=glance, **optional)
    except (OSError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        msg = f"{path} is no recipe ({error}); expected the fields of config/train/nano.yaml"
        raise TrainingError(msg) from error


def run_recipe(
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
    features = cache_features(specialist, data, work / "features", recipe.views, progress)[0]
    pictures = CaptionedFeatures(
        features, captions, mirrored_views(recipe.views, len(captions)), recipe.holdout
    )
    train_glance(specialist, tokenizer, pictures, recipe.glance, work)
    if recipe.consensus:
        train_consensus(specialist, tokenizer, pictures, recipe.consensus, work)
    save_checkpoint(out, specialist, tokenizer)
