# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What people call the objects of a home, and which of their properties they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SYNONYMS: dict[str, tuple[str, ...]] = {
    "sofa": ("couch", "sofa", "couch"),
    "refrigerator": ("refrigerator", "fridge"),
    "television": ("television", "tv", "flat screen tv"),
    "bookshelf": ("bookshelf", "bookcase", "bookshelf"),
    "mug": ("mug", "cup", "mug", "coffee mug"),
    "trash can": ("trash can", "trash can", "garbage can", "trash bin"),
    "armchair": ("armchair", "armchair", "chair"),
    "cabinet": ("cabinet", "cupboard", "cabinet"),
    "picture": ("picture", "framed picture", "picture"),
    "rug": ("rug", "rug", "carpet"),
    "nightstand": ("nightstand", "nightstand", "bedside table"),
    "teddy bear": ("teddy bear", "teddy bear", "stuffed bear"),
    "potted plant": ("potted plant", "plant"),
    "plant": ("plant", "potted plant"),
    "counter": ("counter", "kitchen counter", "countertop"),
    "coffee table": ("coffee table", "coffee table", "table"),
    "dresser": ("dresser", "dresser", "chest of drawers"),
    "office chair": ("office chair", "office chair", "chair"),
    "monitor": ("monitor", "computer monitor"),
    "pillow": ("pillow", "pillow", "cushion"),
    "bathtub": ("bathtub", "tub", "bathtub"),
    "box": ("box", "box", "cardboard box"),
    "tv stand": ("tv stand", "tv stand", "stand"),
    "floor lamp": ("floor lamp", "lamp"),
    "table": ("table", "table", "dining table"),
    "laptop": ("laptop", "laptop", "computer"),
    "basket": ("basket", "basket", "laundry basket"),
    "backpack": ("backpack", "backpack", "bag"),
}
"""Words for a kind; those that stand twice are used more."""
OF_MATERIAL = {"cardboard box": ("tan", "brown"), "dining table": ()}
"""Words that are said only of some colours; () of any."""
COLOURLESS = frozenset({
    "picture", "mirror", "clock", "window", "door", "plant", "potted plant", "television", "orange",
    "books", "monitor", "lamp", "floor lamp", "curtain", "toilet", "bathtub", "sink", "counter",
})  # fmt: skip
"""Kinds whose colour people rarely say, or whose main part is not what one sees most."""
PAIRS = frozenset({"shoes"})
ROWS = frozenset({"books"})
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
SAID_COLOURS = {"tan": "brown", "cream": "white", "grey": "gray"}
"""A common word for some colours, which half of the people take."""


@dataclass(frozen=True)
class NounPhrase:
    """A noun phrase without article.

    Attributes:
        text: "red coffee mug", "two red mugs".
        head: "coffee mug"; in the singular.
        plural: whether it takes "are".
        article: "a", "an", or empty.
    """

    text: str
    head: str
    plural: bool = False
    article: str = ""

    def indefinite(self) -> str:
        """With its article: "a red coffee mug"."""
        return f"{self.article} {self.text}" if self.article else self.text

    def definite(self) -> str:
        """The second time it is named: "the coffee mug"."""
        return f"the {self.plural_head() if self.plural else self.head}"

    def plural_head(self) -> str:
        """The noun in the plural."""
        return plural(self.head)


def plural(word: str) -> str:
    """The plural of a noun phrase that ends with a regular noun."""
    if word.endswith("s") and not word.endswith(("ss", "us")):
        return word
    if word.endswith(("ss", "sh", "ch", "x")):
        return f"{word}es"
    if word.endswith("shelf"):
        return f"{word.removesuffix('f')}ves"
    return f"{word}s"


def with_article(text: str) -> str:
    """A or an: "an office chair"."""
    return f"{'an' if text[0] in 'aeiou' else 'a'} {text}"


def noun_phrase(
    name: str,
    colour: str,
    material: str | None,
    count: int,
    random: np.random.Generator,
    *,
    bare: float = 0.4,
) -> NounPhrase:
    """Choose the words for some objects of one kind.

    Args:
        name: of the kind.
        colour: of all of them; empty if they differ.
        material: of all of them, if a person would say it.
        count: how many there are, from 1.
        random: of the choice.
        bare: the share of phrases without colour and material.
    """
    word = _word(name, colour, random)
    said = []
    says_colour = bool(colour) and name not in COLOURLESS and random.random() >= bare
    if says_colour and colour not in word:
        common = SAID_COLOURS.get(colour, colour)
        said.append(common if random.random() < 0.5 else colour)
    chance = 0.25 if says_colour else 0.35
    may_say = name not in COLOURLESS and "cardboard" not in word
    if material is not None and may_say and random.random() < chance:
        said.append(material)
    if name in PAIRS:
        text = " ".join([*said, word])
        pair = count == 1 and random.random() < 0.5
        return NounPhrase(f"pair of {text}" if pair else text, word, True, "a" if pair else "")
    if name in ROWS:
        some = str(random.choice(["some ", "several ", "a row of ", ""]))
        return NounPhrase(some + " ".join([*said, word]), "book", True)
    if count > 1:
        number = NUMBERS.get(count, "several")
        return NounPhrase(" ".join([number, *said, plural(word)]), word, True)
    text = " ".join([*said, word])
    return NounPhrase(text, word, False, with_article(text).split()[0])


def _word(name: str, colour: str, random: np.random.Generator) -> str:
    words = [
        one
        for one in SYNONYMS.get(name, (name,))
        if not OF_MATERIAL.get(one) or colour in OF_MATERIAL[one]
    ]
    return str(words[int(random.integers(len(words)))])
