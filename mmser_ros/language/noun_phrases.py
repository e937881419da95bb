# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Noun phrases of a parsed caption that name objects or places.

Rules over spaCy's dependency labels (the CLEAR style of its English models).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spacy.tokens import Doc, Token

from mmser_ros.language.dependency_labels import NOUNS, coordination, is_modifier, is_negated
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.language.word_lists import CaptionWords

MODIFIERS = frozenset(
    ["det", "amod", "nummod", "compound", "poss", "nmod", "quantmod", "predet", "neg", "preconj"]
)
DESCRIBING = ("ADJ", "VERB", "NOUN", "PROPN")
RESCUED = ("ADJ", "VERB", "ADV", "X", "INTJ")
"""Wrong tags of known nouns ("a drink", "a stuffed orange")."""
ABSTRACT = ("ing", "tion", "sion", "ment", "ness", "ity")
"""Endings of abstract nouns, which are no objects unless the taxonomy lists them."""
SHORTEST = 2
MOST_DIGITS = 6
SINGULAR_TAGS = ("NN", "NNP")


@dataclass
class Noun:
    """A noun phrase while the caption is parsed.

    Attributes:
        at: its token in the sentence: `head` in "a giraffe's head".
        head: lemma.
        start: first token.
        end: last token.
        attributes: (token, word).
        count: the number, if it is given.
        negated: the object is absent.
        hedged: the caption is not sure of the object.
        place: it names the place of the scene.
    """

    at: Token
    head: str
    start: int
    end: int
    count: int | None
    attributes: list[tuple[int, str]] = field(default_factory=list)
    negated: bool = False
    hedged: bool = False
    place: bool = False


