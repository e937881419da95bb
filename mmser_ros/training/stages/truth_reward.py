# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A reward of captions: CIDEr-D, plus gains for true words and costs for invented ones.

CIDEr-D alone says little about rooms and objects without captions, and hardly penalises invented
objects. The word targets of an image cover both. Captions made from labels are no references:
against a single one CIDEr-D is several times as high, and only rewards its wording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.language.word_finder import WordFinder
from mmser_ros.training.stages.cider_reward import CiderReward
from mmser_ros.training.tokens import mirror
from mmser_ros.training.words.targets import WordTargets


class CaptionRewards:
    """Rewards of captions, by the number of the image."""

    def __init__(
        self,
        names: Sequence[str],
        targets: WordTargets,
        references: Sequence[Sequence[str]],
        *,
        gains: Sequence[float],
        cost: float,
    ) -> None:
        """Set up the rewards.

        Args:
            names: words of the detector.
            targets: word targets of the images.
            references: human captions of each image; may be empty.
            gains: for each image, the reward of a word that is in it, times the target's weight.
            cost: penalty of a word that is not, times the target's weight.
        """
        self._finder = WordFinder(name for name in names if name != NOTHING)
        self._column = {name: number for number, name in enumerate(names)}
        self._targets = targets
        self._gains, self._cost = gains, cost
        mirrored = [[mirror(caption) for caption in some] for some in references]
        self._cider = [CiderReward(references), CiderReward(mirrored)]
        self._captioned = [bool(some) for some in references]

    def __call__(self, caption: str, picture: int, *, mirrored: bool, ended: bool) -> float:
        """The reward of a caption.

        Args:
            caption: its text.
            picture: number of the image.
            mirrored: whether its view is mirrored.
            ended: whether the caption has its end token; else it was cut.
        """
        total = self.truth(caption, picture) - self._cost * self._repeated(caption)
        if self._captioned[picture]:
            total += self._cider[mirrored](caption, picture, ended=ended)
        elif not ended:
            total -= self._cost
        return total

    def truth(self, caption: str, picture: int) -> float:
        """The part of the reward for the caption's words; synonyms count once."""
        truth, weight = self._targets.truth[picture], self._targets.weight[picture]
        gain = self._gains[picture]
        found = self._finder.find(caption)
        columns = [self._column[min(self._finder.alike(word) or [word])] for word in found]
        return sum(
            float(weight[one]) * (gain if truth[one] else -self._cost)
            for one in dict.fromkeys(columns)
        )

    def _repeated(self, caption: str) -> int:
        """How often a caption names again what it has named in the same word."""
        counts = Counter(caption.replace(",", " ").split())
        return sum(count - 1 for word, count in counts.items() if self._finder.find(word))
