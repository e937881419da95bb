# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions of rooms, made by rules from labels: "a kitchen with a sink and a stove".

They name easily detected objects first, so that a model does not learn to name invisible ones.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from mmser_ros.core.resources import share_path
from mmser_ros.data.example import Example
from mmser_ros.language.word_finder import PERSON
from mmser_ros.training.words.label_words import label_words

UNKNOWN = 0.05
"""Probability of an object that the detector does not know."""
SURE_ROOM = 0.35
"""Least probability of a room, to name it."""
DETECTED = 0.6
"""Least probability of an unlabelled object, to name it."""
CROWDED = 0.8
"""Least probability of unlabelled people, to name them."""
OF_SCENE = 0.45
"""Share of pictures with only a scene label that get a caption."""
OF_HOUSE = 0.7
"""The same for sets with few scenes."""
FEW_SCENES = 10
OF_HOME = 4
"""Captions per picture of a home with labelled objects."""
LONGEST_NAME = 2
"""Maximum number of words of an object's name; longer names are cut to the last word."""


@dataclass(frozen=True)
class RoomWords:
    """The contents of config/lexicon/room_captions.yaml.

    Attributes:
        untold: objects that captions do not name.
        no_article: words without "a" or "an".
        singular: singular words that end like a plural.
        homes: rooms of homes.
    """

    untold: frozenset[str]
    no_article: frozenset[str]
    singular: frozenset[str]
    homes: tuple[str, ...]


@cache
def room_words() -> RoomWords:
    """Read config/lexicon/room_captions.yaml.

    Raises:
        ResourceError: it did not come with the package.
    """
    text = share_path("config/lexicon/room_captions.yaml").read_text(encoding="utf-8")
    fields = yaml.safe_load(text)
    return RoomWords(
        frozenset(fields["untold"]),
        frozenset(fields["no_article"]),
        frozenset(fields["singular"]),
        tuple(fields["homes"]),
    )


def with_article(word: str) -> str:
    """A noun with its article, if it takes one."""
    table = room_words()
    several = word.endswith("s") and not word.endswith("ss") and word not in table.singular
    if several or word in table.no_article:
        return word
    return ("an " if word[0] in "aeiou" else "a ") + word


def room_caption(
    scene: str,
    things: Sequence[str],
    chances: Mapping[str, float],
    draw: random.Random,
    *,
    most: int = 5,
) -> str:
    """A caption of a room.

    Args:
        scene: the room.
        things: objects in the room.
        chances: word → its probability by a detector.
        draw: draws the number of objects and the wording.
        most: maximum number of objects.
    """
    named = [one for one in dict.fromkeys(things) if one not in room_words().untold]
    named.sort(key=lambda one: -(chances.get(one, UNKNOWN) + draw.random() * 0.12))
    named = named[: draw.choice([2, 3, 3, 4, 4, most])]
    place = with_article(scene)
    if not named:
        return place if draw.random() < 0.7 else f"a view of {place}"  # noqa: PLR2004 - chances
    way = draw.random()
    if way < 0.8 or len(named) == 1:  # noqa: PLR2004
        return f"{place} with {_listed(named)}"
    if way < 0.92:  # noqa: PLR2004
        return f"{_listed(named)} in {place}"
    return f"{place} with {_listed(named[:-1])} next to {with_article(named[-1])}"


class RoomCaptions:
    """Makes captions for those pictures of sets that show rooms."""

    def __init__(self, examples: Sequence[Example], *, seed: int) -> None:
        """Collect the objects and the number of scenes of all examples."""
        table = label_words()
        self._draw = random.Random(seed)
        scenes: dict[str, set[str]] = {}
        labelled = (one for one in examples if one.scene)
        for one in labelled:
            scenes.setdefault(one.set, set()).add(str(one.scene))
        self._few = {name for name, some in scenes.items() if len(some) < FEW_SCENES}
        self._things = sorted(
            {
                table.of_thing(thing)
                for one in examples
                if one.scene
                for thing in one.objects
                if table.of_thing(thing) not in room_words().untold
            }
        )

    def of(self, example: Example, chances: Mapping[str, float]) -> list[str]:
        """Captions of a picture; none without labels, and by chance.

        Args:
            example: its annotations.
            chances: word → its probability by a detector not trained on it.
        """
        if example.scene:
            scene = label_words().of_scene(example.scene)
            if example.objects:
                return [self._labelled(scene, example.objects, chances)]
            share = OF_HOUSE if example.set in self._few else OF_SCENE
            return [self._detected(scene, chances)] if self._draw.random() < share else []
        if example.objects:
            things = [_short(label_words().of_thing(one)) for one in example.objects]
            scene = _home(chances)
            return [room_caption(scene, things, chances, self._draw) for _ in range(OF_HOME)]
        return []

    def _labelled(self, scene: str, labels: Sequence[str], chances: Mapping[str, float]) -> str:
        things = [label_words().of_thing(one) for one in labels]
        caption = room_caption(scene, things, chances, self._draw)
        if PERSON not in things:
            return caption
        if self._draw.random() < 0.5:  # noqa: PLR2004
            return f"people in {with_article(scene)}"
        adds = " with " in caption and self._draw.random() < 0.5  # noqa: PLR2004
        return f"{caption} and people" if adds else caption

    def _detected(self, scene: str, chances: Mapping[str, float]) -> str:
        """A caption with the objects that a detector is sure of."""
        things = [one for one in self._things if chances.get(one, 0.0) > DETECTED]
        caption = room_caption(scene, things, chances, self._draw, most=4)
        if chances.get(PERSON, 0.0) > CROWDED:
            return f"people in {with_article(scene)}"
        return caption


def _home(chances: Mapping[str, float]) -> str:
    """The name of a home's room, or "room" if the detector is not sure."""
    likeliest = max(room_words().homes, key=lambda one: chances.get(one, 0.0))
    return likeliest if chances.get(likeliest, 0.0) > SURE_ROOM else "room"


def _short(name: str) -> str:
    parts = name.split()
    return name if len(parts) <= LONGEST_NAME else parts[-1]


def _listed(things: Sequence[str]) -> str:
    named = [with_article(one) for one in things]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
