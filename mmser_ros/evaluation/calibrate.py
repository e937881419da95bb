# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Fit what turns token probabilities into the probability that a caption can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.confidence import Calibration, feature_names, features
from mmser_ros.errors import MmserError
from mmser_ros.evaluation.evaluate import CaptionedPictures, Progress, batches, first
from mmser_ros.evaluation.reliability import Reliability
from mmser_ros.evaluation.structure import unseen_entities

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
    """

    calibration: Calibration
    before: Reliability
    after: Reliability

    @property
    def curves(self) -> dict[str, Reliability]:
        """`before` and `after` by name."""
        return {"before": self.before, "after": self.after}


def calibrate(
    captioner: Captioner,
    data: CaptionedPictures,
    *,
    passes: Sequence[int] = (1,),
    limit: int | None = None,
    progress: Progress = lambda items, description, total: items,
) -> dict[int, Fitted]:
    """Fit a calibration for each number of passes, decoding greedily.

    What it predicts: that the caption names nothing that is not there, which is taken to be so
    if every entity of it is a word of some human caption of the picture (CHAIR-s, arXiv
    1809.02156, is 0 for it; `structure.unseen_entities` finds them).

    Args:
        captioner: whose captions.
        data: pictures and their human captions; corrupt pictures are left out and named.
        passes: the numbers of passes to fit for.
        limit: only the first so many pictures.
        progress: wraps an iterable with a description and a total.

    Raises:
        CalibrationError: too few captions are right, or too few wrong.
    """
    total = len(data.captions) if limit is None else min(limit, len(data.captions))
    texts: dict[int, dict[str, str]] = {number: {} for number in passes}
    rows: dict[int, list[dict[str, float]]] = {number: [] for number in passes}
    pictures = progress(first(data.pictures(), total), "captions", total)
    for names, images in batches(pictures):
        looks = list(captioner.looks(images, passes=max(passes), beams=1))
        for number in passes:
            for name, glance, last in zip(names, looks[0], looks[number - 1], strict=True):
                texts[number][name] = last.text
                rows[number].append(features(glance, last))
    fitted = {}
    for number, said in texts.items():
        unseen = unseen_entities(said, {name: data.captions[name] for name in said})
        right = np.array([not unseen[name] for name in said], dtype=bool)
        fitted[number] = fit(number, rows[number], right)
    return fitted


def fit(passes: int, rows: Sequence[dict[str, float]], right: np.ndarray) -> Fitted:
    """Fit a logistic model to features, and predict those of each fold by the others.

    Args:
        passes: that the captions were made with.
        rows: features of each caption.
        right: (captions,), bool, which of them are right.

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
    names = feature_names(passes)
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
    return Fitted(calibration, Reliability(plain, right), Reliability(unseen, right))
