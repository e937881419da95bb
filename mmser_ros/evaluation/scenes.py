# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Do captions name the right room or kind of place?

The words of each scene are in config/lexicon/room_words.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmser_ros.evaluation.bootstrap import Figure
from mmser_ros.evaluation.naming import WordTable, read_words


def judge_scenes(
    table: WordTable, captions: Mapping[str, str], scenes: Mapping[str, str]
) -> dict[str, bool | None]:
    """Whether each caption names the right scene; None if it names no scene.

    A caption with several room words is right if one of them is right.

    Args:
        table: the words of the scenes.
        captions: image → caption.
        scenes: image → its scene.
    """
    read = read_words(captions.values())
    verdicts: dict[str, bool | None] = {}
    for name, words in zip(captions, read, strict=True):
        mentions = table.named(words)
        verdicts[name] = any(scenes[name] in one for one in mentions) if mentions else None
    return verdicts


def score_scenes(
    table: WordTable, captions: Mapping[str, str], scenes: Mapping[str, str]
) -> dict[str, Figure]:
    """Score captions by the scene that they name.

    Args:
        table: the words of the scenes.
        captions: image → caption.
        scenes: image → its scene.

    Returns:
        `room_said`: the share of captions with a room word. `room_right`: the share of these with
        the right one.
    """
    verdicts = judge_scenes(table, captions, scenes).values()
    named = [one is not None for one in verdicts]
    return {
        "room_said": Figure.mean(named),
        "room_right": Figure.ratio([bool(one) for one in verdicts], named),
    }
