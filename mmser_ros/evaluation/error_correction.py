# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Error correction: does refinement repair planted errors, and keep the other words?"""

from __future__ import annotations

from collections import Counter
from typing import Any

from mmser_ros.captioner.protocol import CaptionModel
from mmser_ros.data.perturbation.perturb import ErrorMaker, PseudoInitialCaption
from mmser_ros.data.perturbation.substitutions import CATEGORIES
from mmser_ros.evaluation.evaluate import CaptionedPictures, Progress, batches
from mmser_ros.evaluation.metrics import tokenize


def evaluate_planted(
    captioner: CaptionModel,
    data: CaptionedPictures,
    maker: ErrorMaker,
    *,
    seed: int = 0,
    progress: Progress = lambda items, description, total: items,
) -> dict[str, Any]:
    """Refine human captions with one planted error each, one per picture.

    Args:
        captioner: the captioner; it must refine.
        data: pictures and captions; the first caption that can have an error is used.
        maker: plants the errors.
        seed: of what is planted.
        progress: wraps an iterable with a description and a total.

    Returns:
        `{"n": …, "model": …, "planted": {"entity": {"n": …, "repaired": …, "restored": …,
        "kept": …}, …, "all": …}}`.

        - `repaired`: the share of captions without the wrong words.
        - `restored`: the share that also has the right words again.
        - `kept`: the share of the other words that are kept.
    """
    planted = _plant(data, maker, seed)
    tallies = {category: Counter[str]() for category in CATEGORIES}
    chosen = ((name, image) for name, image in data.pictures() if name in planted)
    for names, images in batches(progress(chosen, "planted errors", len(planted))):
        initials = [planted[name].text for name in names]
        *_, refined = captioner.caption_passes(images, passes=2, initials=initials)
        for name, one in zip(names, refined, strict=True):
            (error,) = planted[name].errors
            tallies[error.category].update(_tally(planted[name], one.text))
    everything: Counter[str] = sum(tallies.values(), Counter())
    return {
        "n": everything["n"],
        "model": captioner.name,
        "planted": {name: _shares(one) for name, one in {**tallies, "all": everything}.items()},
    }


def _plant(
    data: CaptionedPictures, maker: ErrorMaker, seed: int
) -> dict[str, PseudoInitialCaption]:
    flat = [(name, caption) for name, some in data.captions.items() for caption in some]
    made = maker.plant([caption for _, caption in flat], [1] * len(flat), seed)
    planted: dict[str, PseudoInitialCaption] = {}
    for (name, _), pseudo in zip(flat, made, strict=True):
        if pseudo.errors:
            planted.setdefault(name, pseudo)
    return planted


def _tally(pseudo: PseudoInitialCaption, refined: str) -> Counter[str]:
    (error,) = pseudo.errors
    words = Counter(tokenize(refined).split())
    wrong, right = Counter(tokenize(error.after).split()), Counter(tokenize(error.before).split())
    others = Counter(tokenize(pseudo.text).split()) - wrong
    repaired = not any(words[word] > others[word] for word in wrong)
    return Counter(
        n=1,
        repaired=int(repaired),
        restored=int(repaired and all(words[word] > others[word] for word in right)),
        others=others.total(),
        kept=(others & words).total(),
    )


def _shares(tally: Counter[str]) -> dict[str, float]:
    return {
        "n": tally["n"],
        "repaired": tally["repaired"] / max(1, tally["n"]),
        "restored": tally["restored"] / max(1, tally["n"]),
        "kept": tally["kept"] / max(1, tally["others"]),
    }