class NounPhrases:
    """The noun phrases of a doc.

    Attributes:
        nouns: token → noun phrase, in order, also of places.
        alias: token → token of the noun phrase it refers to: "head of a giraffe" → giraffe.
    """

    def __init__(
        self, doc: Doc, marks: Mapping[int, set[str]], words: CaptionWords, taxonomy: Taxonomy
    ) -> None:
        self._marks, self._words, self._taxonomy = marks, words, taxonomy
        self.nouns: dict[int, Noun] = {}
        self.alias: dict[int, int] = {}
        parts = []
        for token in doc:
            if self._is_noun(token):
                if self._is_part(token):
                    parts.append(token)
                elif self._is_object(token):
                    self.nouns[token.i] = self._noun(token)
        for token in parts:
            self._resolve_part(token)
        for noun in list(self.nouns.values()):
            self._absorb_content(noun)
        for noun in self.nouns.values():
            noun.negated = self._is_negated(noun)
        for noun in self.nouns.values():
            noun.hedged = not noun.negated and self._is_hedged(noun)

    def of(self, token: Token) -> Noun | None:
        """The noun phrase of a token; None if there is none."""
        return self.nouns.get(self.alias.get(token.i, token.i))

    def _is_noun(self, token: Token) -> bool:
        word = token.lower_
        if word in self._words.persons:
            return True
        if sum(map(str.isalpha, word)) < SHORTEST:
            return False
        if token.pos_ in NOUNS:
            return not is_modifier(token) or self._is_joined(token)
        before = token.nbor(-1) if token.i else None
        after = token.nbor() if token.i + 1 < len(token.doc) else None
        return (
            token.pos_ in RESCUED
            and word in self._taxonomy
            and word not in self._words.colours
            and before is not None
            and before.pos_ == "DET"
            and (after is None or after.pos_ not in (*NOUNS, "ADJ"))
        )

    def _is_joined(self, token: Token) -> bool:
        """Whether an apparent modifier is an object: "shirt" in "a red shirt and gold skirt"."""
        clothing = [self._taxonomy.is_a(one.lemma_, "clothing") for one in (token, token.head)]
        return token.nbor().dep_ == "cc" and all(clothing)

    def _is_part(self, token: Token) -> bool:
        """Whether a noun names a part of an object: an edge, a mouth."""
        lemma = token.lemma_
        return token.lower_ not in self._taxonomy and (
            lemma in self._words.parts or lemma in self._words.body
        )

    def _is_object(self, token: Token) -> bool:
        word, lemma = token.lower_, token.lemma_.lower()
        listed = lemma in self._taxonomy
        if word in self._words.colours or lemma in self._words.no_objects:
            return False
        if lemma in self._words.quantities or lemma in self._words.numbers:
            return False
        if lemma.endswith(ABSTRACT) and not listed:
            return False
        if lemma in self._words.pictures and (
            (token.dep_ == "dobj" and token.head.lemma_ == "take")
            or (token.dep_ == "pobj" and token.head.lower_ in ("for", "in", "of"))
        ):
            return False  # "to take a picture"
        # "shaped like a fish", "two stories up"
        like = token.dep_ == "pobj" and token.head.lower_ == "like"
        return not like and (listed or token.dep_ != "npadvmod")

    def _noun(self, token: Token) -> Noun:
        start = min(
            [child.left_edge.i for child in token.lefts if child.dep_ in MODIFIERS] + [token.i]
        )
        head = self._head(token)
        noun = Noun(token, head, start, token.i, self._count(token, head))
        for other in token.doc[start : token.i]:
            if self._describes(other, token, start):
                word = other.lemma_ if other.pos_ in NOUNS else other.lower_
                noun.attributes.append((other.i, word.lower()))
        return noun

    def _head(self, token: Token) -> str:
        word = token.lower_
        if word in self._words.persons:
            return "person"
        if word == "glasses" and self._is_worn(token):
            return word
        return word if word in self._words.plural_only else token.lemma_.lower()

    def _is_worn(self, token: Token) -> bool:
        governor = token.head
        while governor.dep_ == "conj" and governor.head != governor:
            governor = governor.head
        if governor.dep_ in ("dobj", "pobj"):
            governor = governor.head
        if governor.pos_ == "ADP" and governor.lower_ in ("in", "with"):
            return self._taxonomy.is_a(governor.head.lemma_, "person")
        return governor.lemma_ == "wear"

    def _describes(self, token: Token, noun: Token, start: int) -> bool:
        if token.pos_ not in DESCRIBING:
            return False
        if token.i > start and "hedged" in self._marks.get(token.i, ()):
            return False  # a hedged adjective; at the start, the hedge is about the object
        if any(one.dep_ == "poss" for one in (token, *token.ancestors) if one.i < noun.i):
            return False
        return token.lower_ not in self._words.quantities | self._words.numbers.keys()

    def _count(self, token: Token, head: str) -> int | None:
        words, word = self._words, token.lower_
        if word in words.persons:
            return words.persons[word]
        before = [one for one in token.lefts if one.dep_ in MODIFIERS]
        numbers = [number for one in before if (number := self._number(one)) is not None]
        counted = [number for number in numbers if number > 1]
        if counted:
            paired = any("pair" in self._marks.get(one.i, ()) for one in before)
            return 1 if paired and head in words.plural_only else counted[0]
        if numbers:
            return 1
        if head in words.uncountable or head in words.plural_only:
            return None
        if head in words.unchanging and not any(one.dep_ == "det" for one in before):
            return None
        return 1 if token.tag_ in SINGULAR_TAGS or token.pos_ in RESCUED else None

    def _number(self, token: Token) -> int | None:
        if token.dep_ not in ("det", "nummod", "amod", "predet", "quantmod"):
            return None
        if token.lower_ in self._words.numbers:
            return self._words.numbers[token.lower_]
        text = token.lower_
        return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None

    def _resolve_part(self, part: Token) -> None:
        """Find the object that a part belongs to, if the caption names it."""
        for child in part.children:
            meant = child
            if child.dep_ == "prep" and child.lower_ == "of":
                meant = next((one for one in child.children if one.dep_ == "pobj"), child)
            elif child.i == part.i - 1 and child.pos_ in NOUNS and child.lemma_ in self._taxonomy:
                self.nouns[part.i] = Noun(part, child.lemma_, child.i, part.i, 1)
                return
            elif child.dep_ != "poss":
                continue
            if meant.i in self.nouns:
                self.alias[part.i] = meant.i
                return

    def _absorb_content(self, noun: Noun) -> None:
        """Turn the content into an attribute: "a bottle of wine" is a bottle (wine)."""
        doc, words = noun.at.doc, self._words
        if noun.head not in words.containers and noun.head not in words.pictures:
            return
        if noun.at.i + 1 < len(doc) and doc[noun.at.i + 1].lower_ == "of":
            for content in list(self.nouns.values()):
                if content.start == noun.at.i + 2:
                    noun.attributes.append((content.at.i, content.head))
                    noun.end = content.at.i
                    del self.nouns[content.at.i]
                    self.alias[content.at.i] = noun.at.i
                    return

    def _is_negated(self, noun: Noun) -> bool:
        doc = noun.at.doc
        if noun.at.lower_ == "nobody":
            return True
        inside = {token.lower_ for token in doc[noun.start : noun.at.i]}
        before = doc[noun.start - 1].lower_ if noun.start else ""
        if inside & {"no", "neither"} or before in ("not", "n't", "nor", "neither", "without"):
            return True
        verb = noun.at.head
        if noun.at.dep_ in ("dobj", "attr", "nsubj") and is_negated(verb):
            there_is = any(child.dep_ == "expl" for child in verb.children)
            definite = inside & {"the", "his", "her", "their", "its", "this", "that"}
            return not definite and (noun.at.dep_ != "nsubj" or there_is)
        if noun.at.dep_ == "conj":  # "no people or cars", but "no chairs and a table"
            first = self.of(noun.at.head)
            either = any(one.lower_ in ("or", "nor") for one in noun.at.head.children)
            own = any(child.dep_ in ("det", "nummod", "poss") for child in noun.at.lefts)
            return first is not None and first.negated and (either or not own)
        return False

    def _is_hedged(self, noun: Noun) -> bool:
        marks = self._marks.get(noun.start, set())
        if marks & {"hedged", "hedged clause"}:
            return True
        if noun.at.dep_ == "dobj":  # "it looks like a man is fixing a bicycle"
            subjects = (self.of(one) for one in noun.at.head.children if one.dep_ == "nsubj")
            if any(
                one is not None and "hedged clause" in self._marks.get(one.start, ())
                for one in subjects
            ):
                return True
        group = coordination(noun.at)
        return len(group) > 1 and any(
            child.dep_ == "cc" and child.lower_ == "or" for one in group for child in one.children
        )
