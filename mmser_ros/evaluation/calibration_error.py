# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Calibration error and reliability diagram: is a confidence of p right in p of the cases?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

BINS = 15
"""Number of equal-mass bins: the numbers of captions in them differ by one at most."""
INCHES = 4.6
"""Width and height of a panel, at 100 pixels per inch."""
COLOURS = {"before": "tab:orange", "after": "tab:blue"}


@dataclass(frozen=True)
class Reliability:
    """Confidences, and which captions were right.

    Attributes:
        confidences: (captions,), 0 to 1.
        right: (captions,), bool.
    """

    confidences: np.ndarray
    right: np.ndarray

    def part(self, chosen: np.ndarray) -> Reliability:
        """Select captions by a mask `chosen`, (captions,) bool."""
        return Reliability(self.confidences[chosen], self.right[chosen])

    def bins(self) -> list[tuple[float, float, int]]:
        """(mean confidence, share right, captions) of each bin, from low to high confidence."""
        order = np.argsort(self.confidences, kind="stable")
        return [
            (float(self.confidences[one].mean()), float(self.right[one].mean()), len(one))
            for one in np.array_split(order, min(BINS, len(order)))
        ]

    def error(self) -> float:
        """The expected calibration error (arXiv 1706.04599, equation 3), over equal-mass bins."""
        return float(sum(n * abs(c - r) for c, r, n in self.bins()) / len(self.right))

    def least_error(self, draws: int = 200) -> float:
        """The expected error of perfectly calibrated confidences, the mean of seeded draws."""
        random = np.random.default_rng(0)
        drawn = random.random((draws, len(self.right))) < self.confidences
        return float(np.mean([Reliability(self.confidences, one).error() for one in drawn]))

    def scores(self) -> dict[str, float]:
        """Score the confidences.

        Returns:
            `ECE`, `ECE by chance` (see `least_error`), `Brier`, and `Brier of a constant`, the
            score of a constant confidence equal to the share of right captions: lower is better.
            `AUROC`: higher is better; left out if all captions are right, or all are wrong.
        """
        share = float(self.right.mean())
        scores = {
            "ECE": self.error(),
            "ECE by chance": self.least_error(),
            "Brier": float(np.mean((self.confidences - self.right) ** 2)),
            "Brier of a constant": share * (1 - share),
        }
        if 0 < share < 1:
            scores["AUROC"] = float(roc_auc_score(self.right, self.confidences))
        return scores


def reliability_diagram(panels: Mapping[str, Mapping[str, Reliability]]) -> np.ndarray:
    """Draw the share of right captions over confidence, one point per bin.

    A calibrated confidence lies on the diagonal.

    Args:
        panels: title → `before` and `after`.

    Returns:
        The panels side by side, (height, width, 3) uint8 RGB.
    """
    figure = Figure(figsize=(INCHES * len(panels), INCHES), dpi=100)
    for number, (title, curves) in enumerate(panels.items()):
        axes = figure.add_axes(((number + 0.12) / len(panels), 0.12, 0.78 / len(panels), 0.78))
        axes.plot([0, 1], [0, 1], color="lightgray")
        for name, curve in curves.items():
            confidences, shares, _ = zip(*curve.bins(), strict=True)
            label = f"{name}: ECE {curve.error():.3f}"
            axes.plot(confidences, shares, "o-", color=COLOURS[name], label=label)
        axes.set(title=title, xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper left")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
