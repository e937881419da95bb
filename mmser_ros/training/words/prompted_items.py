# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training items of language models with words: word prompts, each with some captions.

Kinds of captions: text only, with the words of similar pictures; human captions of pictures;
captions that a language model wrote for labelled pictures; captions of rooms made by rules.
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
from mmser_ros.training.words.noise import NearestPictures, prompt_of
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
TOGETHER = 3
"""Maximum number of lines of text that share a prompt."""
BRIEF, FEWEST = 0.12, 4
"""Share of the text prompts that are cut to at most FEWEST detected words."""
SURE = GRADES[0][1]
CLASS_CHANCES = (0.3, 0.95)
"""Range of the probabilities of a word that only ImageNet's classes have."""


@dataclass(frozen=True)
class PromptedItem:
    """Captions with a word prompt that they share.

    Attributes:
        prompt: the word prompt.
        captions: the target captions, one or more.
        picture: number of the picture; None: text only.
    """

    prompt: str
    captions: tuple[str, ...]
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

    Lines that are like the same picture share a prompt. Words that only ImageNet's classes have are
    in a prompt if a line has them, so that the language model can use words that the detector
    does not learn.

    Args:
        names: words of the detector.
        lines: captions.
        rooms: words that captions of rooms use, see `choose_lines`.
        neighbours: gives lines the words of similar pictures.
        count: maximum number of lines.
        seed: seed of the choice.

    Raises:
        TrainingError: no line has any of the words.
    """
    draw = np.random.default_rng(seed)
    wanted = round(count / (1 - UNLIKE)) + 1
    finder = WordFinder(name for name in names if name != NOTHING)
    classes = WordFinder(set(imagenet_words()) - set(names))
    chosen = choose_lines(lines, rooms, wanted, seed=seed)
    words_of_lines = [finder.find(line) for line in chosen]
    pictures, fits = neighbours.nearest(words_of_lines)
    least = np.quantile(fits, UNLIKE) if len(fits) else 0.0
    like = [
        number
        for number, (words, fit) in enumerate(zip(words_of_lines, fits, strict=True))
        if words and fit >= least
    ][:count]
    items: list[PromptedItem] = []
    for group in _alike(like, [neighbours.living(one) for one in words_of_lines], pictures):
        words = set().union(*(words_of_lines[one] for one in group))
        captions = tuple(chosen[one] for one in group)
        found = prompt_of(names, neighbours.probabilities(words, int(pictures[group[0]])))
        if draw.random() < BRIEF:
            found = found[: draw.integers(1, FEWEST + 1)]
        found += [
            (one, draw.uniform(*CLASS_CHANCES))
            for one in sorted(set().union(*map(classes.find, captions)))
        ]
        items.append(PromptedItem(word_prompt(found), captions))
    if not items:
        msg = f"none of {len(lines)} lines of text has a word of the detector; expected captions "
        msg += f"of {SHORTEST} to {LONGEST} words, one per line"
        raise TrainingError(msg)
    return items


def _alike(
    lines: Sequence[int], living: Sequence[tuple[bool, bool]], pictures: np.ndarray
) -> list[list[int]]:
    """Group lines of the same nearest picture that all have people or none, animals or none."""
    groups: dict[tuple, list[list[int]]] = {}
    for one in lines:
        some = groups.setdefault((int(pictures[one]), *living[one]), [[]])
        if len(some[-1]) == TOGETHER:
            some.append([])
        some[-1].append(one)
    return [group for some in groups.values() for group in some]


def picture_items(
    names: Sequence[str],
    examples: Sequence[Example],
    probabilities: np.ndarray,
    most: Mapping[str, int],
    *,
    seed: int,
    pictures: Mapping[str, int] | None = None,
    written: Mapping[int, str] | None = None,
) -> list[PromptedItem]:
    """Items with pictures, with the words that were detected in them.

    Args:
        names: words of the detector.
        examples: annotations of the pictures, in the order of their numbers.
        probabilities: (pictures, words) from detectors not trained on them; 0 for unreadable
            pictures.
        most: set → maximum number of captions per picture; `others`: that of other sets.
        seed: seed of the choice.
        pictures: set → maximum number of its pictures, those with human captions first; other sets:
            all.
        written: number of a picture → a caption that a language model wrote from its labels.

    Raises:
        TrainingError: there are no items.
    """
    draw = random.Random(seed)
    rooms = RoomCaptions(examples, seed=seed + 1)
    items: list[PromptedItem] = []
    chosen = _chosen(examples, probabilities, pictures or {}, draw)
    for number, (one, found) in enumerate(zip(examples, probabilities, strict=True)):
        if number not in chosen:
            continue
        if one.captions:
            captions = list(one.captions)
            draw.shuffle(captions)
            captions = captions[: most.get(one.set, most.get("others", 5))]
        elif written and number in written:
            captions = [written[number]]
        elif one.set in OBJECT_SETS or one.labels is not None:
            captions = []
        else:
            captions = rooms.of(one, dict(zip(names, found.tolist(), strict=True)))
        if captions:
            prompt = word_prompt(prompt_of(names, found))
            item = PromptedItem(prompt, tuple(map(normalise, captions)), number)
            items += [item] * (AGAIN if len(one.captions) == 1 else 1)
    if not items:
        msg = "no picture has captions or is of a room; expected sets with captions or scenes"
        raise TrainingError(msg)
    return items


def _chosen(
    examples: Sequence[Example], found: np.ndarray, most: Mapping[str, int], draw: random.Random
) -> set[int]:
    """Numbers of readable pictures, of each set not more than `most` says."""
    numbers = [number for number in range(len(examples)) if found[number].any()]
    draw.shuffle(numbers)
    numbers.sort(key=lambda number: not examples[number].captions)
    chosen: dict[str, list[int]] = {}
    for number in numbers:
        chosen.setdefault(examples[number].set, []).append(number)
    return {number for name, some in chosen.items() for number in some[: most.get(name)]}


def labelled_prompts(
    names: Sequence[str],
    examples: Sequence[Example],
    probabilities: np.ndarray,
    targets: WordTargets,
) -> dict[int, str]:
    """Word prompts of pictures that have a list of their classes but no captions.

    Words on the list are sure, other classes are absent, other words are as detected.

    Args:
        names: words of the detector.
        examples: annotations of the pictures, in the order of their numbers.
        probabilities: (pictures, words), as in `picture_items`.
        targets: word targets of the same pictures.

    Returns:
        Number of a picture → prompt.
    """
    prompts = {}
    for number, (one, found) in enumerate(zip(examples, probabilities, strict=True)):
        if one.labels and not one.captions and found.any():
            listed = targets.truth[number] * (SURE + (1 - SURE) * found)
            known = np.where(targets.weight[number] == 1, listed, found)
            prompts[number] = word_prompt(prompt_of(names, known))
    return prompts
