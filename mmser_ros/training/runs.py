# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training runs: from a recipe and data to a checkpoint; each stage is resumable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.model.language_model import clean
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.untrained import build_untrained, read_architecture
from mmser_ros.core.resources import share_path
from mmser_ros.data.datasets import PictureReader, read_sentences
from mmser_ros.data.perturbation.perturb import Lexicon, LexiconErrorMaker
from mmser_ros.training.batches import CaptionedFeatures, Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.features import features_of, mirrored_views
from mmser_ros.training.initial_captions import InitialCaptions
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.progress_log import say
from mmser_ros.training.readable_images import open_readable
from mmser_ros.training.recipe import Recipe, RefineRecipe
from mmser_ros.training.stages.concepts import train_concepts
from mmser_ros.training.stages.glance import train_glance
from mmser_ros.training.stages.language import train_language
from mmser_ros.training.stages.proofread import train_proofreader
from mmser_ros.training.stages.refine import RefineLoss, RefineSchedule, train_refine
from mmser_ros.training.stages.self_critical import train_self_critical
from mmser_ros.training.tokens import train_tokenizer


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
    """Stage 0: train the glance connector alone; the arguments are those of `run_glance`.

    Raises:
        TrainingError: the recipe has no such stage, the language model is untrained, or as in
            `loop.train`.
        DatasetError: the data is not as expected.
    """
    if not recipe.connector:
        msg = "the recipe has no 'connector' (stage 0), see config/train/specialist.yaml"
        raise TrainingError(msg)
    specialist, tokenizer = _begin(recipe, model)
    if model is None and specialist.config.language.weights == "random":
        msg = f"{recipe.architecture}'s language model is untrained: give a model, or train glance"
        raise TrainingError(msg)
    reader = open_readable(data, images, work, progress)
    pictures = _pictures(recipe, specialist, reader, work / "features", progress)
    train_glance(specialist, tokenizer, pictures, recipe.connector, work, connector_only=True)
    finish(out, specialist, tokenizer)


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
    """Train a model with a glance, and write its checkpoint.

    Args:
        recipe: the recipe.
        data: captioned images, see `coco_llava.open_data`.
        sentences: file of more captions, for the vocabulary and the language stage.
        out: checkpoint folder to write.
        work: folder of cached features and of resumable states.
        progress: wraps an iterable with a description and a total.
        images: see `coco_llava.open_data`.
        model: checkpoint folder to start from; default: the architecture's sources.

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
    say(f"{len(captions)} images, {len(texts)} captions, state in {work}")
    if recipe.language and model is None:
        train_language(specialist, tokenizer, texts, recipe.language, work)
    pictures = _pictures(recipe, specialist, reader, work / "features", progress)
    train_glance(specialist, tokenizer, pictures, recipe.glance, work)
    if recipe.consensus:
        train_self_critical(specialist, tokenizer, pictures, recipe.consensus, work)
    finish(out, specialist, tokenizer)


def run_refine(
    recipe: RefineRecipe,
    model: Path,
    data: Path,
    out: Path,
    work: Path,
    progress: Progress,
    features: Path | None = None,
    *,
    images: Path | None = None,
) -> None:
    """Add a SeR-connector to a model, train it, and write the checkpoint.

    The SeR-connector of `model` is replaced, if it has one. `features` is the folder of cached
    features, if several runs share them. The other arguments are those of `run_glance`.

    Raises:
        TrainingError: the levels don't start with the glance's, or as in `loop.train`.
        DatasetError: the data is not as expected.
        CheckpointError: the model is incomplete or damaged.
    """
    glancing, tokenizer = load_checkpoint(model)
    config = glancing.config
    if recipe.levels[:1] != config.vision.levels[:1]:
        msg = f"levels {recipe.levels}: the first must be the glance's, {config.vision.levels[0]}"
        raise TrainingError(msg)
    first = recipe.refine or recipe.concepts or recipe.proofread
    torch.manual_seed(first.seed if first else 0)
    vision = replace(config.vision, levels=recipe.levels)
    specialist = Specialist(replace(config, vision=vision, ser_connector=recipe.ser_connector))
    specialist.glance_connector.load_state_dict(glancing.glance_connector.state_dict())
    specialist.language_model.load_state_dict(glancing.language_model.state_dict())
    place(specialist)
    reader = open_readable(data, images, work, progress)
    pictures = _pictures(recipe, specialist, reader, features or work / "features", progress)
    if recipe.refine:
        _train_connector(specialist, tokenizer, pictures, recipe, recipe.refine, work, progress)
    if recipe.concepts:
        train_concepts(specialist, tokenizer, pictures, recipe.concepts, work, progress)
    if recipe.proofread:
        stage = recipe.proofread
        kinds, seed = stage.initial, stage.seed
        initials = _initials(specialist, tokenizer, pictures, kinds, progress, seed)
        train_proofreader(specialist, pictures, initials, stage, work)
    finish(out, specialist, tokenizer)


def _train_connector(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    recipe: RefineRecipe,
    schedule: RefineSchedule,
    work: Path,
    progress: Progress,
) -> None:
    # A trained language model also learns from its own glances.
    kinds = (*schedule.initial, *(["own"] if schedule.language_model else []))
    initials = _initials(specialist, tokenizer, pictures, kinds, progress, schedule.seed)
    loss = RefineLoss(specialist, tokenizer, pictures, initials, schedule)
    train_refine(specialist, tokenizer, pictures, schedule, work, loss)
    if recipe.consensus:
        only = [] if schedule.language_model else [specialist.ser_connector]
        rewards, supervised = recipe.consensus, loss.supervised
        train_self_critical(specialist, tokenizer, pictures, rewards, work, supervised, only)


def _initials(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    kinds: Sequence[str],
    progress: Progress,
    seed: int,
) -> InitialCaptions:
    maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
    return InitialCaptions(specialist, tokenizer, pictures, kinds, maker, progress, seed)


def _begin(recipe: Recipe, model: Path | None) -> tuple[Specialist, Tokenizer]:
    torch.manual_seed(recipe.glance.seed)
    if model:
        specialist, tokenizer = load_checkpoint(model)
    else:
        specialist, tokenizer = build_untrained(read_architecture(recipe.architecture))
    place(specialist)
    return specialist, tokenizer


def place(specialist: Specialist) -> None:
    """Move a specialist and its frozen tower to this process's device."""
    specialist.to(processes().device)
    specialist.vision.to(processes().device)


def _pictures(
    recipe: Recipe | RefineRecipe,
    specialist: Specialist,
    reader: PictureReader,
    folder: Path,
    progress: Progress,
) -> CaptionedFeatures:
    cache = folder if recipe.cache else None
    features = features_of(specialist, reader, cache, recipe.views, progress)
    mirrored = mirrored_views(recipe.views, len(reader.captions))
    return CaptionedFeatures(features, list(reader.captions.values()), mirrored, recipe.holdout)


def finish(out: Path, specialist: Specialist, tokenizer: Tokenizer) -> None:
    """Write the checkpoint of a trained specialist, in the main process."""
    # Calibrations were fitted to other weights.
    specialist.config = replace(specialist.config, calibrations=())
    if processes().is_main_process:
        save_checkpoint(out, specialist, tokenizer)
    say(f"checkpoint written to {out}")
    processes().wait_for_everyone()
