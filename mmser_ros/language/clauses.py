# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Relations, actions, states and the place of a parsed caption.

Rules over spaCy's dependency labels (the CLEAR style of its English models).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spacy.tokens import Doc, Token

from mmser_ros.language.dependency_labels import is_negated, joined_after
from mmser_ros.language.noun_phrases import Noun, NounPhrases
from mmser_ros.language.referents import ALIVE, OBJECTS, SUBJECTS, VERBS, Referents
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.language.types import SPATIAL_PREDICATES
from mmser_ros.language.word_lists import CaptionWords

PARTICLES = ("on", "off", "open")

Triple = tuple[Noun, str, Noun]


class Clauses:
    """Extracts clauses from a parsed caption; states become attributes of its noun phrases.

    `marks` has the meaning of a token's wording before the caption was simplified.
    """

    def __init__(
        self,
        doc: Doc,
        phrases: NounPhrases,
        marks: Mapping[int, set[str]],
        words: CaptionWords,
        taxonomy: Taxonomy,
    ) -> None:
        self._doc, self._phrases, self._marks = doc, phrases, marks
        self._words, self._taxonomy = words, taxonomy
        self._who = Referents(doc, phrases, words, taxonomy)
        self.place = self._find_place()
        self.relations = self._find_relations()
        self._find_states()
        self.actions = list(self._find_actions())

    # The place

    def _find_place(self) -> str | None:
        """Mark the noun phrases for the place of the scene, and return the first head."""
        for noun in self._phrases.nouns.values():
            if self._taxonomy.kind(noun.head) == "place" and not noun.negated:
                noun.place = self._is_setting(noun.at)
        return next((noun.head for noun in self._phrases.nouns.values() if noun.place), None)

    def _is_setting(self, token: Token) -> bool:
        head = token.head
        if token.dep_ == "pobj":
            meant = self._marks.get(head.i, set()) & set(SPATIAL_PREDICATES)
            return meant <= {"in", "on"} and (bool(meant) or head.lower_ in self._words.settings)
        if token.dep_ in (*OBJECTS, "npadvmod"):
            down = any(
                one.dep_ == "prt" and one.lower_ in self._words.settings for one in head.rights
            )
            return down or head.lemma_ in self._words.crossed
        if token.dep_ in ("ROOT", "attr"):
            return True
        # "the room is empty", "the street is filled with cars"
        states = head.pos_ == "AUX" or head.lemma_ in self._words.states
        having = any(one.lower_ == "with" for one in token.rights)
        return token.dep_ in SUBJECTS and (states or having)

    # Relations

    def _find_relations(self) -> list[Triple]:
        found: list[Triple] = []
        for token in self._doc:
            if token.pos_ in VERBS:
                found.extend(self._of_verb(token))
            elif token.dep_ == "agent":
                found.extend(self._of_agent(token))
            else:
                found.extend(self._of_preposition(token))
        asserted = {
            (subject.at.i, predicate, object_.at.i): (subject, predicate, object_)
            for subject, predicate, object_ in found
            if subject is not object_
            and not (subject.negated or object_.negated or subject.place or object_.place)
        }
        # "a table with a lamp on it" only asserts that the lamp is on the table.
        for first, predicate, last in list(asserted):
            if predicate == "with" and any(
                (last, other, first) in asserted for other in SPATIAL_PREDICATES
            ):
                del asserted[first, predicate, last]
        return [asserted[key] for key in sorted(asserted, key=lambda key: (key[2], key[0]))]

    def _of_verb(self, verb: Token) -> Iterator[Triple]:
        """Relations of a verb to its direct objects."""
        if is_negated(verb):
            return
        watched = [  # "a crowd watches two boxers fight"
            child for clause in verb.children if clause.dep_ == "ccomp" for child in clause.lefts
        ]
        objects = [
            noun
            for child in (*verb.children, *watched)
            if child.dep_ in (OBJECTS if child.head == verb else ("nsubj",))
            for noun in self._who.all(child)
        ]
        subjects = self._who.doers(verb) if objects else []
        for one in objects:
            predicate = self._words.verbs.get(verb.lemma_)
            if verb.lemma_ in self._words.lead_animals:
                predicate = "leading" if self._taxonomy.kind(one.head) == "animal" else None
            if verb.lemma_ in self._words.turned:
                yield from ((one, self._words.turned[verb.lemma_], subject) for subject in subjects)
            elif predicate:
                yield from ((subject, predicate, one) for subject in subjects)

    def _of_agent(self, by: Token) -> Iterator[Triple]:
        """Relations of a passive verb: "pulled by oxen", "surrounded by trees"."""
        verb = by.head
        if is_negated(verb):
            return
        patients = self._who.doers(verb)
        predicate = self._words.verbs.get(verb.lemma_)
        turned = self._words.turned.get(f"{verb.lemma_} by") or predicate
        if turned:
            for agent in self._who.objects(by):
                yield from ((agent, turned, patient) for patient in patients)

    def _of_preposition(self, token: Token) -> Iterator[Triple]:
        objects = self._who.objects(token)
        predicate = self._predicate(token)
        if not objects:
            return
        governor = token.head
        if governor.pos_ in VERBS and is_negated(governor):
            return
        phrase, words = f"{governor.lemma_} {token.lower_}", self._words
        subjects = self._who.governed(token, shared=predicate in SPATIAL_PREDICATES)
        if phrase in words.turned:
            for one in objects:
                yield from ((one, words.turned[phrase], subject) for subject in subjects)
            return
        if phrase in words.verbs and governor.pos_ == "VERB":
            predicate = words.verbs[phrase]
        if predicate:
            for subject in subjects:
                yield from ((subject, self._worn(subject, predicate, o, token), o) for o in objects)

    def _predicate(self, token: Token) -> str | None:
        meant = self._marks.get(token.i, set()) & set(SPATIAL_PREDICATES)
        return next(iter(meant), None) or self._words.prepositions.get(token.lower_)

    def _worn(self, subject: Noun, predicate: str, other: Noun, token: Token) -> str:
        """The meaning of "with" and "in" after a person or an animal: wearing or holding."""
        kind = self._taxonomy.kind(subject.head)
        if predicate in ("in", "with") and kind in ALIVE:
            if self._taxonomy.is_a(other.head, "clothing"):
                return "wearing"
            if predicate == "with" and self._is_gripped(other.at):
                return "holding"
        return predicate

    def _is_gripped(self, token: Token) -> bool:
        """Whether a phrase such as "in its mouth" follows."""
        after = self._doc[token.i + 1 : token.i + 5]
        return any(one.lemma_ in self._words.grips for one in after) and after[0].lower_ == "in"

    # Actions and states

    def _find_actions(self) -> Iterator[tuple[Noun, str]]:
        for verb in self._doc:
            if verb.pos_ != "VERB" or is_negated(verb) or verb.dep_ in ("prep", "amod", "aux"):
                continue
            lemma = verb.lemma_.lower()
            if lemma == "lay" and not any(child.dep_ in OBJECTS for child in verb.children):
                lemma = "lie"  # without an object, "lay" is mostly an error for "lie"
            if lemma in self._words.states:
                continue
            agents = [child for child in verb.children if child.dep_ == "agent"]
            if is_passive(verb):
                doers = [noun for by in agents for noun in self._who.objects(by)]
            else:
                doers = self._who.doers(verb)
            for noun in doers:
                if not (noun.negated or noun.place):
                    yield noun, lemma

    def _find_states(self) -> None:
        """Add states to the attributes: "the mug is red", "a car parked there"."""
        related = {token.i for token in self._doc if self._is_turned(token)}
        for token in self._doc:
            passive = token.pos_ == "VERB" and token.dep_ != "amod" and is_passive(token)
            if passive and token.i not in related and token.lemma_ not in self._words.no_states:
                agent = any(child.dep_ == "agent" for child in token.children)
                self._describe([] if agent else self._who.doers(token), token, token)
            elif token.dep_ in ("acomp", "oprd") and token.pos_ == "ADJ":
                clause = any(child.dep_ in ("xcomp", "ccomp") for child in token.head.children)
                for one in [] if clause else joined_after(token):  # not "it is hard to see"
                    if one.i not in related and "hedged" not in self._marks.get(one.i, ()):
                        self._describe(self._who.doers(token.head), one, token.head)
            elif token.head.lemma_ == "be" and token.lower_ in PARTICLES:
                if not any(token.children):  # "the light is off", not "it is on the table"
                    self._describe(self._who.doers(token.head), token, token.head)
            elif token.lower_ in self._words.colours and token.head.lower_ == "in":
                for one in joined_after(token):  # "a woman dressed in black"
                    self._describe(self._who.governed(token.head), one, token.head.head)

    def _is_turned(self, token: Token) -> bool:
        return any(
            f"{token.lemma_} {child.lower_}" in self._words.turned for child in token.children
        )

    def _describe(self, nouns: list[Noun], word: Token, verb: Token) -> None:
        if is_negated(verb) or word.lower_ in self._words.quantities:
            return
        for noun in nouns:
            if word.lower_ not in (said for _, said in noun.attributes):
                noun.attributes.append((word.i, word.lower_))


def is_passive(verb: Token) -> bool:
    """Whether a verb is passive, or a past participle ("parked")."""
    if any(child.dep_ in ("auxpass", "nsubjpass") for child in verb.children):
        return True
    return verb.tag_ == "VBN" and not any(
        child.dep_ == "aux" and child.lemma_ == "have" for child in verb.children
    )
