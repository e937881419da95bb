# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Fit what turns token probabilities into the probability that a caption can be believed."""

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
    """Captions that no calibration can be fitted to."""


@dataclass(frozen=True)
class Fitted:
    """A calibration, and how well its like does on pictures it was not fitted to.

    Attributes:
        calibration: fitted to all pictures.
        before: the geometric mean of token probabilities as the confidence.
        after: confidences by cross-validation: those of each fold are by a model fitted to the
            other folds.
        sets: (captions,): the set that each is from.
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
        """Set → its part of `curves`, in the order in which the sets were given."""
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
    """Fit a calibration for each number of passes to all sets together, decoding greedily.

    What it predicts: that the caption names nothing that is not there, as
    `right.judge_captions` tells by what is known of the picture.

    Args:
        captioner: whose captions.
        judge: from `scoring.judging`.
        sets: pictures; corrupt ones and captions that can't be judged are left out.
        passes: the numbers of passes to fit for.
        progress: wraps an iterable with a description and a total.

    Raises:
        CalibrationError: too few captions are right, or too few wrong.
    """
    rows: dict[int, list[dict[str, float]]] = {number: [] for number in passes}
    right: dict[int, list[bool]] = {number: [] for number in passes}
    names: dict[int, list[str]] = {number: [] for number in passes}
    for one in sets:
        looks = _looks(captioner, one, passes, progress)
        for number, spoken in looks.items():
            texts = {name: last.text for name, (_, last) in spoken.items()}
            for name, verdict in judge_captions(judge, texts, one.examples).items():
                rows[number].append(features(*spoken[name]))
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
    """Fit a logistic model to features, and predict those of each fold by the others.

    Args:
        passes: that the captions were made with.
        rows: features of each caption, by name; all have those of the first one, `mean` among
            them.
        right: (captions,), bool, which of them are right.
        sets: the set that each caption is from; they are reported apart.

    Raises:
        CalibrationError: fewer than `FOLDS` captions are right, or wrong.
    """
    rightly = int(right.sum())
    if min(rightly, len(right) - rightly) < FOLDS:
        msg = (
            f"{rightly} of {len(right)} captions of {passes} passes are right; expected at least "
            f"{FOLDS} right and {FOLDS} wrong ones: take more pictures"
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
    plain = np.exp(table[:, names.index("mean")])
    of_sets = np.array(sets if sets is not None else [""] * len(right))
    return Fitted(calibration, Reliability(plain, right), Reliability(unseen, right), of_sets)


def _looks(
    captioner: Captioner, pictures: PictureSet, passes: Sequence[int], progress: Progress
) -> dict[int, dict[str, tuple[Caption, Caption]]]:
    """Number of passes → picture → its captions after the first and after so many passes."""
    spoken: dict[int, dict[str, tuple[Caption, Caption]]] = {number: {} for number in passes}
    read = progress(pictures.pictures(), f"captions of {pictures.name}", len(pictures.examples))
    for names, images in batches(read):
        looks = list(captioner.caption_passes(images, passes=max(passes), beams=1))
        for number in passes:
            pairs = zip(looks[0], looks[number - 1], strict=True)
            spoken[number].update(zip(names, pairs, strict=True))
    return spoken
