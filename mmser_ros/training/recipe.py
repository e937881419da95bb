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
from tokenizers import Tokenizer

from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.config import SerConnectorConfig
from mmser_ros.captioner.specialist import Specialist
from mmser_ros.captioner.untrained import build_untrained, read_architecture
from mmser_ros.resources import share_path
from mmser_ros.training.datasets import PictureReader, read_sentences
from mmser_ros.training.features import features_of, mirrored_views
from mmser_ros.training.journal import say
from mmser_ros.training.loop import Schedule, TrainingError
from mmser_ros.training.perturb import Lexicon, LexiconErrorMaker
from mmser_ros.training.pictures import CaptionedFeatures, Progress
from mmser_ros.training.processes import processes
from mmser_ros.training.sound_pictures import open_readable
from mmser_ros.training.stage_consensus import train_consensus
from mmser_ros.training.stage_glance import GlanceSchedule, train_glance
from mmser_ros.training.stage_language import train_language
from mmser_ros.training.stage_refine import RefineSchedule, train_refine
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
        connector: schedule of stage 0, for `run_connector`.
        cache: whether features are computed once and kept, or anew each time.
    """

    architecture: str
    vocabulary: int
    views: int
    holdout: int
    glance: GlanceSchedule
    language: Schedule | None = None
    consensus: Schedule | None = None
    connector: GlanceSchedule | None = None
    cache: bool = True


@dataclass(frozen=True)
class RefineRecipe:
    """How a model that can glance is taught to look again.

    Attributes:
        levels: of the vision tower, see `VisionConfig.levels`; the first must be the glance's.
        ser_connector: what is to be trained.
        views: views of each picture, see `features.view`.
        holdout: pictures at the end of the training split kept for validation.
        refine: schedule of stage 2.
        cache: as in `Recipe`.
    """

    levels: tuple[int, ...]
    ser_connector: SerConnectorConfig
    views: int
    holdout: int
    refine: RefineSchedule
    cache: bool = True


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from YAML (see config/train/nano.yaml).

    Raises:
        TrainingError: the file can't be read, or a field is missing or unknown.
    """
    with _reading(path, "config/train/nano.yaml") as fields:
        stages = {name: fields.pop(name, None) for name in ("language", "consensus")}
        glance = GlanceSchedule(**fields.pop("glance"))
        connector = fields.pop("connector", None)
        optional: dict[str, Any] = {
            name: Schedule(**stage) for name, stage in stages.items() if stage
        }
        if connector:
            optional["connector"] = GlanceSchedule(**connector)
        return Recipe(**fields, glance=glance, **optional)


def read_refine_recipe(path: Path) -> RefineRecipe:
    """Read a recipe from YAML (see config/train/nano_refine.yaml).

    Raises:
        TrainingError: the file can't be read, or a field is missing or unknown.
    """
    with _reading(path, "config/train/nano_refine.yaml") as fields:
        connector = fields.pop("ser_connector")
        return RefineRecipe(
            levels=tuple(fields.pop("levels")),
            ser_connector=SerConnectorConfig(levels=tuple(connector.pop("levels")), **connector),
            refine=RefineSchedule(**fields.pop("refine")),
            **fields,
        )


@contextmanager
def _reading(path: Path, example: str) -> Iterator[dict[str, Any]]:
    try:
        yield yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        msg = f"{path} is no recipe ({error}); expected the fields of {example}"
        raise TrainingError(msg) from error


def run_connector(
    recipe: Recipe,
    data: Path,
    out: Path,
    work: Path,
    progress: Progress,
    *,
    images: Path | None = None,
    model: Path | None = None,
) -> None:
    """Stage 0: train the glance connector alone, and write the checkpoint.

    Args:
        recipe: how.
        data: captioned pictures, see `annotations.open_data`.
        out: checkpoint folder to write.
        work: folder of cached features and resumable state.
        progress: wraps an iterable with a description and a total.
        images: see `annotations.open_data`.
        model: checkpoint folder to start from; default: the architecture's sources.

    Raises:
        TrainingError: the recipe has no such stage, the language model can't speak yet, or as
            `loop.train`.
        DatasetError: the data is not as expected.
    """
    if not recipe.connector:
        msg = "the recipe has no 'connector' (stage 0), see config/train/specialist.yaml"
        raise TrainingError(msg)
    specialist, tokenizer = _begin(recipe, model)
    if model is None and specialist.config.language.weights == "random":
        msg = (
            f"{recipe.architecture}'s language model can't speak yet: give a model or train glance"
        )
        raise TrainingError(msg)
    reader = open_readable(data, images, work, progress)
    pictures = _pictures(recipe, specialist, reader, work, progress)
    train_glance(specialist, tokenizer, pictures, recipe.connector, work, connector_only=True)
    _finish(out, specialist, tokenizer)


