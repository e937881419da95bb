# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training items of language models with words: captions with word prompts.

Kinds: text only, with the words of similar pictures; human captions of pictures; captions that the
language model wrote for labelled pictures; captions of rooms made by rules.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmser_ros.captioner.model.imagenet_words import imagenet_words
from mmser_ros.captioner.model.language_model import clean
from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.captioner.model.word_prompt import GRADES, word_prompt
from mmser_ros.data.example import Example
from mmser_ros.data.set_files import OBJECT_SETS
from mmser_ros.language.word_finder import WordFinder
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.words.noise import NearestPictures, prompt_words
from mmser_ros.training.words.room_captions import RoomCaptions
from mmser_ros.training.words.targets import WordTargets

SHORTEST, LONGEST = 5, 18
"""Least and greatest number of words of a line of text."""
SHORT = 13
"""Lines with fewer words are chosen a little more often."""
UNLIKE = 0.22
"""Share of the lines that is left out because no picture is similar enough."""
AGAIN = 2
"""Repetitions of a picture's only caption."""
SURE = GRADES[0][1]
CLASS_CHANCES = (0.3, 0.95)
"""Range of the probabilities of a word that only ImageNet's classes have."""


@dataclass(frozen=True)
class PromptedItem:
    """A caption with its word prompt.

    Attributes:
        prompt: the word prompt.
        caption: the target caption.
        picture: number of the picture; None: text only.
    """

    prompt: str
    caption: str
    picture: int | None = None


def normalise(caption: str) -> str:
    """Normalise a caption for models with words: clean, in lower case."""
    return clean(caption).lower()


def choose_lines(lines: Sequence[str], rooms: Sequence[str], count: int, *, seed: int) -> list[str]:
    """Choose distinct lines; lines about rooms are preferred.

    Args:
        lines: captions.
        rooms: words that captions of rooms use.
        count: maximum number of lines.
        seed: seed of the choice.
    """
    draw = random.Random(seed)
    different = dict.fromkeys(map(normalise, lines))
    fitting = [one for one in different if SHORTEST <= len(one.split()) <= LONGEST]
    draw.shuffle(fitting)
    indoors = frozenset(rooms)

    def rank(line: str) -> float:
        words = line.split()
        inside = min(sum(word in indoors for word in words), 3)
        return draw.random() * (1 + 0.8 * inside) + 0.15 * (len(words) < SHORT)

    ranks = [rank(one) for one in fitting]
    best = sorted(range(len(fitting)), key=lambda index: -ranks[index])[:count]
    chosen = [fitting[index] for index in best]
    draw.shuffle(chosen)
    return chosen


def text_items(
    names: Sequence[str],
    lines: Sequence[str],
    rooms: Sequence[str],
    neighbours: NearestPictures,
    count: int,
    *,
    seed: int,
) -> list[PromptedItem]:
    """Text-only items, with words as a detector would find them in a picture.

    Words that only ImageNet's classes have are in the prompt if the line has them, so that the
    language model can use words that the detector does not learn.

    Args:
        names: words of the detector.
        lines: captions.
        rooms: words that captions of rooms use, see `choose_lines`.
        neighbours: gives lines the words of similar pictures.
        count: maximum number of items.
        seed: seed of the choice.

    Raises:
        TrainingError: no line has any of the words.
    """
    wanted = round(count / (1 - UNLIKE)) + 1
    finder = WordFinder(name for name in names if name != NOTHING)
    classes = WordFinder(set(imagenet_words()) - set(names))
    draw = random.Random(seed)
    chosen = choose_lines(lines, rooms, wanted, seed=seed)
    words_of_lines = [finder.find(line) for line in chosen]
    pictures, fits = neighbours.nearest(words_of_lines)
    least = np.quantile(fits, UNLIKE) if len(fits) else 0.0
    items: list[PromptedItem] = []
    for line, words, picture, fit in zip(
        chosen, words_of_lines, pictures.tolist(), fits, strict=True
    ):
        if words and fit >= least and len(items) < count:
            noisy = prompt_words(names, neighbours.probabilities(words, picture))
            noisy += [(word, draw.uniform(*CLASS_CHANCES)) for word in sorted(classes.find(line))]
            items.append(PromptedItem(word_prompt(noisy), line))
    if not items:
        msg = f"none of {len(lines)} lines of text has a word of the detector; expected captions "
        msg += f"of {SHORTEST} to {LONGEST} words, one per line"
        raise TrainingError(msg)
    return items


def picture_items(
    names: Sequence[str],
    examples: Sequence[Example],
    probabilities: np.ndarray,
    most: Mapping[str, int],
    *,
    seed: int,
    written: Mapping[int, str] | None = None,
) -> list[PromptedItem]:
    """Items with pictures, with the words that were detected in them.

    Args:
        names: words of prompts: those of the detector, then those that only classes have.
        examples: annotations of the pictures, in the order of their numbers.
        probabilities: (pictures, words) from detectors not trained on them; 0 for unreadable
            pictures.
        most: set → maximum number of captions per picture; `others`: that of other sets.
        seed: seed of the choice.
        written: number of a picture → a caption that a language model wrote from its labels.

    Raises:
        TrainingError: there are no items.
    """
    draw = random.Random(seed)
    rooms = RoomCaptions(examples, seed=seed + 1)
    items = []
    for number, (one, found) in enumerate(zip(examples, probabilities, strict=True)):
        if not found.any():
            continue
        if one.captions:
            captions = _human(one, most.get(one.set, most.get("others", 5)), draw)
        elif written and number in written:
            captions = [written[number]]
        elif one.set in OBJECT_SETS or one.labels is not None:
            captions = []
        else:
            captions = rooms.of(one, dict(zip(names, found.tolist(), strict=True)))
        prompt = word_prompt(prompt_words(names, found)) if captions else ""
        items += [PromptedItem(prompt, normalise(caption), number) for caption in captions]
    if not items:
        msg = "no picture has captions or is of a room; expected sets with captions or scenes"
        raise TrainingError(msg)
    return items


def labelled_prompts(
    names: Sequence[str],
    examples: Sequence[Example],
    probabilities: np.ndarray,
    targets: WordTargets,
) -> dict[int, str]:
    """Word prompts of pictures that have a list of their classes but no captions.

    Words on the list are sure, other classes are absent, other words are as detected.

    Args:
        names: words of prompts, as in `picture_items`.
        examples: annotations of the pictures, in the order of their numbers.
        probabilities: (pictures, words), as in `picture_items`.
        targets: targets of the detector's words, of the same pictures.

    Returns:
        Number of a picture → prompt.
    """
    prompts = {}
    for number, (one, found) in enumerate(zip(examples, probabilities, strict=True)):
        if one.labels and not one.captions and found.any():
            learned = found[: targets.truth.shape[1]]
            listed = targets.truth[number] * (SURE + (1 - SURE) * learned)
            known = found.copy()
            known[: len(learned)] = np.where(targets.weight[number] == 1, listed, learned)
            prompts[number] = word_prompt(prompt_words(names, known))
    return prompts


def _human(one: Example, most: int, draw: random.Random) -> list[str]:
    captions = list(one.captions)
    if len(captions) == 1:
        return captions * AGAIN
    return draw.sample(captions, min(most, len(captions)))
