# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Everyday words for the labels of data sets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from mmser_ros.core.resources import share_path


@dataclass(frozen=True)
class LabelWords:
    """The contents of config/lexicon/label_words.yaml.

    Attributes:
        classes: class of a closed list → everyday word, if it differs.
        scenes: scene → everyday word, if it differs.
        things: object in a room → everyday word, if it differs.
        unseen: words of captions that name nothing visible.
        no_words: labels of objects that are not used in prompts.
        outdoors: words that are seldom true of rooms.
        not_outdoors: words that may be true of rooms, although other lists say otherwise.
        not_in_homes: words that are not true of homes.
    """

    classes: dict[str, str]
    scenes: dict[str, str]
    things: dict[str, str]
    unseen: frozenset[str]
    no_words: frozenset[str]
    outdoors: frozenset[str]
    not_outdoors: frozenset[str]
    not_in_homes: frozenset[str]

    def of_class(self, label: str) -> str:
        """The everyday word of a class of a closed list."""
        return self.classes.get(label, label)

    def of_scene(self, label: str) -> str:
        """The everyday word of a scene."""
        return self.scenes.get(label, label)

    def of_thing(self, label: str) -> str:
        """The everyday word of an object in a room."""
        return self.things.get(label, label)


@cache
def label_words() -> LabelWords:
    """Read config/lexicon/label_words.yaml.

    Raises:
        ResourceError: it did not come with the package.
    """
    text = share_path("config/lexicon/label_words.yaml").read_text(encoding="utf-8")
    fields: dict[str, Any] = yaml.safe_load(text)
    for name, content in fields.items():
        fields[name] = frozenset(content) if isinstance(content, list) else content
    return LabelWords(**fields)
