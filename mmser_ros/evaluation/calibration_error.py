# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether what is said with confidence p is right in p of the cases: its error and its diagram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.metrics import roc_auc_score

BINS = 15
"""Of equal mass: each holds as many captions as the others, give or take one."""
SIDE, MARGIN = 360, 50
INK, PALE, PAPER = (20, 20, 20), (190, 190, 190), (255, 255, 255)
COLOURS = {"before": (200, 90, 40), "after": (20, 90, 200)}


@dataclass(frozen=True)
class Reliability:
    """Confidences against what turned out right.

    Attributes:
        confidences: (captions,), 0 to 1.
        right: (captions,), bool.
    """

    confidences: np.ndarray
    right: np.ndarray

    def part(self, chosen: np.ndarray) -> Reliability:
        """Of some of the captions: `chosen` is (captions,), bool."""
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
        """The error that chance alone gives confidences that are true, mean of seeded draws."""
        random = np.random.default_rng(0)
        drawn = random.random((draws, len(self.right))) < self.confidences
        return float(np.mean([Reliability(self.confidences, one).error() for one in drawn]))

    def scores(self) -> dict[str, float]:
        """How true the confidences are.

        Returns:
            `ECE`, `ECE by chance` (see least_error), `Brier`, and `Brier of a constant`, which
            always says how many are right: less is better. `AUROC`: more is better; left out if
            all are right, or all wrong.
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
    """Draw the share right over confidence, a point a bin; the diagonal is where they are equal.

    Args:
        panels: title → `before` and `after`.

    Returns:
        The panels side by side, (height, width, 3) uint8 RGB.
    """
    side = SIDE + 2 * MARGIN
    page = Image.new("RGB", (side * len(panels), side), PAPER)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=13)
    for number, (title, curves) in enumerate(panels.items()):
        left, bottom = number * side + MARGIN, side - MARGIN

        def place(
            x: float, y: float, left: int = left, bottom: int = bottom
        ) -> tuple[float, float]:
            return left + x * SIDE, bottom - y * SIDE

        draw.rectangle([place(0, 1), place(1, 0)], outline=INK)
        draw.line([place(0, 0), place(1, 1)], fill=PALE)
        for tick in (0.0, 0.5, 1.0):
            x, y = place(tick, tick)
            draw.text((x, bottom + 8), f"{tick:g}", fill=INK, font=font, anchor="mt")
            draw.text((left - 8, y), f"{tick:g}", fill=INK, font=font, anchor="rm")
        draw.text(place(0, 1.03), f"{title}: share right", fill=INK, font=font, anchor="ls")
        draw.text((left + SIDE / 2, bottom + 24), "confidence", fill=INK, font=font, anchor="mt")
        for line, (name, curve) in enumerate(curves.items()):
            points = [place(confidence, share) for confidence, share, _ in curve.bins()]
            draw.line(points, fill=COLOURS[name], width=2)
            for x, y in points:
                draw.ellipse([x - 3, y - 3, x + 3, y + 3], fill=COLOURS[name])
            label = f"{name}: ECE {curve.error():.3f}"
            draw.text((left + 10, bottom - SIDE + 8 + 18 * line), label, COLOURS[name], font=font)
    return np.asarray(page)
