# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Fold observations into the graph: is this the thing we know, another one, or has it moved?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mmser_ros.core.types import Observation
from mmser_ros.language.interfaces import Parser, Words
from mmser_ros.language.types import ParsedCaption
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion import existence
from mmser_ros.memory.fusion.detections import Detection, detect
from mmser_ros.memory.fusion.projection import View
from mmser_ros.memory.fusion.tracks import born, conflict, distance, merged, updated
from mmser_ros.memory.graph import places, relations
from mmser_ros.memory.graph.records import MAX_OTHERS, Evidence, Place, Relation, Thing
from mmser_ros.memory.graph.scene_graph import SceneGraph

HOME = 3.0
"""Metres within which a thing's place is looked for."""
VAGUE = 0.5
"""Metres of standard deviation from which on a look is less sure to have shown a thing."""
DENIED = 2.0
"""How much more a look counts against a thing that its caption says is not there."""
NEW = 6.0
"""Weighted sightings up to which a thing may be one that was lost elsewhere."""
MAX_GONE = 32
"""Things of one word that are remembered though they are gone."""
FIXED = ("fixture",)
"""Kinds that don't move."""


@dataclass(frozen=True)
class Look:
    """One observation on its way into the graph.

    Attributes:
        observation: what was seen.
        digest: its name.
        view: its camera in the map.
    """

    observation: Observation
    digest: str
    view: View

    def evidence(self, weight: float) -> Evidence:
        """This look as the source of something it says with some weight."""
        seen = self.observation
        return Evidence(seen.robot, seen.stamp, seen.caption.text, seen.pose, round(weight, 6))


