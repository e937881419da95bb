# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Answers questions from the scene graph, without a language model."""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmser_ros.core.types import SECOND, Pose
from mmser_ros.language.interfaces import Parser, Words
from mmser_ros.language.types import ParsedCaption
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion import existence
from mmser_ros.memory.graph.records import Agent, Object, Place
from mmser_ros.memory.graph.relations import score_relations
from mmser_ros.memory.graph.rooms import Rooms
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.query_checks import QueryError, check_finite, check_text
from mmser_ros.memory.results import Match, Origin, RelationAnswer, Route
from mmser_ros.memory.routes import facing, plan_route

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts to unit vectors (texts, channels); similar texts have a large dot product."""
MIN_SIMILARITY = 0.5
"""Minimum similarity of the asked word and an object's word."""
NEAR_SCALE = 3.0
"""Distance (metres) from `near` at which a score is halved."""
MISMATCH = 0.3
"""Factor of a score if a requested relation or room does not hold."""
END_OF_TIME = 2**63


@dataclass(frozen=True)
class Filters:
    """Conditions that an answer must meet.

    Attributes:
        near: (x, y) in metres; nearer objects score higher.
        radius: maximum distance from `near`, in metres.
        place: name of a place or a room, or the label of a room.
        since: stamp (nanoseconds); the object was detected then or later.
        until: stamp (nanoseconds); the object was detected then or earlier.
    """

    near: tuple[float, ...] | None = None
    radius: float | None = None
    place: str | None = None
    since: int | None = None
    until: int | None = None

    @property
    def timed(self) -> bool:
        """Whether there is a condition on time."""
        return self.since is not None or self.until is not None

    def check(self) -> None:
        """Check that all numbers can be used.

        Raises:
            QueryError: a number is not finite, or there is a radius without `near`.
        """
        check_finite("near", self.near or ())
        if self.radius is not None:
            check_finite("radius", (self.radius,))
            if self.near is None:
                msg = f"got a radius of {self.radius:g} m without near; expected both"
                raise QueryError(msg)

    def distance(self, obj: Object) -> float:
        """Distance (metres) of an object from `near`; 0 without one."""
        return math.dist(self.near[:2], obj.position[:2]) if self.near is not None else 0.0

    def nearness(self, obj: Object) -> float:
        """Factor of a score for the distance from `near`."""
        return NEAR_SCALE / (NEAR_SCALE + self.distance(obj))

    def allow(self, obj: Object) -> bool:
        """Whether an object meets the conditions on distance and time."""
        since = self.since if self.since is not None else 0
        until = self.until if self.until is not None else END_OF_TIME
        in_time = not self.timed or any(a <= until and since <= b for a, b in obj.visits)
        return in_time and (self.radius is None or self.distance(obj) <= self.radius)


