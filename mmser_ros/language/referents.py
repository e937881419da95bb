# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The noun phrases that words of a clause refer to: subjects, objects, pronouns.

Rules over spaCy's dependency labels (the CLEAR style of its English models).
"""

from __future__ import annotations

from collections.abc import Iterable

from spacy.tokens import Doc, Token

from mmser_ros.language.dependency_labels import coordination, joined_after
from mmser_ros.language.noun_phrases import Noun, NounPhrases
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.language.word_lists import CaptionWords

VERBS = ("VERB", "AUX")
SUBJECTS = ("nsubj", "nsubjpass")
OBJECTS = ("dobj", "obj", "dative")
RELATIVE = ("which", "that", "who", "whom")
OF_PERSONS = ("he", "she", "him", "her")
OF_SEVERAL = ("they", "them")
ALIVE = ("person", "animal")


class Referents:
    """Finds noun phrases by their role in a sentence."""

    def __init__(
        self, doc: Doc, phrases: NounPhrases, words: CaptionWords, taxonomy: Taxonomy
    ) -> None:
        self._doc, self._phrases, self._words, self._taxonomy = doc, phrases, words, taxonomy

    def objects(self, preposition: Token) -> list[Noun]:
        """The objects of a preposition."""
        return [
            noun
            for child in preposition.children
            if child.dep_ == "pobj"
            and (child.pos_ == "PRON" or self._phrases.of(child) is not None)
            for noun in self.all(child)
        ]

    def governed(self, token: Token, *, shared: bool = True) -> list[Noun]:
        """The subject of a preposition: the noun that it modifies, or the subject of its verb.

        Args:
            token: the preposition.
            shared: whether it applies to a whole coordination. "on" does in "a cup and a plate on a
                table"; "with" does not in "a table and a chair with arms".
        """
        of = token.lower_ == "of"
        governor = token.head
        if any(child.lower_ in ("it", "them") for child in token.children):
            for child in governor.lefts if governor.pos_ in VERBS else governor.rights:
                if child.lower_ == "with" and child.i < token.i:  # "a wall with pictures on it"
                    return self.objects(child)
        for _ in self._doc:  # at most as many steps as words
            noun = self._phrases.of(governor)
            if noun is not None and shared:
                noun = self._wearer(noun) or noun
            if noun is not None and not (noun.place and shared):
                return self._with_its_like(noun, token) if shared else [noun]
            if governor.pos_ in VERBS:
                objects = [child for child in governor.children if child.dep_ in OBJECTS]
                if governor.lemma_ in self._words.put and objects:
                    return [one for child in objects for one in self.all(child)]
                return self.doers(governor)
            if governor.head == governor or (of and governor.pos_ != "ADJ"):
                break
            governor = governor.head
        if not shared:
            return []
        # "a bathroom with a sink next to a tub": the noun before, not the bathroom
        before = [one for one in self._phrases.nouns.values() if one.at.i < token.i]
        before = [one for one in before if not one.place]
        return self._with_its_like(before[-1], token) if before else []

    def _wearer(self, noun: Noun) -> Noun | None:
        """The wearer of clothing: words after "a girl in a red dress" refer to the girl."""
        if not self._taxonomy.is_a(noun.head, "clothing"):
            return None
        governor = coordination(noun.at)[0].head
        wearers = []
        if governor.lower_ in ("in", "with"):
            wearers = self.governed(governor, shared=False)
        elif governor.lemma_ == "wear":
            wearers = self.doers(governor)
        return next((one for one in wearers if self._taxonomy.kind(one.head) in ALIVE), None)

    def _with_its_like(self, noun: Noun, word: Token) -> list[Noun]:
        """A noun phrase with its coordination before a word; all animate, or all not."""
        alive = self._taxonomy.kind(noun.head) in ALIVE
        return [
            other
            for token in coordination(noun.at)
            if token.i < word.i
            and (other := self._phrases.of(token)) is not None
            and (self._taxonomy.kind(other.head) in ALIVE) == alive
        ]

    def all(self, token: Token) -> list[Noun]:
        """The noun phrases of a token and of the tokens after it in its coordination."""
        found = [
            noun
            for one in joined_after(token)
            for noun in ([self._phrases.of(one)] if one.pos_ != "PRON" else self._meant(one))
        ]
        return [noun for noun in found if noun is not None]

    def doers(self, verb: Token) -> list[Noun]:
        """The subjects of a verb: its own, or those of the word that it modifies."""
        first: list[Noun] = []
        alive = verb.tag_ != "VBN" and verb.lemma_ not in self._words.of_objects
        for _ in self._doc:  # at most as many steps as words
            if any(child.dep_ == "expl" for child in verb.children):
                return self._of_children(verb, ("attr", "dobj", "nsubj"))
            if any(child.dep_ in SUBJECTS for child in verb.children):
                return self._of_whom(self._of_children(verb, SUBJECTS), alive)
            if verb.head == verb:
                break
            up = verb.head
            noun = self._phrases.of(up)
            if noun is not None and not (noun.place and verb.tag_ == "VBG"):
                noun = self._wearer(noun) or noun
                found = self._with_its_like(noun, verb)
                # "on a couch watching television": a person, not the couch
                if not alive or self._taxonomy.kind(noun.head) in ALIVE:
                    return found
                first = first or found
            elif noun is None and verb.dep_ in ("acl", "relcl"):
                break  # the noun is not an object: "a game being played"
            verb = up
        return first

    def _of_whom(self, found: list[Noun], alive: bool) -> list[Noun]:
        """Remove inanimate nouns beside animate subjects: "a boy in shorts and a helmet rides"."""
        living = [one for one in found if self._taxonomy.kind(one.head) in ALIVE]
        if not living or alive:
            return living or found
        carried = ("clothing", "bag")
        return [
            one for one in found if not any(self._taxonomy.is_a(one.head, word) for word in carried)
        ]

    def _of_children(self, verb: Token, labels: Iterable[str]) -> list[Noun]:
        return [noun for child in verb.children if child.dep_ in labels for noun in self.all(child)]

    def _meant(self, pronoun: Token) -> list[Noun]:
        """The referent of a pronoun: the nearest possible noun phrase before it."""
        word = pronoun.lower_
        if word in self._words.persons:
            noun = self._phrases.of(pronoun)
            return [noun] if noun else []
        if word in RELATIVE:
            clause = pronoun.head
            while clause.dep_ != "relcl" and clause.head != clause:
                clause = clause.head
            noun = self._phrases.of(clause.head)
            return [noun] if noun else []
        # "a table with a lamp and a cup on it": neither the lamp nor the cup
        of_object = pronoun.dep_ == "pobj"
        governing = self.governed(pronoun.head, shared=word == "it") if of_object else []
        itself = {noun.at.i for noun in governing}
        before = [
            noun
            for noun in reversed(self._phrases.nouns.values())
            if noun.at.i < pronoun.i and not (noun.at.i in itself or noun.place or noun.negated)
        ]
        persons = [noun for noun in before if self._taxonomy.kind(noun.head) == "person"]
        if word in OF_PERSONS:
            return persons[:1]
        if word in OF_SEVERAL:
            several = next((noun for noun in before if noun.count != 1), None)
            return [several] if several else before[:2]
        if word == "it":
            return [noun for noun in before if noun not in persons][:1]
        return []
