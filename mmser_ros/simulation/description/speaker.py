# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Says noun phrases of groups, and remembers what was said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmser_ros.core.types import GroundedPhrase
from mmser_ros.simulation.description.main_objects import Group
from mmser_ros.simulation.description.relations import WORDINGS, Link
from mmser_ros.simulation.description.wording import NounPhrase, noun_phrase


class Speaker:
    """The words of one caption.

    Attributes:
        phrases: noun phrases that were said, with their regions, in order.
        said: groups that were named.
        random: of all choices.
    """

    def __init__(self, random: np.random.Generator, *, attributes: bool = True) -> None:
        """Begin a description; `attributes`: whether colours and materials may be said."""
        self.random = random
        self._attributes = attributes
        self.phrases: list[GroundedPhrase] = []
        self._words: dict[frozenset[int], NounPhrase] = {}
        self.said: list[Group] = []

    def has_said(self, group: Group) -> bool:
        """Whether a group was named."""
        return group.numbers in self._words

    def has_said_kind(self, group: Group) -> bool:
        """Whether something of the same kind was named: a second one would not be told apart."""
        return any(one.name == group.name for one in self.said)

    def name(self, group: Group) -> str:
        """A noun phrase: "a red mug", and "the mug" from the second time on."""
        known = self._words.get(group.numbers)
        if known is not None:
            return known.definite()
        colour, material = (group.colour, group.material) if self._attributes else ("", None)
        words = noun_phrase(group.name, colour, material, len(group.members), self.random)
        self._words[group.numbers] = words
        self.said.append(group)
        text = words.indefinite()
        self.phrases.append(GroundedPhrase(text, words.head, 1.0, group.region))
        return text

    def is_plural(self, group: Group) -> bool:
        """Whether a named group takes "are"."""
        return self._words[group.numbers].plural and not self._words[group.numbers].article

    def joined(self, link: Link) -> str:
        """Two noun phrases with their relation: "a red mug on a table"."""
        first = self.name(link.subject)
        return f"{first} {self.predicate(link)} {self.name(link.object)}"

    def predicate(self, link: Link) -> str:
        """The words for a relation."""
        return self.pick(*WORDINGS.get(link.predicate, (link.predicate,)))

    def chance(self, share: float) -> bool:
        """True with a probability."""
        return bool(self.random.random() < share)

    def pick(self, *options: str) -> str:
        """One of some wordings."""
        return options[int(self.random.integers(len(options)))]


def listed(parts: Sequence[str]) -> str:
    """Parts of a list: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
