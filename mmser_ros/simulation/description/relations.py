# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Relations between the groups of a view that a person may say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmser_ros.simulation.description.main_objects import Group
from mmser_ros.simulation.home.ground_truth import GroundTruth

SAID = {
    "on": 0.8, "in": 0.85, "under": 0.85, "around": 0.8, "next to": 0.45, "in front of": 0.35,
    "behind": 0.2, "to the left of": 0.2, "to the right of": 0.2,
}  # fmt: skip
"""How likely a person says a relation of two objects that are both worth saying."""
WORDINGS = {"next to": ("next to", "next to", "beside", "by")}
SUPPORTING = ("on", "in", "under")
AROUND = 3
"""Chairs from which they stand around a table."""
NOT_OUTSTANDING = frozenset({"rug", "curtain", "window", "door"})
"""Kinds to which nothing is said to be next."""


@dataclass(frozen=True)
class Link:
    """A relation between two groups; `predicate` is one of SAID."""

    subject: Group
    predicate: str
    object: Group

    @property
    def supports(self) -> bool:
        """Whether one object is on, in or under the other."""
        return self.predicate in SUPPORTING


def links(groups: Sequence[Group], truth: GroundTruth) -> list[Link]:
    """All relations between groups that hold for each of their members.

    The second group has one member, so that it is clear what is meant.
    """
    held = {(one.subject, one.predicate, one.object) for one in truth.relations}
    found = []
    for a in groups:
        for b in groups:
            if a is b or len(b.members) > 1:
                continue
            other = b.members[0].number
            for predicate, subject_first in _PREDICATES:
                pairs = [
                    (one.number, other) if subject_first else (other, one.number)
                    for one in a.members
                ]
                name = predicate if subject_first else _REVERSED[predicate]
                if all((first, predicate, second) in held for first, second in pairs):
                    if len(a.members) >= AROUND and name == "next to":
                        found.append(Link(a, "around", b))
                    elif name in SUPPORTING or _is_clear(a, b):
                        found.append(Link(a, _SPOKEN.get(name, name), b))
    return found


def _is_clear(a: Group, b: Group) -> bool:
    return len(a.members) == 1 and not NOT_OUTSTANDING & {a.name, b.name}


_PREDICATES = (
    ("on", True), ("in", True), ("under", True), ("next to", True), ("behind", True),
    ("behind", False), ("left of", True), ("left of", False),
)  # fmt: skip
_REVERSED = {"behind": "in front of", "left of": "right of"}
_SPOKEN = {"left of": "to the left of", "right of": "to the right of"}