class Query:
    """Answers questions from one graph; answers depend only on the graph and the question."""

    def __init__(
        self,
        graph: SceneGraph,
        parser: Parser,
        words: Words,
        config: MemoryConfig,
        origin: Origin,
        embed: Embed | None = None,
    ) -> None:
        self._graph, self._parser, self.words, self.config = graph, parser, words, config
        self.origin, self._embed = origin, embed
        self.rooms = Rooms(graph, config.room_neighbor_weight)
        self._vectors: dict[str, np.ndarray] = {}

    def find(self, text: str, now: int, filters: Filters, k: int | None) -> list[Match]:
        """See `SceneMemory.find`."""
        check_text(text)
        filters.check()
        places = self._places_of(filters.place) if filters.place is not None else None

        def allowed(obj: Object) -> bool:
            return filters.allow(obj) and (places is None or obj.place in places)

        if text.strip():
            scored = self._described(text, now, filters, allowed)
        else:
            scored = self._anything(now, filters, allowed)
        ranked = ((-score, name) for name, score in scored)
        best = sorted(ranked) if k is None else heapq.nsmallest(k, ranked)
        return [self._match(name, self._object(name), now, -score) for score, name in best]

    def objects(self, now: int) -> list[Match]:
        """All objects that are believed to be present, sorted by name."""
        return [
            self._match(name, obj, now, self.probability(obj, now))
            for name, obj in self._graph.nodes(Object)
            if self._is_believed(obj, now)
        ]

    def relations(self, of: Match | str, *, contradicted: bool = False) -> list[RelationAnswer]:
        """See `SceneMemory.relations`."""
        name = of if isinstance(of, str) else of.name
        self._object(name)
        answers = []
        for one in score_relations(self._graph, name, self.config):
            other = self._graph.node(one.object if one.subject == name else one.subject, Object)
            if other is None or other.gone or not other.confirmed:
                continue
            if contradicted or (not one.contradicted and one.score > 0):
                answers.append(
                    RelationAnswer(
                        subject=one.subject,
                        predicate=one.predicate,
                        object=one.object,
                        probability=existence.probability(one.score),
                        contradicted=one.contradicted,
                        geometry=one.geometry,
                        provenance=one.relation.provenance,
                        origin=self.origin,
                    )
                )
        return answers

    def path_to(self, match: Match | str, start: Pose | str) -> Route | None:
        """See `SceneMemory.path_to`."""
        goal = self._viewpoint(self._object(match if isinstance(match, str) else match.name))
        if isinstance(start, str):
            agent = self._graph.node(f"robot:{start}", Agent)
            if agent is None:
                known = [name.removeprefix("robot:") for name, _ in self._graph.nodes(Agent)]
                msg = f"no robot {start!r}; known robots: {', '.join(known) or 'none'}"
                raise QueryError(msg)
            start = agent.pose
        check_finite("start", start.position)
        return plan_route(self._graph, start, goal, self.origin)

    def _anything(
        self, now: int, filters: Filters, allowed: Callable[[Object], bool]
    ) -> Iterator[tuple[str, float]]:
        """Yield all allowed objects with their scores; of a past time, also those gone since."""
        for name, obj in self._graph.nodes(Object):
            present = (filters.timed and obj.confirmed) or self._is_believed(obj, now)
            if present and allowed(obj):
                yield name, self.probability(obj, now) * filters.nearness(obj)

    def asked_words(self, text: str) -> set[str]:
        """Possible words of the object that a text asks for."""
        return _asked(self._parser.parse(text), text)[0]

    def _described(
        self, text: str, now: int, filters: Filters, allowed: Callable[[Object], bool]
    ) -> Iterator[tuple[str, float]]:
        """Yield the allowed objects that a text describes, with their scores."""
        parsed = self._parser.parse(text)
        heads, attributes = _asked(parsed, text)
        for word in sorted(self._graph.words()):
            similarity = max(self._similarity(head, word) for head in heads)
            if similarity < MIN_SIMILARITY:
                continue
            for name, obj in self._graph.with_word(word):
                if self._is_believed(obj, now) and allowed(obj):
                    score = similarity * self.probability(obj, now)
                    score *= self._attributes(obj, attributes)
                    yield name, score * (filters.nearness(obj) * self._context(name, obj, parsed))

    def _places_of(self, place: str) -> set[str]:
        """Names of the places in a room, by the name or the label of the room or place."""
        rooms = self.rooms.all()
        label = self.words.canonical(place)
        places = {place} if self._graph.node(place, Place) else set()
        for name, room in rooms.items():
            if place == name or (room.label is not None and label == room.label):
                places.update(room.places)
        if not places:
            known = sorted({one.label for one in rooms.values() if one.label})
            msg = f"no place or room {place!r}; known rooms: {', '.join(known) or 'none'}"
            raise QueryError(msg)
        return places

    def _object(self, name: str) -> Object:
        obj = self._graph.node(name, Object)
        if obj is None:
            msg = f"no object {name!r}; expected the name of a match, for example from find()"
            raise QueryError(msg)
        return obj

    def _is_believed(self, obj: Object, now: int) -> bool:
        return not obj.gone and self.probability(obj, now) >= self.config.existence_threshold

    def probability(self, obj: Object, now: int) -> float:
        """Probability that an object is present at a stamp (nanoseconds)."""
        return existence.probability(existence.log_odds_at(obj, now, self.config))

    def _match(self, name: str, obj: Object, now: int, score: float) -> Match:
        needed = max(obj.detections / 3, 0.01)
        return Match(
            name=name,
            label=obj.names[0][0],
            attributes=tuple(word for word, weight in obj.attributes if weight >= needed),
            kind=obj.kind,
            score=score,
            probability=self.probability(obj, now),
            position=obj.position,
            sigma=obj.sigma,
            pose=self._viewpoint(obj),
            place=obj.place,
            room=self.rooms.of(obj.place)[1],
            provenance=obj.provenance,
            first_seen=obj.first_seen,
            last_seen=obj.last_seen,
            age=max(0, now - obj.last_seen) / SECOND,
            as_of=now,
            moves=obj.moves,
            origin=self.origin,
        )

    def _viewpoint(self, obj: Object) -> Pose:
        return facing(obj.provenance.pose.position, obj.position)

    def _similarity(self, head: str, word: str) -> float:
        similarity = self.words.similarity(head, word)
        if self._embed is None or similarity >= 1:
            return similarity
        missing = [one for one in (head, word) if one not in self._vectors]
        if missing:
            self._vectors.update(zip(missing, self._embed(missing), strict=True))
        return max(similarity, float(self._vectors[head] @ self._vectors[word]))

    def _attributes(self, obj: Object, asked: tuple[str, ...]) -> float:
        """Factor for the attributes that the text asks for."""
        if not asked:
            return 1.0
        total = max(obj.detections, 0.01)
        table = {self.words.canonical(word): weight for word, weight in obj.attributes}
        shares = [min(1.0, 2 * table.get(self.words.canonical(one), 0.0) / total) for one in asked]
        return MISMATCH + (1 - MISMATCH) * sum(shares) / len(shares)

    def _context(self, name: str, obj: Object, parsed: ParsedCaption) -> float:
        """Factor for the room and the relations that the text asks for."""
        factor = 1.0
        room = self.rooms.of(obj.place)[1]
        if parsed.place is not None and room != self.words.canonical(parsed.place):
            factor *= MISMATCH
        wanted = [one for one in parsed.relations if one.subject == 0]
        for one in wanted:
            asked = parsed.objects[one.object].head
            holds = any(
                held.predicate == one.predicate
                and held.subject == name
                and self.words.similarity(asked, self._object(held.object).word)
                >= self.config.word_similarity_threshold
                for held in self.relations(name)
            )
            factor *= 1.0 if holds else MISMATCH
        return factor


def _asked(parsed: ParsedCaption, text: str) -> tuple[set[str], tuple[str, ...]]:
    """The possible words of the object that a text asks for, and its attributes."""
    if parsed.objects:
        asked = parsed.objects[0]
        # A single word may lose an ending that it has in captions: "glasses" are not a "glass".
        said = asked.text.lower().split()[-len(asked.head.split()) :]
        return {asked.head, " ".join(said)}, asked.attributes
    *rest, last = re.findall(r"[\w'-]+", text.lower()) or [""]
    return {last}, tuple(rest)
