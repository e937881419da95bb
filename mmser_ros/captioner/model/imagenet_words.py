# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Everyday words for ImageNet's classes, from a hand-written table."""

from __future__ import annotations

from functools import cache

from mmser_ros.core.resources import share_path
from mmser_ros.core.yaml_text import read_yaml


@cache
def imagenet_words() -> dict[str, list[int]]:
    """Word → indices of its classes, from config/lexicon/imagenet_words.yaml.

    Raises:
        ResourceError: the table did not come with the package.
    """
    text = share_path("config/lexicon/imagenet_words.yaml").read_text(encoding="utf-8")
    table = read_yaml(text)
    return {word: [n for one in entries for n in _indices(one)] for word, entries in table.items()}


def _indices(entry: int | str) -> range:
    """The indices that an entry means: `151` is one, `"151-268"` is a range, ends included."""
    first, _, last = str(entry).partition("-")
    return range(int(first), int(last or first) + 1)
