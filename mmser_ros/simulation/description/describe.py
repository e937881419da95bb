# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ground-truth captions of any view of a home, in the style of human ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmser_ros.core.types import Camera, Caption, GroundedPhrase, Pose
from mmser_ros.simulation.description.captions import detailed_caption, short_caption
from mmser_ros.simulation.description.main_objects import main_groups
from mmser_ros.simulation.description.relations import links
from mmser_ros.simulation.description.rooms import evident_room
from mmser_ros.simulation.description.speaker import Speaker
from mmser_ros.simulation.home.ground_truth import GroundTruth
from mmser_ros.simulation.home.home import Home

Style = Literal["short", "detailed"]


@dataclass(frozen=True)
class Description:
    """A caption that is true.

    Attributes:
        text: the caption.
        phrases: its noun phrases of objects, with their regions; confidence 1.
        objects: numbers of the objects that it names.
        room: that it could name: the evident one; None if the view tells none.
    """

    text: str
    phrases: tuple[GroundedPhrase, ...]
    objects: frozenset[int]
    room: str | None

    def caption(self) -> Caption:
        """The same as a captioner would give it."""
        return Caption(self.text, self.text, 1.0, False, "ground truth", 1, self.phrases)


def describe(
    home: Home,
    truth: GroundTruth,
    camera: Camera,
    pose: Pose,
    *,
    style: Style = "short",
    seed: int = 0,
    attributes: bool = True,
) -> Description:
    """Describe a view as a person would: the main things, not all; the wording varies.

    Args:
        home: that the view shows.
        truth: of the view.
        camera: of the view.
        pose: of the robot.
        style: one sentence, or several.
        seed: of what is said and how; five seeds are like five people.
        attributes: whether colours and materials may be said.
    """
    random = np.random.default_rng(seed)
    groups = main_groups(truth, camera, random)
    room = evident_room(home, truth, camera, pose)
    speaker = Speaker(random, attributes=attributes)
    if style == "short":
        text = short_caption(speaker, groups, links(groups, truth), room)
        if speaker.chance(0.5):
            text = f"{text[0].upper()}{text[1:]}."
    else:
        text = detailed_caption(speaker, groups, links(groups, truth), room)
    objects = frozenset().union(*(one.numbers for one in speaker.said))
    return Description(text, tuple(speaker.phrases), objects, room)
