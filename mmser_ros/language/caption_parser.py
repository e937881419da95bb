# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parses captions with spaCy's small English model and rules.

The rules are for captions of everyday images and of indoor scenes.
benchmarks/caption_parsing.py measures them.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import cast

import spacy
from spacy.lang.char_classes import HYPHENS
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, Token
from spacy.util import compile_infix_regex

from mmser_ros.language.clauses import Clauses
from mmser_ros.language.dependency_labels import NOUNS
from mmser_ros.language.noun_phrases import Noun, NounPhrases
from mmser_ros.language.referents import ALIVE, OBJECTS
from mmser_ros.language.simplify import Rewriter, Rewritten
from mmser_ros.language.spacy_model import new_parser
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.language.types import ActionMention, ObjectMention, ParsedCaption, RelationMention
from mmser_ros.language.word_lists import CaptionWords

MOST_CHARACTERS = 1000
"""Maximum characters that are parsed; the rest of a caption is ignored."""
LONGEST_COMPOUND = 4


class CaptionParser:
    """Parses captions; the result is deterministic and cached.

    The first caption loads spaCy's model, once for all parsers of the process.

    Args:
        taxonomy: kinds and compounds; the default is the shipped one.
        cached: number of captions in the cache.
    """

    def __init__(self, taxonomy: Taxonomy | None = None, *, cached: int = 4096) -> None:
        self._taxonomy = taxonomy or Taxonomy()
        self._words = CaptionWords.read()
        self._rewriter = Rewriter(self._words.rewritten)
        self._cached = lru_cache(maxsize=cached)(self._parse)

    def parse(self, caption: str) -> ParsedCaption:
        """Parse a caption; any text is allowed, and the result may be empty."""
        return self._cached(caption[:MOST_CHARACTERS])

    def _parse(self, caption: str) -> ParsedCaption:
        rewritten = self._rewriter.rewrite(caption)
        doc = load_parser()(rewritten.text)
        self._mend(doc)
        self._join_compounds(doc)
        marks: dict[int, set[str]] = {}
        for at, meaning in rewritten.marks:
            token = next((token for token in doc if token.idx >= at and not token.is_space), None)
            if token is not None:
                marks.setdefault(token.i, set()).add(meaning)
        phrases = NounPhrases(doc, marks, self._words, self._taxonomy)
        clauses = Clauses(doc, phrases, marks, self._words, self._taxonomy)
        nouns = sorted(
            (noun for noun in phrases.nouns.values() if not noun.place), key=lambda one: one.at.i
        )
        number = {noun.at.i: index for index, noun in enumerate(nouns)}
        actions = dict.fromkeys((number[noun.at.i], verb) for noun, verb in clauses.actions)
        return ParsedCaption(
            tuple(_mention(noun, doc, caption, rewritten) for noun in nouns),
            tuple(
                RelationMention(number[subject.at.i], predicate, number[other.at.i])
                for subject, predicate, other in clauses.relations
            ),
            tuple(ActionMention(*one) for one in actions),
            clauses.place,
        )

    def _mend(self, doc: Doc) -> None:
        """Correct frequent errors of the model: captions are in the present tense."""
        for token in doc:
            token.lemma_ = self._words.lemmas.get(token.lemma_, token.lemma_)
            objects = any(child.dep_ in OBJECTS for child in token.children)
            if token.tag_ == "VBD" and token.lemma_ in self._words.placed and not objects:
                token.tag_ = "VBN"
            self._mend_verb(token)

    def _mend_verb(self, token: Token) -> None:
        """Tag "drinks" in "a zebra drinks" as a verb: "a" has no plural noun."""
        before = list(token.lefts)
        doers = [
            one
            for one in before
            if one.dep_ == "compound" and self._taxonomy.kind(one.lemma_) in ALIVE
        ]
        if token.tag_ == "NNS" and doers and any(one.lower_ in ("a", "an") for one in before):
            token.pos_, token.tag_ = "VERB", "VBZ"
            doers[-1].dep_ = "nsubj"
            for one in before:
                if one != doers[-1]:
                    one.head = doers[-1]

    def _join_compounds(self, doc: Doc) -> None:
        """Merge each compound of the taxonomy into one token, the longest first."""
        spans = []
        at = 0
        while at < len(doc):
            for length in range(min(LONGEST_COMPOUND, len(doc) - at), 1, -1):
                *words, last = doc[at : at + length]
                ends = [last.lower_, *([last.lemma_] if last.pos_ in NOUNS else [])]
                forms = [" ".join([*(word.lower_ for word in words), end]) for end in ends]
                found = next((form for form in forms if form in self._taxonomy.compounds), None)
                if found:
                    spans.append((at, at + length, found))
                    at += length - 1
                    break
            at += 1
        with doc.retokenize() as retokenizer:
            for start, end, lemma in spans:
                retokenizer.merge(doc[start:end], attrs={"LEMMA": lemma, "POS": "NOUN"})


@cache
def load_parser() -> spacy.Language:
    """The spaCy parser of captions; it does not split at hyphens ("red-haired", "t-shirt")."""
    parser = new_parser()
    infixes = [one for one in map(str, parser.Defaults.infixes or ()) if HYPHENS not in one]
    tokenizer = cast(Tokenizer, parser.tokenizer)
    tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
    return parser


def _mention(noun: Noun, doc: Doc, caption: str, rewritten: Rewritten) -> ObjectMention:
    last = doc[noun.end]
    start, end = rewritten.span(doc[noun.start].idx, last.idx + len(last))
    return ObjectMention(
        text=caption[start:end],
        head=noun.head,
        attributes=tuple(word for _, word in sorted(noun.attributes)),
        count=noun.count,
        negated=noun.negated,
        hedged=noun.hedged,
        start=start,
        end=end,
    )
