# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Score captions by all annotations that their images have."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from mmser_ros.core.resources import share_path
from mmser_ros.data.example import Example
from mmser_ros.data.picture_sets import PictureSet
from mmser_ros.evaluation.bootstrap import Figure
from mmser_ros.evaluation.coco_objects import score_objects
from mmser_ros.evaluation.meteor import Meteor, has_meteor, running_meteor
from mmser_ros.evaluation.metrics import MetricError, score_figures
from mmser_ros.evaluation.naming import WordTable
from mmser_ros.evaluation.rooms import RoomWords, score_rooms
from mmser_ros.evaluation.scene_graph_f1 import structure_figures
from mmser_ros.evaluation.scenes import score_scenes

logger = logging.getLogger(__name__)


def is_room(example: Example) -> bool:
    """Whether an image has objects and no scene; it is then judged as a room."""
    return bool(example.objects) and example.scene is None


class Judge:
    """Scores captions; it reads its tables of words when they are first needed."""

    def __init__(self, data: Path, meteor: Meteor | None = None) -> None:
        """Set up the judge.

        Args:
            data: folder of sets, for its `rooms_words.json`.
            meteor: from `running_meteor`; None: METEOR is left out.
        """
        self._data = data
        self._meteor = meteor

    @cached_property
    def objects(self) -> WordTable:
        """The words of COCO's classes."""
        return WordTable.read(share_path("config/lexicon/coco_words.yaml"))

    @cached_property
    def scenes(self) -> WordTable:
        """The words of rooms and other places indoors."""
        return WordTable.read(share_path("config/lexicon/room_words.yaml"))

    @cached_property
    def rooms(self) -> RoomWords:
        """The words of rooms.

        Raises:
            DatasetError: the folder has no readable `rooms_words.json`.
        """
        return RoomWords.read(self._data / "rooms_words.json")

    def figures(
        self, captions: Mapping[str, str], examples: Mapping[str, Example]
    ) -> dict[str, Figure]:
        """Score captions of one set.

        Args:
            captions: image → caption.
            examples: image → its annotations; it may have more images.

        Returns:
            Measure → figure, over the images with the annotation that it needs:

            - human captions: `metrics.score` and `scene_graph_f1.structure_figures`;
            - labels: `score_objects`;
            - a scene: `score_scenes`;
            - objects and no scene: `score_rooms`;
            - always: `distinct`, the number of distinct captions.

        Raises:
            MetricError: there are no captions, or their images have no annotations.
        """

        def some(known: Callable[[Example], bool]) -> dict[str, str]:
            return {name: one for name, one in captions.items() if known(examples[name])}

        figures: dict[str, Figure] = {}
        if captioned := some(lambda one: bool(one.captions)):
            references = {name: examples[name].captions for name in captioned}
            figures |= score_figures(captioned, references, self._meteor)
            figures |= structure_figures(captioned, references)
        if labelled := some(lambda one: one.labels is not None):
            labels = {name: examples[name].labels or frozenset() for name in labelled}
            figures |= score_objects(self.objects, labelled, labels)
        if scenic := some(lambda one: one.scene is not None):
            scenes = {name: examples[name].scene or "" for name in scenic}
            figures |= score_scenes(self.scenes, scenic, scenes)
        if rooms := some(is_room):
            figures |= score_rooms(self.rooms, rooms, examples)
        if not figures:
            msg = (
                f"got {len(captions)} captions; expected some of images with captions, labels, a "
                "scene or objects"
            )
            raise MetricError(msg)
        return figures | {"distinct": Figure(float(len(set(captions.values()))))}


@contextmanager
def judging(data: Path, sets: Sequence[PictureSet]) -> Iterator[Judge]:
    """Give a judge; it has METEOR if there are human captions and its Java is installed.

    Raises:
        MeteorError: as in `running_meteor`.
    """
    captioned = any(one.captions for one in sets)
    if captioned and has_meteor():
        with running_meteor() as meteor:
            yield Judge(data, meteor)
        return
    if captioned:
        logger.warning("METEOR is left out, because it needs a Java: pip install '.[meteor]'")
    yield Judge(data)
