# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions of rooms, made by rule from what people labelled: "a kitchen with a sink and a stove".

They name what a word detector finds easily first: a caption should not teach to say what can't be
seen.
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
"""Probability of a thing that no detector knows."""
SURE_ROOM = 0.35
"""From which probability on a home is called by its room."""
DETECTED = 0.6
"""From which probability on a thing is told that nobody labelled."""
CROWDED = 0.8
"""From which probability on people are told that nobody labelled."""
OF_SCENE = 0.45
"""Share of the pictures with a scene alone that get a caption."""
OF_HOUSE = 0.7
"""The same of sets whose scenes are few."""
FEW_SCENES = 10
OF_HOME = 4
"""Captions of a home whose things are labelled."""
LONGEST_NAME = 2
"""Words of a thing's name; of a longer one the last is said."""


@dataclass(frozen=True)
class RoomWords:
    """What config/lexicon/room_captions.yaml says.

    Attributes:
        untold: things that are not said.
        no_article: words that take neither "a" nor "an".
        singular: words that end as a plural does and are none.
        homes: rooms that a home may be.
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
        things: that are there.
        chances: word → its probability by a detector.
        draw: draws how many things are told and how.
        most: things at most.
    """
    told = [one for one in dict.fromkeys(things) if one not in room_words().untold]
    told.sort(key=lambda one: -(chances.get(one, UNKNOWN) + draw.random() * 0.12))
    told = told[: draw.choice([2, 3, 3, 4, 4, most])]
    place = with_article(scene)
    if not told:
        return place if draw.random() < 0.7 else f"a view of {place}"  # noqa: PLR2004 - chances
    way = draw.random()
    if way < 0.8 or len(told) == 1:  # noqa: PLR2004
        return f"{place} with {_listed(told)}"
    if way < 0.92:  # noqa: PLR2004
        return f"{_listed(told)} in {place}"
    return f"{place} with {_listed(told[:-1])} next to {with_article(told[-1])}"


class RoomCaptions:
    """Makes captions of the pictures of some sets, as far as these are of rooms."""

    def __init__(self, examples: Sequence[Example], *, seed: int) -> None:
        """Take all examples, which say what things and how many scenes there are."""
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
        """Captions of a picture; none if nothing is known of it or the lot falls so.

        Args:
            example: what is known of it.
            chances: word → its probability by a detector that has not learned from it.
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
        said = " with " in caption and self._draw.random() < 0.5  # noqa: PLR2004
        return f"{caption} and people" if said else caption

    def _detected(self, scene: str, chances: Mapping[str, float]) -> str:
        """A caption that tells what a detector is sure of."""
        things = [one for one in self._things if chances.get(one, 0.0) > DETECTED]
        caption = room_caption(scene, things, chances, self._draw, most=4)
        if chances.get(PERSON, 0.0) > CROWDED:
            return f"people in {with_article(scene)}"
        return caption


def _home(chances: Mapping[str, float]) -> str:
    """The room of a home, if a detector is sure enough."""
    likeliest = max(room_words().homes, key=lambda one: chances.get(one, 0.0))
    return likeliest if chances.get(likeliest, 0.0) > SURE_ROOM else "room"


def _short(name: str) -> str:
    parts = name.split()
    return name if len(parts) <= LONGEST_NAME else parts[-1]


def _listed(things: Sequence[str]) -> str:
    named = [with_article(one) for one in things]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
