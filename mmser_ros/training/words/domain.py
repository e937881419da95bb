# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training for images of another domain; the model's own weights stay.

First a word detector, then a gate that no image of the other sets passes, and none without content,
then a connector and an adapter of the language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from pydantic import PositiveInt
from torch import Tensor

from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.config import DomainConfig, WordsConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import WordDetector
from mmser_ros.captioner.model.word_prompt import word_prompt
from mmser_ros.core.validation import checked
from mmser_ros.data.example import Example
from mmser_ros.data.picture_sets import open_sets
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.progress_log import say
from mmser_ros.training.recipe import read
from mmser_ros.training.runs import place
from mmser_ros.training.stages.adapter import AdapterSchedule, DomainImage, train_adapter
from mmser_ros.training.stages.words import (
    AT_ONCE,
    DetectorData,
    WordSchedule,
    odds_by_folds,
    probabilities_of_prompts,
    train_words,
)
from mmser_ros.training.words.blank_images import blank_picture
from mmser_ros.training.words.data import BLANKS, VALIDATION, WordsData, detector_data
from mmser_ros.training.words.encoders import view_encoders
from mmser_ros.training.words.features import ViewFeatures, store_sets, store_views
from mmser_ros.training.words.noise import prompt_words
from mmser_ros.training.words.prompted_items import normalise
from mmser_ros.training.words.targets import word_targets

RIDGE = 1.0
"""Penalty of the gate's weights, as a share of the features' mean variance. With 0.01, images not
trained on score up to -0.3 outside and down to 0.5 inside; with 1, up to -1.3 and down to 0.5."""
LOWEST = 0.01
"""Share of the domain's images that may score below the mark that the gate is fitted to."""


@checked(TrainingError)
class DomainRecipe:
    """The training for a domain.

    Attributes:
        name: what the images are.
        words: schedule of the detector.
        adapter: schedule of the connector and the adapter; None: there are none.
        least: least number of training images that have a word.
        others: maximum number of images of each other set, and number of images without content,
            for the gate.
        storage: how the weights are stored; `int8` and `float32` leave those weights of the model
            as they are that are stored so.
    """

    name: str
    words: WordSchedule
    adapter: AdapterSchedule | None = None
    least: PositiveInt = 20
    others: PositiveInt = 400
    storage: str = "int8"


def read_domain_recipe(path: Path) -> DomainRecipe:
    """Read a recipe from YAML (see config/train/homes.yaml).

    Raises:
        TrainingError: as `recipe.read`.
    """
    return read(DomainRecipe, path, "config/train/homes.yaml")


def run_domain(
    recipe: DomainRecipe,
    data: Path,
    sets: Sequence[str],
    model: Path,
    out: Path,
    work: Path,
    progress: Progress,
) -> None:
    """Train a model's parts for a domain, and write it with them; the same call continues.

    Args:
        recipe: the recipe.
        data: folder of sets; images of its `validation.json` are left out.
        sets: names of the domain's sets; all others are outside of it.
        model: checkpoint folder of a model with words; an older domain is replaced.
        out: checkpoint folder to write.
        work: folder of features and resumable states.
        progress: wraps an iterable with a description and a total.

    Raises:
        TrainingError: the model has no words, no gate tells the images apart, or as in
            `loop.train`.
        DatasetError: the data is not as expected.
        CheckpointError: the model is incomplete or damaged.
    """
    whole, tokenizer = load_checkpoint(model)
    if not whole.config.words:
        msg = f"{whole.config.name} has no word detector; give a model with one, such as small"
        raise TrainingError(msg)
    part = "training" if (data / VALIDATION).exists() else "all"
    inside = WordsData(open_sets(data, "train", sets, part), (), (), ())
    others = [one for one in open_sets(data, "train", part=part) if one.name not in sets]
    names = common_words(sorted(whole.word_detector.words), inside.examples, recipe.least)
    alone = _with_words(whole, recipe.words.config(names))
    place(alone)
    say(f"{len(inside.examples)} images of {recipe.name}, {len(names)} words, state in {work}")
    features = work / "features"
    known = detector_data(alone, names, inside, recipe.words, features, progress)
    train_words(alone, known, recipe.words, work)
    rank = recipe.adapter.rank if recipe.adapter else 0
    domain = DomainConfig(
        recipe.name, names, recipe.words.hidden_size, rank, least_said=recipe.words.least_said
    )
    joined = _with_words(whole, replace(whole.config.words, domain=domain))
    place(joined)
    detector = joined.word_detector
    detector.load_state_dict(
        whole.word_detector.state_dict()
        | {f"domain.detector.{name}": v for name, v in alone.word_detector.state_dict().items()},
        strict=False,
    )
    precision = recipe.words.precision
    encoders, away = view_encoders(joined, precision), [one.spread(recipe.others) for one in others]
    stores = store_sets(
        joined, encoders, away, precision, features, progress, glances=False, views=[0]
    )
    blank = store_views(
        joined, encoders, f"{BLANKS} {precision}", blank_picture, recipe.others, features, progress,
        views=[0], glances=False,
    )  # fmt: skip
    fit_gate(detector, known.features, ViewFeatures([*stores, blank], joined))
    if recipe.adapter:
        odds = odds_by_folds(alone, known, recipe.words, work, progress)
        images = captioned_images(alone, inside, known, odds)
        train_adapter(joined, tokenizer, images, recipe.adapter, work)
    if processes().is_main_process:
        save_checkpoint(out, joined, tokenizer, dtype=recipe.storage)
    say(f"checkpoint written to {out}")


