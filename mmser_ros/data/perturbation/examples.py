# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Planted errors to look at, by category."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from mmser_ros.data.perturbation.perturb import (
    ErrorMaker,
    PseudoInitialCaption,
    pseudo_initial_captions,
)
from mmser_ros.data.perturbation.substitutions import CATEGORIES

SECTIONS = (*CATEGORIES, "two or three at once")


def planted_examples(captions: Sequence[str], maker: ErrorMaker, number: int, seed: int = 0) -> str:
    """Markdown lists of pseudo-initial captions, evenly over the categories and several at once.

    Wrong words are bold, after the struck-out words that they stand for.

    Args:
        captions: human captions; the first are taken, in an order drawn from the seed.
        maker: plants the errors.
        number: how many examples; fewer where the captions have no room for them.
        seed: of the order and of what is planted.
    """
    room = {name: number // len(SECTIONS) for name in SECTIONS}
    for name in SECTIONS[: number % len(SECTIONS)]:
        room[name] += 1
    found: dict[str, list[str]] = {name: [] for name in SECTIONS}
    order = np.random.default_rng(seed).permutation(len(captions))
    shuffled = [captions[at] for at in order]
    for _, pseudo in pseudo_initial_captions(shuffled, maker, 1, seed):
        if pseudo.errors:
            several = len(pseudo.errors) > 1
            section = SECTIONS[-1] if several else pseudo.errors[0].category
            if len(found[section]) < room[section]:
                found[section].append(_marked(pseudo))
        if sum(map(len, found.values())) == number:
            break
    parts = [f"### {name}\n\n" + "".join(f"- {one}\n" for one in found[name]) for name in SECTIONS]
    return "\n".join(parts)


def _marked(pseudo: PseudoInitialCaption) -> str:
    text, at = "", 0
    for error in pseudo.errors:
        match = re.compile(rf"(?<!\w){re.escape(error.after)}(?!\w)").search(pseudo.text, at)
        assert match  # the errors say what stands in the text, in its order
        text += f"{pseudo.text[at : match.start()]}~~{error.before}~~ **{error.after}**"
        at = match.end()
    return text + pseudo.text[at:]
