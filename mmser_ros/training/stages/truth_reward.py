# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a caption is worth: how far it agrees with people, and which of its words are true.

Agreement (CIDEr-D) says little about rooms and things that nobody captioned, and forgives what is
made up. What is known of the words of a picture says both.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.language.word_finder import WordFinder
from mmser_ros.training.stages.cider_reward import CiderReward
from mmser_ros.training.tokens import mirror
from mmser_ros.training.words.targets import WordTargets


class CaptionRewards:
    """Rewards of captions of pictures, which are numbered."""

    def __init__(
        self,
        names: Sequence[str],
        targets: WordTargets,
        references: Sequence[Sequence[str]],
        *,
        gain: float,
        cost: float,
    ) -> None:
        """Take what is known of the pictures.

        Args:
            names: words of the detector.
            targets: what is known of each in each picture.
            references: captions of each picture; none where there are none.
            gain: what a word is worth that is there.
            cost: what a word costs that is not; both times how much is known of it.
        """
        self._finder = WordFinder(name for name in names if name != NOTHING)
        self._place = {name: number for number, name in enumerate(names)}
        self._targets = targets
        self._gain, self._cost = gain, cost
        turned = [[mirror(caption) for caption in some] for some in references]
        self._consensus = [CiderReward(references), CiderReward(turned)]
        self._captioned = [bool(some) for some in references]

    def __call__(self, caption: str, picture: int, *, mirrored: bool, ended: bool) -> float:
        """The reward of a caption.

        Args:
            caption: its text.
            picture: number of the picture.
            mirrored: whether the view of it was.
            ended: whether the caption came to its end, rather than being cut.
        """
        total = self.truth(caption, picture)
        if self._captioned[picture]:
            total += self._consensus[mirrored](caption, picture, ended=ended)
        elif not ended:
            total -= self._cost
        return total

    def truth(self, caption: str, picture: int) -> float:
        """The share of the reward that the caption's words earn; of words alike one counts."""
        truth, weight = self._targets.truth[picture], self._targets.weight[picture]
        found = self._finder.find(caption)
        columns = [self._place[min(self._finder.alike(word) or [word])] for word in found]
        return sum(
            float(weight[one]) * (self._gain if truth[one] else -self._cost)
            for one in dict.fromkeys(columns)
        )
