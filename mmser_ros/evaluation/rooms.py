# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores of captions of rooms, by incomplete lists of objects and phrases.

The words come from a file `rooms_words.json`: `alike` {object: words that name it}, `indoor` (words
that count), `living` and `outdoors` (words that do not fit an empty room).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmser_ros.data.example import Example
from mmser_ros.data.set_files import read_json
from mmser_ros.data.tar_pictures import DatasetError
from mmser_ros.evaluation.bootstrap import Figure

KEYS = ("indoor", "living", "outdoors")


@dataclass(frozen=True)
class RoomVerdict:
    """The judgement of one caption of one room.

    Attributes:
        named: whether the caption names each object.
        right: `indoor` words of the caption that are true.
        wrong: its other `indoor` words.
        invented: its `living` and `outdoors` words that are not true.
    """

    named: tuple[bool, ...]
    right: frozenset[str]
    wrong: frozenset[str]
    invented: frozenset[str]

    @property
    def precision(self) -> float:
        """The share of its `indoor` words that are true; 0 without such words."""
        return len(self.right) / max(1, len(self.right) + len(self.wrong))

    @property
    def recall(self) -> float:
        """The share of the objects that it names."""
        return sum(self.named) / max(1, len(self.named))

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 if both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


class RoomWords:
    """Judges captions of rooms by the words of a `rooms_words.json`."""

    def __init__(
        self,
        alike: Mapping[str, Sequence[str]],
        indoor: Sequence[str],
        living: Sequence[str],
        outdoors: Sequence[str],
    ) -> None:
        """Set up the lists of the file."""
        self._alike = {_spaced(name): tuple(map(_spaced, some)) for name, some in alike.items()}
        self._indoor = frozenset(indoor)
        self._outdoors = frozenset(outdoors)
        self._unlikely = frozenset(living) | self._outdoors

    @classmethod
    def read(cls, path: Path) -> RoomWords:
        """Read a `rooms_words.json`.

        Raises:
            DatasetError: it can't be read, or has other contents.
        """
        content = read_json(path)
        try:
            lists = [content[key] for key in KEYS]
            texts = [one for some in (*lists, *content["alike"].values()) for one in some]
            if not all(isinstance(one, str) for one in texts):
                msg = "not all of them are strings"
                raise TypeError(msg)
            return cls(content["alike"], *lists)
        except (KeyError, TypeError, AttributeError) as error:
            msg = (
                f"{path} is not as expected ({error!r}): {{alike: {{object: [words]}}, "
                "indoor: [words], living: [words], outdoors: [words]}"
            )
            raise DatasetError(msg) from error

    def judge(self, caption: str, example: Example) -> RoomVerdict:
        """Compare a caption with the annotations of its image.

        An object is named by its `alike` words, or by its own name. True words are those that name
        one of the objects, and the `indoor` words of the phrases.

        Args:
            caption: any text.
            example: its `objects` and `phrases` are used.
        """
        text = f" {_spaced(caption)} "
        names = [self._names(one) for one in example.objects]
        phrases = frozenset(word for one in example.phrases for word in _spaced(one).split())
        true = frozenset(word for some in names for word in some) | (phrases & self._indoor)
        words = frozenset(text.split())
        counted = words & self._indoor
        return RoomVerdict(
            tuple(any(f" {name} " in text for name in some) for some in names),
            counted & true,
            counted - true,
            (words & self._unlikely) - true,
        )

    def outdoors(self, caption: str) -> frozenset[str]:
        """The `outdoors` words of a caption."""
        return self._outdoors & frozenset(_spaced(caption).split())

    def _names(self, thing: str) -> tuple[str, ...]:
        name = _spaced(thing)
        return self._alike.get(name, (name,))


def score_rooms(
    words: RoomWords, captions: Mapping[str, str], examples: Mapping[str, Example]
) -> dict[str, Figure]:
    """Score captions of rooms.

    Args:
        words: judges the captions.
        captions: image → caption.
        examples: image → its annotations; all have objects.

    Returns:
        - `hit`: the share of captions that name at least one object.
        - `precision`: the share of a caption's `indoor` words that are true.
        - `recall`: the share of the objects that a caption names.
        - `F1`: of both. These three are means over images.
        - `invented`: the share of captions with a `living` or `outdoors` word that is not true.

        `RoomWords.judge` defines which words are true.
    """
    verdicts = [words.judge(caption, examples[name]) for name, caption in captions.items()]
    return {
        "hit": Figure.mean([any(one.named) for one in verdicts]),
        "precision": Figure.mean([one.precision for one in verdicts]),
        "recall": Figure.mean([one.recall for one in verdicts]),
        "F1": Figure.mean([one.f1 for one in verdicts]),
        "invented": Figure.mean([bool(one.invented) for one in verdicts]),
    }


def _spaced(text: str) -> str:
    """Lower-case words with single spaces; other characters are left out."""
    return " ".join(re.findall("[a-z]+", text.lower()))
