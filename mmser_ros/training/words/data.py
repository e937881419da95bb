# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training data of models with words, read from a folder of sets."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.captioner.model.word_prompt import GRADES
from mmser_ros.data.datasets import read_sentences
from mmser_ros.data.example import Example
from mmser_ros.data.picture_sets import PictureSet, open_sets
from mmser_ros.data.set_files import read_json
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.stages.words import EVERY_FOLD, DetectorData, WordSchedule
from mmser_ros.training.words.blank_images import blank_picture, dimmed
from mmser_ros.training.words.encoders import view_encoders
from mmser_ros.training.words.features import (
    StoredViews,
    ViewFeatures,
    store_sets,
    store_views,
)
from mmser_ros.training.words.folds import folds_of
from mmser_ros.training.words.room_captions import room_words
from mmser_ros.training.words.targets import WordTargets, word_targets
from mmser_ros.training.words.vocabulary import choose_vocabulary

SENTENCES, ROOMS, VALIDATION = "captions_en.txt", "rooms_words.json", "validation.json"
BLANKS, DIMMED = "blank", "dimmed"


@dataclass(frozen=True)
class WordsData:
    """Training data of a model with words, from a folder of sets.

    Attributes:
        sets: the training pictures.
        lines: captions without pictures.
        indoor: words that captions of rooms use.
        outdoors: words that are not true of rooms.
    """

    sets: Sequence[PictureSet]
    lines: Sequence[str]
    indoor: Sequence[str]
    outdoors: Sequence[str]

    @cached_property
    def examples(self) -> list[Example]:
        """Annotations of the pictures of all sets; the index is the picture's number."""
        return [example for one in self.sets for example in one.examples.values()]

    def names(self, work: Path) -> tuple[str, ...]:
        """The words for a detector; they are chosen once, and stored in the folder."""
        key = hashlib.sha256(repr([_frozen(one) for one in self.examples]).encode()).hexdigest()
        path = work / "word_names.json"
        if path.exists() and (saved := json.loads(path.read_text()))["key"] == key:
            return tuple(saved["names"])
        names = choose_vocabulary(self.examples)
        if processes().is_main_process:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps({"key": key, "names": names}))
            os.replace(fresh, path)
        return names

    def texts(self, names: Sequence[str], times: int) -> list[str]:
        """All texts that the language model will read and write, for its vocabulary.

        Args:
            names: words of the detector.
            times: number of prompts with each of them.
        """
        captions = [caption for one in self.examples for caption in one.captions]
        written = [one.lower() for one in (*self.lines, *captions)]
        prompts = [
            "; ".join(f"{grade}: {name}, {name}" for grade, _ in GRADES)
            for name in names
            for _ in range(times)
        ]
        return [*written, *(f" {one}" for one in written), *prompts]


def open_words_data(data: Path, sentences: Path | None = None) -> WordsData:
    """Open a folder of sets, without the pictures of its `validation.json`.

    Args:
        data: the folder; it may have `rooms_words.json` (`indoor` and `outdoors`, lists of words).
        sentences: file of captions, one per line; default: `captions_en.txt` in the folder.

    Raises:
        DatasetError: a file is missing or damaged.
    """
    part = "training" if (data / VALIDATION).exists() else "all"
    sets = open_sets(data, "train", part=part)
    rooms = read_json(data / ROOMS) if (data / ROOMS).exists() else {}
    homes = {word for name in room_words().homes for word in name.split()}
    indoor = [*rooms.get("indoor", ()), *sorted(homes), "room"]
    lines = read_sentences(sentences or data / SENTENCES)
    return WordsData(sets, lines, indoor, rooms.get("outdoors", ()))


def detector_data(
    specialist: Specialist,
    names: Sequence[str],
    data: WordsData,
    schedule: WordSchedule,
    folder: Path,
    progress: Progress,
) -> DetectorData:
    """Features, targets and folds of all pictures; blank and dim ones come last.

    Args:
        specialist: its towers are used.
        names: words of the detector.
        data: the pictures.
        schedule: gives the numbers of folds and of blank pictures.
        folder: folder of features.
        progress: wraps an iterable with a description and a total.
    """
    targets = word_targets(names, data.examples, outdoors=data.outdoors)
    folds = np.concatenate([folds_of(s.name, list(s.examples), schedule.folds) for s in data.sets])
    encoders = view_encoders(specialist, schedule.precision, compiled=schedule.compile)
    stores = store_sets(specialist, encoders, data.sets, schedule.precision, folder, progress)
    count = schedule.blanks
    if not count:
        return DetectorData(ViewFeatures(stores, specialist), targets, folds)
    pictures = [(one, name) for one in data.sets for name in one.examples]
    draw = np.random.default_rng(schedule.seed)
    sources = draw.integers(len(pictures), size=count)
    chosen = [pictures[index] for index in sources.tolist()]

    def dim(number: int) -> np.ndarray:
        source, name = chosen[number]
        return dimmed(source.picture(name), number)

    blank = f"{BLANKS} {schedule.precision}"
    key = f"{DIMMED} {schedule.precision} {json.dumps([(one.name, name) for one, name in chosen])}"
    extra: list[StoredViews] = []
    with processes().main_process_first():
        for kind, picture in ((blank, blank_picture), (key, dim)):
            extra.append(
                store_views(
                    specialist,
                    encoders,
                    kind,
                    picture,
                    count,
                    folder,
                    progress,
                    views=[0],
                    glances=False,
                )
            )
    nothing = np.zeros((count, len(names)), bool)
    nothing[:, list(names).index(NOTHING)] = True
    return DetectorData(
        ViewFeatures([*stores, *extra], specialist),
        WordTargets(
            np.concatenate([targets.truth, nothing, targets.truth[sources]]),
            np.concatenate(
                [targets.weight, np.ones(nothing.shape, np.float16), targets.weight[sources]]
            ),
        ),
        np.concatenate([folds, np.full(count, EVERY_FOLD), folds[sources]]),
    )


def _frozen(one: Example) -> tuple:
    return (one.set, one.name, one.captions, sorted(one.labels or ()), one.scene, one.objects)