class Fusion:
    """Folds observations, one after the other, into a graph.

    What the graph becomes depends on the observations, their order and the configuration alone.
    """

    def __init__(
        self, graph: SceneGraph, parser: Parser, words: Words, config: MemoryConfig
    ) -> None:
        self._graph, self._parser, self._words, self._config = graph, parser, words, config

    def fold(self, observation: Observation, digest: str) -> None:
        """Enter an observation, the newest so far; `digest` names what it brings into being."""
        graph, config = self._graph, self._config
        place, counts = places.visit(graph, observation, f"place:{digest[:10]}", config)
        if not counts:
            return
        parsed = self._parser.parse(observation.caption.text)
        look = Look(observation, digest, View(observation, config))
        if parsed.place is not None:
            label = self._words.canonical(parsed.place)
            places.vote(graph, place, label, observation.caption.confidence)
        detections = detect(observation.caption, parsed, look.view, self._words, config)
        near = self._near(look)
        pairs = self._associate(detections, near)
        named: dict[int, list[str]] = {}
        for number, (detection, name) in enumerate(zip(detections, pairs, strict=True)):
            found = self._sight(look, detection, name, number)
            named.setdefault(detection.mention, []).append(found)
        seen = sorted({one for names in named.values() for one in names})
        denied = {self._words.canonical(one.head) for one in parsed.things if one.negated}
        self._tell_apart(seen)
        self._relate(look, parsed, detections, named)
        self._miss(look, near, set(seen), denied)
        for name in seen:
            self._reconcile(name)

    def _near(self, look: Look) -> list[tuple[str, Thing]]:
        x, y, _ = look.view.origin
        reach = self._config.max_range + 2.0
        return self._graph.near(Thing, (float(x), float(y)), reach)

    def _associate(
        self, detections: list[Detection], near: list[tuple[str, Thing]]
    ) -> list[str | None]:
        """The known thing that each detection is of; no two detections are of the same."""
        options = []
        for number, detection in enumerate(detections):
            for name, thing in near:
                alike = self._words.same(detection.word, thing.word)
                if alike < self._config.word_similarity_threshold:
                    continue
                square, spread = distance(thing, detection, self._config)
                if square <= self._config.mahalanobis_gate:
                    options.append((square + spread + 4 * (1 - alike), name, number))
        pairs: list[str | None] = [None] * len(detections)
        taken: set[str] = set()
        for _, name, number in sorted(options):
            if pairs[number] is None and name not in taken:
                pairs[number] = name
                taken.add(name)
        return pairs

    def _sight(self, look: Look, detection: Detection, name: str | None, number: int) -> str:
        """Enter a sighting of a thing, of a new one where no name is given; its name."""
        graph, config = self._graph, self._config
        stamp = look.observation.stamp
        away = float(np.linalg.norm(detection.estimate.mean - look.view.origin))
        evidence = look.evidence(detection.weight * detection.trust / (1.0 + away))
        known = graph.node(name, Thing) if name is not None else None
        if name is None or known is None:
            name = f"thing:{detection.word.replace(' ', '_')}-{look.digest[:10]}-{number}"
            thing = born(detection, stamp, evidence, config)
        else:
            thing = updated(known, detection, evidence, config)
            word = self._words.canonical(thing.names[0][0])
            thing = replace(thing, word=word, kind=self._words.kind(word))
        thing = existence.seen(thing, stamp, detection.weight, config, trusted=detection.trust)
        home = graph.near(Place, thing.position[:2], HOME)
        ranked = [
            (float(np.hypot(*np.subtract(p.position, thing.position)[:2])), n) for n, p in home
        ]
        graph.put((name,), replace(thing, place=min(ranked)[1] if ranked else None))
        return name

    def _miss(
        self, look: Look, near: list[tuple[str, Thing]], seen: set[str], denied: set[str]
    ) -> None:
        rest = [(name, thing) for name, thing in near if name not in seen]
        if not rest:
            return
        positions = np.array([one.position for _, one in rest])
        expected = look.view.expects(positions, np.array([one.size for _, one in rest]))
        for (name, _), share in zip(rest, expected.tolist(), strict=True):
            old = self._graph.node(name, Thing)
            if share <= 0 or old is None:
                continue
            weight = share * min(1.0, VAGUE / max(old.sigma, VAGUE))
            weight *= DENIED if old.word in denied else 1.0
            thing = existence.missed(old, look.observation.stamp, weight, self._config)
            if not thing.confirmed and thing.evidence < self._config.prune_log_odds:
                self._graph.put((name,), None)
            else:
                self._graph.put((name,), thing)
                if thing.gone or existence.still_there(thing) < self._config.moved_threshold:
                    self._settle_move(name)
                if thing.gone:
                    self._forget_gone(thing.word)

    def _tell_apart(self, seen: list[str]) -> None:
        """Like things that one look shows side by side are several."""
        for name in seen:
            thing = self._graph.node(name, Thing)
            if thing is None:
                continue
            like = [
                other
                for other in seen
                if other != name and other not in thing.others and self._alike(thing, other)
            ]
            if like:
                others = (*thing.others, *like)[-MAX_OTHERS:]
                self._graph.put((name,), replace(thing, others=others))

    def _alike(self, thing: Thing, other: str) -> bool:
        record = self._graph.node(other, Thing)
        return record is not None and (
            self._words.same(thing.word, record.word) >= self._config.word_similarity_threshold
        )

    def _relate(
        self,
        look: Look,
        parsed: ParsedCaption,
        detections: list[Detection],
        named: dict[int, list[str]],
    ) -> None:
        """Enter what the caption says of the things it names, by mention."""
        weights = {one.mention: one.weight * one.trust for one in detections}
        for one in parsed.relations:
            for subject in named.get(one.subject, ()):
                target = next((o for o in named.get(one.object, ()) if o != subject), None)
                if target is not None:
                    slot = (subject, target, one.predicate)
                    weight = min(weights[one.subject], weights[one.object])
                    relations.say(self._graph, slot, weight, look.evidence(weight))

    def _reconcile(self, name: str) -> None:
        """After a sighting: join what turned out to be one thing, and see what moved here."""
        thing = self._graph.node(name, Thing)
        if thing is None:
            return
        for other, record in self._graph.near(Thing, thing.position[:2], 1.5):
            if other in (name, *thing.others) or name in record.others:
                continue
            if not self._alike(thing, other) or conflict(thing.attributes, record.attributes):
                continue
            gap = np.subtract(thing.position, record.position)
            floor = 2 * self._config.min_position_sigma**2 * np.eye(3)
            spread = np.reshape(np.add(thing.covariance, record.covariance), (3, 3)) + floor
            if float(gap @ np.linalg.solve(spread, gap)) < self._config.mahalanobis_gate / 3:
                keep, drop = sorted((name, other), key=self._age)
                self._join(keep, drop, moved=False)
                return
        if thing.confirmed and thing.hits < NEW:
            self._settle_move(name)

    def _forget_gone(self, word: str) -> None:
        """Of the things of a word that are gone, keep those that were seen last."""
        gone = [(one.last_seen, name) for name, one in self._graph.with_word(word) if one.gone]
        for _, name in sorted(gone)[:-MAX_GONE]:
            self._graph.put((name,), None)

    def _age(self, name: str) -> tuple[int, str]:
        thing = self._graph.node(name, Thing)
        return (thing.first_seen if thing else 0, name)

    def _settle_move(self, name: str) -> None:
        """If this thing was found elsewhere, or is one that was lost elsewhere: it has moved."""
        thing = self._graph.node(name, Thing)
        if thing is None or thing.kind in FIXED or not self._config.use_evidence:
            return
        for other, record in self._graph.with_word(thing.word):
            if other == name or other in thing.others or name in record.others:
                continue
            (old, was), (new, now) = sorted(
                ((name, thing), (other, record)), key=lambda one: (one[1].last_seen, one[0])
            )
            if was.last_seen >= now.first_seen or not (was.confirmed and now.confirmed):
                continue
            lost = was.gone or existence.still_there(was) < self._config.moved_threshold
            if lost and not now.gone and not conflict(was.attributes, now.attributes):
                self._join(old, new, moved=True)
                return

    def _join(self, keep: str, drop: str, *, moved: bool) -> None:
        """Let one thing take over what is known of another; where it moved, as of now."""
        a, b = self._graph.node(keep, Thing), self._graph.node(drop, Thing)
        if a is None or b is None:
            return
        if moved:  # what was said of it held where it was
            for slot, _ in self._graph.edges(keep):
                self._graph.put(slot, None)
        inherited = [
            (tuple(keep if part == drop else part for part in slot), record)
            for slot, record in self._graph.edges(drop)
            if isinstance(record, Relation)
        ]
        self._graph.put((drop,), None)
        self._graph.put((keep,), merged(a, b, moved=moved))
        for slot, record in inherited:
            if slot[0] != slot[1] and self._graph.get(slot) is None:
                self._graph.put(slot, record)
