# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""CHAIR: classes of COCO that captions name and that are not in the image.

It uses the labels only (arXiv 1809.02156 also accepts what the human captions name). The words of
each class are in config/lexicon/coco_words.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from mmser_ros.evaluation.bootstrap import Figure
from mmser_ros.evaluation.naming import WordTable, read_words


def score_objects(
    table: WordTable, captions: Mapping[str, str], labels: Mapping[str, Set[str]]
) -> dict[str, Figure]:
    """Score captions by the classes that they name.

    Args:
        table: the words of the classes.
        captions: image → caption.
        labels: image → all classes in it.

    Returns:
        - `COCO CHAIR-i`: the share of named classes that are not in the image; lower is better.
        - `COCO CHAIR-s`: the share of captions with such a class; lower is better.
        - `COCO recall`: the share of the image's classes that are named.

        A word with several possible classes is right if any of them is in the image.
    """
    read = read_words(captions.values())
    named = {name: table.named(words) for name, words in zip(captions, read, strict=True)}
    wrong = [sum(not one & labels[name] for one in some) for name, some in named.items()]
    found = [len(labels[name] & frozenset().union(*some)) for name, some in named.items()]
    return {
        "COCO CHAIR-i": Figure.ratio(wrong, [len(some) for some in named.values()]),
        "COCO CHAIR-s": Figure.mean([count > 0 for count in wrong]),
        "COCO recall": Figure.ratio(found, [len(labels[name]) for name in named]),
    }