def run_glance(
    recipe: Recipe,
    data: Path,
    sentences: Path | None,
    out: Path,
    work: Path,
    progress: Progress,
    *,
    images: Path | None = None,
    model: Path | None = None,
) -> None:
    """Train a model and write its checkpoint.

    Args:
        recipe: how.
        data: captioned pictures, see `annotations.open_data`.
        sentences: further captions, text only, for the vocabulary and the language stage.
        out: checkpoint folder to write.
        work: folder of cached features and resumable state.
        progress: wraps an iterable with a description and a total.
        images: see `annotations.open_data`.
        model: checkpoint folder to start from, whose language model can speak; default: the
            architecture's sources.

    Raises:
        TrainingError: see `loop.train`.
        DatasetError: the data is not as expected.
    """
    reader = open_readable(data, images, work, progress)
    captions = list(reader.captions.values())
    texts = [*(read_sentences(sentences) if sentences else []), *chain.from_iterable(captions)]
    specialist, tokenizer = _begin(recipe, model)
    if model is None and specialist.config.language.weights == "random":
        tokenizer = train_tokenizer(map(clean, texts), recipe.vocabulary)
    parameters = sum(one.numel() for one in specialist.parameters()) / 1e6
    say(f"{recipe.architecture}: {parameters:.1f} M parameters to train")
    say(f"{len(captions)} pictures, {len(texts)} captions, state in {work}")
    if recipe.language and model is None:
        train_language(specialist, tokenizer, texts, recipe.language, work)
    pictures = _pictures(recipe, specialist, reader, work, progress)
    train_glance(specialist, tokenizer, pictures, recipe.glance, work)
    if recipe.consensus:
        train_consensus(specialist, tokenizer, pictures, recipe.consensus, work)
    _finish(out, specialist, tokenizer)


def run_refine(
    recipe: RefineRecipe,
    model: Path,
    data: Path,
    out: Path,
    work: Path,
    progress: Progress,
    *,
    images: Path | None = None,
) -> None:
    """Give a model that can glance a SeR-connector, train it, and write the checkpoint.

    Args:
        recipe: how.
        model: checkpoint folder of the model; a SeR-connector it has is replaced.
        data: captioned pictures, see `annotations.open_data`.
        out: checkpoint folder to write.
        work: folder of cached features and resumable state.
        progress: wraps an iterable with a description and a total.
        images: see `annotations.open_data`.

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
        )
    )
    specialist.glance_connector.load_state_dict(glancing.glance_connector.state_dict())
    specialist.language_model.load_state_dict(glancing.language_model.state_dict())
    _place(specialist)
    reader = open_readable(data, images, work, progress)
    pictures = _pictures(recipe, specialist, reader, work, progress)
    maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
    train_refine(specialist, tokenizer, pictures, recipe.refine, work, maker, progress)
    _finish(out, specialist, tokenizer)


def _begin(recipe: Recipe, model: Path | None) -> tuple[Specialist, Tokenizer]:
    torch.manual_seed(recipe.glance.seed)
    if model:
        specialist, tokenizer = load_checkpoint(model)
    else:
        specialist, tokenizer = build_untrained(read_architecture(recipe.architecture))
    _place(specialist)
    return specialist, tokenizer


def _place(specialist: Specialist) -> None:
    specialist.to(processes().device)
    specialist.vision.to(processes().device)


def _pictures(
    recipe: Recipe | RefineRecipe,
    specialist: Specialist,
    reader: PictureReader,
    work: Path,
    progress: Progress,
) -> CaptionedFeatures:
    features = features_of(
        specialist, reader, work / "features" if recipe.cache else None, recipe.views, progress
    )
    mirrored = mirrored_views(recipe.views, len(reader.captions))
    return CaptionedFeatures(features, list(reader.captions.values()), mirrored, recipe.holdout)


def _finish(out: Path, specialist: Specialist, tokenizer: Tokenizer) -> None:
    if processes().is_main_process:
        save_checkpoint(out, specialist, tokenizer)
    say(f"checkpoint written to {out}")
    processes().wait_for_everyone()
