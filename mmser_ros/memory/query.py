# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Questions to the graph: words, places, times, relations and ways. No language model."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import networkx as nx
import numpy as np

from mmser_ros.core.types import SECOND, Pose
from mmser_ros.language.interfaces import Parser, Words
from mmser_ros.language.types import ParsedCaption
from mmser_ros.memory.askable import QueryError, check_finite, check_text
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion import existence
from mmser_ros.memory.graph.records import Agent, Place, Thing, Vector
from mmser_ros.memory.graph.relations import judge_all
from mmser_ros.memory.graph.rooms import Rooms
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.results import Match, Origin, RelationAnswer, Route

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts to unit vectors (texts, channels), so that alike texts have a large product."""
ALIKE = 0.5
"""How alike words must be, at least, for a thing to answer."""
NEARNESS = 3.0
"""Metres at which `near` halves a score."""
MISFIT = 0.3
"""What is left of a score where a relation or room that was asked for doesn't hold."""
ROUTE_REACH = 3.0
"""Metres from a pose to the nearest place of a route."""


class Query:
    """Answers from one graph; what they are depends on the graph and the question alone."""

    def __init__(
        self,
        graph: SceneGraph,
        parser: Parser,
        words: Words,
        config: MemoryConfig,
        origin: Origin,
        embed: Embed | None = None,
    ) -> None:
        self._graph, self._parser, self._words, self._config = graph, parser, words, config
        self.origin, self._embed = origin, embed
        self.rooms = Rooms(graph, config.room_neighbor_weight)
        self._vectors: dict[str, np.ndarray] = {}

    def find(
        self, text: str, now: int, near: tuple[float, ...] | None = None, k: int = 5
    ) -> list[Match]:
        """Things that a text describes, the best first; of no text: all that are believed.

        Raises:
            QueryError: `near` is not finite, or the text too long.
        """
        check_text(text)
        check_finite("near", near or ())
        if not text.strip():
            ranked = ((one, one.score * _nearness(near, one)) for one in self.things(now))
            return _best([replace(one, score=score) for one, score in ranked], k)
        parsed = self._parser.parse(text)
        heads, attributes = _asked(parsed, text)
        alike = {
            word: max(self._alike(head, word) for head in heads)
            for word in sorted(self._graph.words())
        }
        found = []
        for word, share in alike.items():
            if share < ALIKE:
                continue
            for name, thing in self._graph.with_word(word):
                match = self._match(name, thing, now)
                if thing.gone or match.probability < self._config.existence_threshold:
                    continue
                score = share * match.probability * self._attributes(thing, attributes)
                score *= _nearness(near, match) * self._context(name, match, parsed)
                found.append(replace(match, score=score))
        return _best(found, k)

    def things(self, now: int) -> list[Match]:
        """All things that are believed to be there, by name."""
        matches = [self._match(name, one, now) for name, one in self._believed(now)]
        return sorted(matches, key=lambda one: one.name)

    def at(self, place: str | tuple[float, ...], now: int, radius: float = 2.0) -> list[Match]:
        """Things at a place, a room, a room's label, or within `radius` metres of a position.

        Raises:
            QueryError: there is no such place or room, or a number is not finite.
        """
        if not isinstance(place, str):
            check_finite("a position with a radius", (*place, radius))
            near = [name for name, _ in self._graph.near(Thing, (place[0], place[1]), radius)]
            return [one for one in self.things(now) if one.name in near]
        rooms = self.rooms.all()
        label = self._words.canonical(place)
        places = {place} if self._graph.node(place, Place) else set()
        for name, room in rooms.items():
            if place == name or (room.label is not None and label == room.label):
                places.update(room.places)
        if not places:
            known = sorted({one.label for one in rooms.values() if one.label})
            msg = f"no place or room {place!r}; rooms known here: {', '.join(known) or 'none'}"
            raise QueryError(msg)
        return [one for one in self.things(now) if one.place in places]

    def seen(self, since: int, until: int, now: int) -> list[Match]:
        """Things that were seen between two stamps (nanoseconds), in the order of their names."""
        return [
            self._match(name, thing, now)
            for name, thing in self._graph.nodes(Thing)
            if thing.confirmed and any(a <= until and since <= b for a, b in thing.visits)
        ]

    def relations(self, name: str, *, contradicted: bool = False) -> list[RelationAnswer]:
        """What holds of a thing, the surest first; also what is contradicted, if asked for.

        Raises:
            QueryError: there is no such thing.
        """
        self._thing(name)
        answers = []
        for one in judge_all(self._graph, name, self._config):
            other = self._graph.node(one.object if one.subject == name else one.subject, Thing)
            if other is None or other.gone or not other.confirmed:
                continue
            if contradicted or (not one.contradicted and one.score > 0):
                answers.append(
                    RelationAnswer(
                        one.subject,
                        one.predicate,
                        one.object,
                        existence.probability(one.score),
                        one.contradicted,
                        one.geometry,
                        one.relation.best,
                        self.origin,
                    )
                )
        return answers

    def path_to(self, match: Match | str, start: Pose | str) -> Route | None:
        """A way over the topology to where a match is seen from; None if none is known.

        Args:
            match: or the name of a thing.
            start: a pose, or the name of a robot, from where it was last.

        Raises:
            QueryError: there is no such thing or robot, or the start is not finite.
        """
        name = match if isinstance(match, str) else match.name
        goal = self._stand(self._thing(name))
        if isinstance(start, str):
            agent = self._graph.node(f"robot:{start}", Agent)
            if agent is None:
                known = [name.removeprefix("robot:") for name, _ in self._graph.nodes(Agent)]
                msg = f"no robot {start!r}; known robots: {', '.join(known) or 'none'}"
                raise QueryError(msg)
            start = agent.pose
        check_finite("start", start.position)
        ends = [self._nearest(one.position) for one in (start, goal)]
        if ends[0] is None or ends[1] is None:
            return None
        try:
            places = nx.dijkstra_path(self._graph.networkx, ends[0], ends[1], weight=_length)
        except nx.NetworkXNoPath:
            return None
        records = [self._graph.node(one, Place) for one in places]
        inner = [one.position for one in records[1:-1] if one is not None]
        points = [start.position, *inner, goal.position]
        legs = list(pairwise(points))
        poses = tuple(_facing(a, b) for a, b in legs)
        return Route((*poses, goal), sum(math.dist(a, b) for a, b in legs), self.origin)

    def _thing(self, name: str) -> Thing:
        thing = self._graph.node(name, Thing)
        if thing is None:
            msg = f"no thing {name!r}: give the name of a match, from find() for example"
            raise QueryError(msg)
        return thing

    def _believed(self, now: int) -> list[tuple[str, Thing]]:
        return [
            (name, one)
            for name, one in self._graph.nodes(Thing)
            if not one.gone and self._probability(one, now) >= self._config.existence_threshold
        ]

    def _probability(self, thing: Thing, now: int) -> float:
        return existence.probability(existence.evidence_at(thing, now, self._config))

    def _match(self, name: str, thing: Thing, now: int) -> Match:
        chance = self._probability(thing, now)
        needed = max(thing.hits / 3, 0.01)
        return Match(
            name=name,
            label=thing.names[0][0],
            attributes=tuple(word for word, weight in thing.attributes if weight >= needed),
            kind=thing.kind,
            score=chance,
            probability=chance,
            position=thing.position,
            sigma=thing.sigma,
            pose=self._stand(thing),
            place=thing.place,
            room=self.rooms.of(thing.place)[1],
            evidence=thing.best,
            first_seen=thing.first_seen,
            last_seen=thing.last_seen,
            age=max(0, now - thing.last_seen) / SECOND,
            as_of=now,
            moves=thing.moves,
            origin=self.origin,
        )

    def _stand(self, thing: Thing) -> Pose:
        return _facing(thing.best.pose.position, thing.position)

    def _alike(self, head: str, word: str) -> float:
        alike = self._words.same(head, word)
        if self._embed is None or alike >= 1:
            return alike
        missing = [one for one in (head, word) if one not in self._vectors]
        if missing:
            self._vectors.update(zip(missing, self._embed(missing), strict=True))
        return max(alike, float(self._vectors[head] @ self._vectors[word]))

    def _attributes(self, thing: Thing, asked: tuple[str, ...]) -> float:
        if not asked:
            return 1.0
        total = max(thing.hits, 0.01)
        table = {self._words.canonical(word): weight for word, weight in thing.attributes}
        shares = [min(1.0, 2 * table.get(self._words.canonical(one), 0.0) / total) for one in asked]
        return MISFIT + (1 - MISFIT) * sum(shares) / len(shares)

    def _context(self, name: str, match: Match, parsed: ParsedCaption) -> float:
        """How well a thing's relations and room fit those that the text asks for."""
        factor = 1.0
        if parsed.place is not None and match.room != self._words.canonical(parsed.place):
            factor *= MISFIT
        wanted = [one for one in parsed.relations if one.subject == 0]
        for one in wanted:
            asked = parsed.things[one.object].head
            holds = any(
                held.predicate == one.predicate
                and held.subject == name
                and self._words.same(asked, self._thing(held.object).word)
                >= self._config.word_similarity_threshold
                for held in self.relations(name)
            )
            factor *= 1.0 if holds else MISFIT
        return factor

    def _nearest(self, position: Vector) -> str | None:
        places = self._graph.near(Place, position[:2], ROUTE_REACH)
        ranked = [(math.dist(one.position, position), name) for name, one in places]
        return min(ranked)[1] if ranked else None


