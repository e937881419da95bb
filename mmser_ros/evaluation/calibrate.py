# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Fit calibrations: from features of a caption to the probability that it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.confidence import Calibration, features
from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import Caption
from mmser_ros.data.picture_sets import PictureSet
from mmser_ros.evaluation.calibration_error import Reliability
from mmser_ros.evaluation.evaluate import Progress, batches
from mmser_ros.evaluation.right import judge_captions
from mmser_ros.evaluation.scoring import Judge

FOLDS = 10


class CalibrationError(MmserError):
    """The captions are too few, or too one-sided, to fit a calibration."""


@dataclass(frozen=True)
class Fitted:
    """A calibration, and its reliability by cross-validation.

    Attributes:
        calibration: fitted to all images.
        before: reliability of the geometric mean of token probabilities.
        after: reliability of cross-validated confidences: each fold's are from a model fitted to
            the other folds.
        sets: (captions,), name of each caption's set.
    """

    calibration: Calibration
    before: Reliability
    after: Reliability
    sets: np.ndarray

    @property
    def curves(self) -> dict[str, Reliability]:
        """`before` and `after` by name."""
        return {"before": self.before, "after": self.after}

    def by_set(self) -> dict[str, dict[str, Reliability]]:
        """Set → its part of `curves`, in the order of the sets."""
        return {
            name: {which: curve.part(self.sets == name) for which, curve in self.curves.items()}
            for name in dict.fromkeys(self.sets.tolist())
        }


def calibrate(
    captioner: Captioner,
    judge: Judge,
    sets: Sequence[PictureSet],
    *,
    passes: Sequence[int] = (1,),
    progress: Progress = lambda items, description, total: items,
) -> dict[int, Fitted]:
    """Fit a calibration for each number of passes to all sets together, with greedy decoding.

    It predicts whether a caption is right: everything it names is in the image, as
    `right.judge_captions` judges by the annotations.

    Args:
        captioner: the captioner.
        judge: from `scoring.judging`.
        sets: the images; corrupt ones and captions that can't be judged are left out.
        passes: the numbers of passes.
        progress: wraps an iterable with a description and a total.

    Raises:
        CalibrationError: too few captions are right, or too few are wrong.
    """
    rows: dict[int, list[dict[str, float]]] = {number: [] for number in passes}
    right: dict[int, list[bool]] = {number: [] for number in passes}
    names: dict[int, list[str]] = {number: [] for number in passes}
    for one in sets:
        pairs = _caption_pairs(captioner, one, passes, progress)
        for number, captions in pairs.items():
            texts = {name: last.text for name, (_, last) in captions.items()}
            for name, verdict in judge_captions(judge, texts, one.examples).items():
                rows[number].append(features(*captions[name]))
                right[number].append(verdict)
                names[number].append(one.name)
    return {
        number: fit(number, rows[number], np.array(right[number], bool), names[number])
        for number in passes
    }


def fit(
    passes: int,
    rows: Sequence[Mapping[str, float]],
    right: np.ndarray,
    sets: Sequence[str] | None = None,
) -> Fitted:
    """Fit a logistic model to features, with cross-validated predictions.

    Args:
        passes: number of passes of the captions.
        rows: features of each caption, by name; all have the same names, with `mean`.
        right: (captions,) bool, which captions are right.
        sets: name of each caption's set, for separate reports.

    Raises:
        CalibrationError: fewer than `FOLDS` captions are right, or are wrong.
    """
    rightly = int(right.sum())
    if min(rightly, len(right) - rightly) < FOLDS:
        msg = (
            f"{rightly} of {len(right)} captions of {passes} passes are right; expected at least "
            f"{FOLDS} right and {FOLDS} wrong ones: use more images"
        )
        raise CalibrationError(msg)
    names = list(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    model: Pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    unseen = cross_val_predict(model, table, right, cv=folds, method="predict_proba")[:, 1]
    scaler, logistic = model.fit(table, right)
    weights = logistic.coef_[0] / scaler.scale_
    calibration = Calibration(
        passes,
        float(logistic.intercept_[0] - weights @ scaler.mean_),
        dict(zip(names, weights.tolist(), strict=True)),
    )
    uncalibrated = np.exp(table[:, names.index("mean")])
    of_sets = np.array(sets if sets is not None else [""] * len(right))
    before, after = Reliability(uncalibrated, right), Reliability(unseen, right)
    return Fitted(calibration, before, after, of_sets)


def _caption_pairs(
    captioner: Captioner, pictures: PictureSet, passes: Sequence[int], progress: Progress
) -> dict[int, dict[str, tuple[Caption, Caption]]]:
    """Number of passes → image → its captions after the first and after the last pass."""
    pairs: dict[int, dict[str, tuple[Caption, Caption]]] = {number: {} for number in passes}
    read = progress(pictures.pictures(), f"captions of {pictures.name}", len(pictures.examples))
    for names, images in batches(read):
        passes_made = list(captioner.caption_passes(images, passes=max(passes), beams=1))
        for number in passes:
            both = zip(passes_made[0], passes_made[number - 1], strict=True)
            pairs[number].update(zip(names, both, strict=True))
    return pairs
