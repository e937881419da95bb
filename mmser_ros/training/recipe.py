# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recipes: the stages of a training, and their schedules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import NonNegativeInt, PositiveInt

from mmser_ros.captioner.config import SerConnectorConfig
from mmser_ros.core.validation import checked, from_json
from mmser_ros.training.loop import Schedule, TrainingError
from mmser_ros.training.stages.glance import GlanceSchedule
from mmser_ros.training.stages.proofread import ProofreadSchedule
from mmser_ros.training.stages.refine import RefineSchedule
from mmser_ros.training.stages.self_critical import SelfCriticalSchedule

T = TypeVar("T")


@checked(TrainingError)
class Recipe:
    """The training of a model with a glance.

    Attributes:
        architecture: name of the file in config/architectures.
        vocabulary: size of the BPE vocabulary, for a randomly initialised language model.
        views: views per image, see `features.view`.
        holdout: number of images at the end of the training split kept for validation.
        language: schedule of the language stage; None: no such stage.
        glance: schedule of stage 1.
        consensus: schedule of self-critical training after it; None: no such stage.
        connector: schedule of stage 0, for `runs.run_connector`.
        cache: whether features are cached, or computed each time.
    """

    architecture: str
    vocabulary: PositiveInt
    views: PositiveInt
    holdout: NonNegativeInt
    glance: GlanceSchedule
    language: Schedule | None = None
    consensus: SelfCriticalSchedule | None = None
    connector: GlanceSchedule | None = None
    cache: bool = True


@checked(TrainingError)
class RefineRecipe:
    """The training of refinement, for a model with a glance.

    Attributes:
        levels: levels of the vision tower, see `VisionConfig.levels`; the first is the glance's.
        ser_connector: configuration of the SeR-connector.
        views: views per image, see `features.view`.
        holdout: number of images at the end of the training split kept for validation.
        refine: schedule of stage 2; None if the SeR-connector has no transformer.
        consensus: schedule of self-critical training after it; None: no such stage.
        concepts: schedule of the concept detector, if there is one.
        proofread: schedule of the proofreader, if there is one.
        cache: as in `Recipe`.
    """

    levels: tuple[int, ...]
    ser_connector: SerConnectorConfig
    views: PositiveInt
    holdout: NonNegativeInt
    refine: RefineSchedule | None = None
    consensus: SelfCriticalSchedule | None = None
    concepts: Schedule | None = None
    proofread: ProofreadSchedule | None = None
    cache: bool = True

    def __post_init__(self) -> None:
        for name, part in (("concepts", "concepts"), ("proofread", "proofreader")):
            if bool(getattr(self, name)) != bool(getattr(self.ser_connector, part)):
                msg = f"expected ser_connector: {part} and {name}, its schedule, or neither"
                raise TrainingError(msg)
        connects = self.ser_connector.architecture is not None
        if bool(self.refine) != connects or (self.consensus and not connects):
            msg = "expected ser_connector: architecture and refine, its schedule, or neither; and "
            msg += "consensus with them only"
            raise TrainingError(msg)
        external = self.refine and set(self.refine.initial) != {"own"}
        if self.consensus and self.consensus.supervised_weight and not external:
            msg = "consensus: supervised_weight needs initial captions that are not the model's own"
            raise TrainingError(msg)
        fixed = self.refine and not self.refine.language_model
        if self.consensus and fixed and self.consensus.passes == 1:
            msg = "consensus: passes is 1, expected 2: refine leaves the glance as it is "
            msg += "(language_model: false), so only the refinement pass can learn from rewards"
            raise TrainingError(msg)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from YAML (see config/train/nano.yaml).

    Raises:
        TrainingError: as `read`.
    """
    return read(Recipe, path, "config/train/nano.yaml")


def read_refine_recipe(path: Path) -> RefineRecipe:
    """Read a recipe from YAML (see config/train/nano_refine.yaml).

    Raises:
        TrainingError: as `read`.
    """
    return read(RefineRecipe, path, "config/train/nano_refine.yaml")


def read(kind: type[T], path: Path, example: str) -> T:
    """Read a recipe from YAML.

    Args:
        kind: the class of the recipe.
        path: the file.
        example: a recipe of this class, for messages.

    Raises:
        TrainingError: the file can't be read, or a field is missing, unknown or out of range.
    """
    what = f"{path} is no recipe like {example}"
    try:
        text = json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str)
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        msg = f"{what}: {error}"
        raise TrainingError(msg) from error
    return from_json(kind, text, what, TrainingError)
