# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which of COCO's 80 classes captions name that are not in the picture.

CHAIR (arXiv 1809.02156) on the labels alone; the paper also counts as there what the picture's
human captions name. The words that name a class are those of config/lexicon/coco_words.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from mmser_ros.evaluation.bootstrap import Figure
from mmser_ros.evaluation.naming import WordTable, read_words


def named_objects(table: WordTable, captions: Mapping[str, str]) -> dict[str, list[frozenset[str]]]:
    """What each caption names: of each mention the classes that it can mean.

    Args:
        table: the words of the classes.
        captions: picture → caption.
    """
    read = read_words(captions.values())
    return {name: table.named(words) for name, words in zip(captions, read, strict=True)}


def score_objects(
    table: WordTable, captions: Mapping[str, str], labels: Mapping[str, Set[str]]
) -> dict[str, Figure]:
    """Score captions by the classes that they name.

    Args:
        table: the words of the classes.
        captions: picture → caption.
        labels: picture → all the classes that are there.

    Returns:
        `COCO CHAIR-i`, the share of named classes that are not there, and `COCO CHAIR-s`, of
        captions with such a class: less is better. A word that can mean several classes is right
        if any of them is there. `COCO recall`: the share of the classes there that are named.
    """
    named = named_objects(table, captions)
    wrong = [sum(not one & labels[name] for one in some) for name, some in named.items()]
    found = [len(labels[name] & frozenset().union(*some)) for name, some in named.items()]
    return {
        "COCO CHAIR-i": Figure.ratio(wrong, [len(some) for some in named.values()]),
        "COCO CHAIR-s": Figure.mean([count > 0 for count in wrong]),
        "COCO recall": Figure.ratio(found, [len(labels[name]) for name in named]),
    }
