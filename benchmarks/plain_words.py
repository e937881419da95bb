# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A fast parser and taxonomy for simple captions, for tests of the memory alone."""

import re

from mmser_ros.language.types import ObjectMention, ParsedCaption, RelationMention

COUNTS = {"a": 1, "an": 1, "the": 1, "one": 1, "two": 2, "three": 3, "four": 4, "no": 0}
PREDICATES = (
    *("next to", "left of", "right of", "in front of", "behind", "on", "in", "under", "near"),
    *("above",),
)
ROOMS = (
    *("kitchen", "bedroom", "bathroom", "living room", "office", "hallway", "laundry room"),
    *("garage",),
)
COMPOUNDS = ("washing machine", "coat rack")
SYNONYMS = {
    **{"couch": "sofa", "fridge": "refrigerator", "tv": "television", "cup": "mug"},
    **{"bookcase": "bookshelf", "cooker": "stove"},
}
KINDS = {
    "person": ("man", "woman", "person"),
    "furniture": (
        *("table", "chair", "sofa", "bed", "refrigerator", "stove", "bookshelf", "desk", "lamp"),
        *("wardrobe", "nightstand", "washing machine", "bench", "coat rack"),
    ),
    "place": ("street", "beach"),
    "fixture": ("door", "window", "wall", "sink", "toilet", "bathtub", "plant"),
}
STOPS = rf"$|[,.;]|\b(?:and|with|{'|'.join(PREDICATES)})\b"
PHRASE = re.compile(rf"\b({'|'.join(COUNTS)})\s+([a-z ]+?)\s*(?={STOPS})")
LINK = re.compile(rf"^\s*({'|'.join(PREDICATES)})\s+$")


class PlainParser:
    """Reads "a kitchen with a red mug on a brown table, two chairs and no people"."""

    def parse(self, caption: str) -> ParsedCaption:
        """Read one caption."""
        text = caption.lower()
        objects: list[ObjectMention] = []
        relations: list[RelationMention] = []
        place = None
        end_of_last = 0
        for found in PHRASE.finditer(text):
            words = found[2].split()
            head = words[-1]
            if " ".join(words[-2:]) in (*ROOMS, *COMPOUNDS):
                head = " ".join(words[-2:])
            if head in ROOMS:
                place = head
                end_of_last = found.end()
                continue
            adjectives = tuple(words[: len(words) - len(head.split())])
            count = COUNTS[found[1]]
            if count > 1 and head.endswith("s"):
                head = head.removesuffix("es") if head.endswith("shes") else head[:-1]
            link = LINK.match(text[end_of_last : found.start()])
            if link and objects:
                relations.append(RelationMention(len(objects) - 1, link[1], len(objects)))
            objects.append(
                ObjectMention(
                    found[0].strip(),
                    head,
                    adjectives,
                    count or None,
                    negated=found[1] == "no",
                    start=found.start(),
                    end=found.end(),
                )
            )
            end_of_last = found.end()
        return ParsedCaption(tuple(objects), tuple(relations), (), place)


class PlainWords:
    """A taxonomy with a few synonyms and kinds."""

    def canonical(self, word: str) -> str:
        """The canonical word of all synonyms."""
        return SYNONYMS.get(word, word)

    def similarity(self, a: str, b: str) -> float:
        """1 for synonyms, else 0."""
        return float(self.canonical(a) == self.canonical(b))

    def kind(self, word: str) -> str:
        """One of KINDS, or `object`."""
        word = self.canonical(word)
        return next((kind for kind, words in KINDS.items() if word in words), "object")
