# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Examples of planted errors, by category."""

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
    """Markdown lists of pseudo-initial captions by category of error.

    Wrong words are bold, after the struck-out words that they replace.

    Args:
        captions: human captions; they are shuffled by the seed.
        maker: plants the errors.
        number: number of examples; fewer if the captions can't have more.
        seed: seed of the order and of the errors.
    """
    quota = {name: number // len(SECTIONS) for name in SECTIONS}
    for name in SECTIONS[: number % len(SECTIONS)]:
        quota[name] += 1
    found: dict[str, list[str]] = {name: [] for name in SECTIONS}
    order = np.random.default_rng(seed).permutation(len(captions))
    shuffled = [captions[at] for at in order]
    for _, pseudo in pseudo_initial_captions(shuffled, maker, 1, seed):
        if pseudo.errors:
            several = len(pseudo.errors) > 1
            section = SECTIONS[-1] if several else pseudo.errors[0].category
            if len(found[section]) < quota[section]:
                found[section].append(_marked(pseudo))
        if sum(map(len, found.values())) == number:
            break
    parts = [f"### {name}\n\n" + "".join(f"- {one}\n" for one in found[name]) for name in SECTIONS]
    return "\n".join(parts)


def _marked(pseudo: PseudoInitialCaption) -> str:
    text, at = "", 0
    for error in pseudo.errors:
        match = re.compile(rf"(?<!\w){re.escape(error.after)}(?!\w)").search(pseudo.text, at)
        assert match  # errors are listed in the order of the text
        text += f"{pseudo.text[at : match.start()]}~~{error.before}~~ **{error.after}**"
        at = match.end()
    return text + pseudo.text[at:]