def _nearness(near: tuple[float, ...] | None, match: Match) -> float:
    """What a score is multiplied by for its distance."""
    away = math.dist(near[:2], match.position[:2]) if near is not None else 0.0
    return NEARNESS / (NEARNESS + away)


def _best(matches: list[Match], k: int) -> list[Match]:
    return sorted(matches, key=lambda one: (-one.score, one.name))[:k]


def _asked(parsed: ParsedCaption, text: str) -> tuple[set[str], tuple[str, ...]]:
    """What a thing may be called, and its attributes."""
    if parsed.things:
        asked = parsed.things[0]
        # A lone word may lose an ending that it has in captions: "glasses" are no "glass".
        said = asked.text.lower().split()[-len(asked.head.split()) :]
        return {asked.head, " ".join(said)}, asked.attributes
    *rest, last = re.findall(r"[\w'-]+", text.lower()) or [""]
    return {last}, tuple(rest)


def _facing(position: Vector, target: Vector) -> Pose:
    turn = math.atan2(target[1] - position[1], target[0] - position[0])
    return Pose(position, (0.0, 0.0, math.sin(turn / 2), math.cos(turn / 2)))


def _length(_source: str, _target: str, edges: dict) -> float | None:
    data = edges.get("path")
    return None if data is None else data["record"].length