def captioned_images(
    specialist: Specialist, data: WordsData, known: DetectorData, odds: np.ndarray
) -> list[DomainImage]:
    """The images of a domain that have captions, with the word prompts that the robot would have.

    Args:
        specialist: it has the domain's detector as its own.
        data: the images.
        known: their features.
        odds: cross-validated, see `odds_by_folds`.
    """
    chances = probabilities_of_prompts(specialist, known.features, odds[: len(data.examples)])
    names = specialist.word_detector.names
    sources = [(one, name) for one in data.sets for name in one.examples]
    return [
        DomainImage(
            partial(one.picture, name),
            word_prompt(prompt_words(names, found)),
            [normalise(caption) for caption in one.examples[name].captions],
        )
        for (one, name), found in zip(sources, chances, strict=True)
        if found.any() and one.examples[name].captions
    ]


def common_words(names: Sequence[str], examples: Sequence[Example], least: int) -> tuple[str, ...]:
    """Those of these words that the labels of at least `least` examples have.

    Captions do not count: a colour among the words would not say which object has it.
    """
    labels = [replace(one, captions=()) for one in examples]
    counts = word_targets(names, labels).truth.sum(0)
    return tuple(name for name, count in zip(names, counts, strict=True) if count >= least)


@torch.no_grad()
def fit_gate(detector: WordDetector, inside: ViewFeatures, outside: ViewFeatures) -> None:
    """Fit the gate of a detector's domain by ridge regression; it passes no image of `outside`.

    Its threshold is half way between the highest score outside and the lowest inside, but for the
    share LOWEST.

    Raises:
        TrainingError: the scores overlap.
    """
    both = [_whole_images(detector, one).double() for one in (inside, outside)]
    means = [one.mean(0) for one in both]
    centred = [one - (means[0] + means[1]) / 2 for one in both]
    scatter = torch.stack([one.T @ one / len(one) for one in centred]).sum(0)  # of equal weights
    penalty = RIDGE * scatter.diagonal().mean() * torch.eye(len(scatter)).to(scatter)
    gate = torch.linalg.solve(scatter + penalty, means[0] - means[1])
    scores = [one @ gate for one in both]
    low, high = scores[0].quantile(LOWEST), scores[1].max()
    if low <= high:
        msg = f"no gate tells the domain's images from the others: {1 - LOWEST:.0%} of them score "
        msg += f"{low:.3f} or more, but one of the others {high:.3f}; are the sets the right ones?"
        raise TrainingError(msg)
    threshold = (low + high) / 2
    detector.domain.gate.copy_(gate / (low - threshold))  # so `low` and `high` become 1 and -1
    detector.domain.bias.copy_(-threshold / (low - threshold))
    share = float((scores[0] > threshold).double().mean())
    say(f"gate: passes {share:.4f} of {len(both[0])} images inside, none of {len(both[1])} outside")


def _whole_images(detector: WordDetector, features: ViewFeatures) -> Tensor:
    """Standardised features (images, features) of whole images."""
    numbers = np.flatnonzero(features.readable).tolist()
    found = []
    for at in range(0, len(numbers), AT_ONCE):
        some = numbers[at : at + AT_ONCE]
        pooled, classes, _ = features.pooled(some, [0] * len(some))
        found.append(detector.standardise(pooled, classes))
    return torch.cat(found)


def _with_words(source: Specialist, words: WordsConfig) -> Specialist:
    """A model with the weights of another one, but for a new word detector."""
    specialist = Specialist(replace(source.config, words=words))
    state = source.state_dict()
    new = ("word_detector.", "domain_language.")
    kept = {name: value for name, value in state.items() if not name.startswith(new)}
    specialist.load_state_dict(kept, strict=False)
    return specialist.eval()
