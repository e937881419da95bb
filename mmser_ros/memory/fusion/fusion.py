# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Apply observations to the graph: associate detections with objects, merge tracks, find moves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from mmser_ros.core.types import Observation
from mmser_ros.language.interfaces import Parser, Words
from mmser_ros.language.repeated_mentions import join_repeated
from mmser_ros.language.types import ParsedCaption
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion import existence
from mmser_ros.memory.fusion.detections import Detection, detect
from mmser_ros.memory.fusion.projection import View
from mmser_ros.memory.fusion.tracks import (
    association_distance,
    attributes_conflict,
    create_track,
    floor_variance,
    merge_tracks,
    update_track,
)
from mmser_ros.memory.graph import places, relations
from mmser_ros.memory.graph.records import MAX_DISTINCT, Object, Place, Provenance, Relation
from mmser_ros.memory.graph.scene_graph import SceneGraph

REACH_MARGIN = 2.0
"""Metres beyond `max_range` within which a detection can match an object."""
WORD_PENALTY = 4.0
"""Added to the squared Mahalanobis distance of a pair of words, times 1 - their similarity."""
MERGE_RADIUS = 1.5
"""Metres within which duplicates of an object are searched."""
MERGE_STRICTNESS = 3.0
"""Two tracks are merged if their squared Mahalanobis distance is below mahalanobis_gate / this."""
VAGUE_SIGMA = 0.5
"""Standard deviation (metres) above which a missed detection weighs less."""
NEGATION_WEIGHT = 2.0
"""Factor for a missed detection if the caption says that the object is absent ("no people")."""
NEW_DETECTIONS = 6.0
"""Weighted detections below which an object may be one that was lost at another position."""
MAX_GONE = 32
"""Maximum objects of one word that stay in the graph after they are gone."""
IMMOVABLE_KINDS = ("fixture",)
ANY_ROOM = frozenset({"room", "area", "house", "home", "apartment", "building"})
"""Words for a place that do not say which room it is."""


@dataclass(frozen=True)
class Update:
    """One observation while it is applied to the graph.

    Attributes:
        observation: to apply.
        digest: of the observation; it names new nodes.
        view: camera of the observation in the map.
        place: name of the robot's place.
    """

    observation: Observation
    digest: str
    view: View
    place: str

    def provenance(self, weight: float) -> Provenance:
        """The provenance of what this observation says with a weight."""
        one = self.observation
        return Provenance(one.robot, one.stamp_ns, one.caption.text, one.pose, round(weight, 6))


class Fusion:
    """Applies observations to a graph, one after the other.

    The graph depends only on the observations, their order and the configuration.
    """

    def __init__(
        self, graph: SceneGraph, parser: Parser, words: Words, config: MemoryConfig
    ) -> None:
        self._graph, self._parser, self._words, self._config = graph, parser, words, config

    def apply(self, observation: Observation, digest: str) -> None:
        """Apply an observation that is newer than all before it; `digest` names new nodes."""
        graph, config = self._graph, self._config
        place, keyframe = places.add_pose(graph, observation, f"place:{digest[:10]}", config)
        if not keyframe:
            return
        parsed = join_repeated(self._parser.parse(observation.caption.text), self._words)
        update = Update(observation, digest, View(observation, config), place)
        if parsed.place is not None:
            label = self._words.canonical(parsed.place)
            if label not in ANY_ROOM:
                places.add_room_vote(graph, place, label, observation.caption.confidence)
        detections = detect(observation.caption, parsed, update.view, self._words, config)
        x, y, _ = update.view.origin.tolist()
        near = graph.near(Object, (x, y), config.max_range + REACH_MARGIN)
        pairs = self._associate(detections, near)
        named: dict[int, list[str]] = {}
        for number, (detection, name) in enumerate(zip(detections, pairs, strict=True)):
            found = self._add_detection(update, detection, name, number)
            named.setdefault(detection.mention, []).append(found)
        detected = sorted({one for names in named.values() for one in names})
        negated = {self._words.canonical(one.head) for one in parsed.objects if one.negated}
        self._mark_distinct(detected)
        self._add_relations(update, parsed, detections, named)
        self._add_misses(update, near, set(detected), negated)
        for name in detected:
            self._merge_duplicates(name)

    def _associate(
        self, detections: list[Detection], near: list[tuple[str, Object]]
    ) -> list[str | None]:
        """Name the object of each detection, None for a new one; an object is used once."""
        options = []
        for number, detection in enumerate(detections):
            for name, obj in near:
                similarity = self._words.similarity(detection.word, obj.word)
                if similarity < self._config.word_similarity_threshold:
                    continue
                square, spread = association_distance(obj, detection, self._config)
                if square <= self._config.mahalanobis_gate:
                    cost = square + spread + WORD_PENALTY * (1 - similarity)
                    options.append((cost, name, number))
        pairs: list[str | None] = [None] * len(detections)
        taken: set[str] = set()
        for _, name, number in sorted(options):
            if pairs[number] is None and name not in taken:
                pairs[number] = name
                taken.add(name)
        return pairs

    def _add_detection(
        self, update: Update, detection: Detection, name: str | None, number: int
    ) -> str:
        """Update an object with a detection, or create one; return its name."""
        graph, config = self._graph, self._config
        stamp = update.observation.stamp_ns
        away = float(np.linalg.norm(detection.estimate.mean - update.view.origin))
        provenance = update.provenance(detection.weight * detection.trust / (1.0 + away))
        known = graph.node(name, Object) if name is not None else None
        if name is None or known is None:
            name = f"object:{detection.word.replace(' ', '_')}-{update.digest[:10]}-{number}"
            obj = create_track(detection, stamp, provenance, config)
        else:
            obj = update_track(known, detection, provenance, config)
            word = self._words.canonical(obj.names[0][0])
            obj = replace(obj, word=word, kind=self._words.kind(word))
        obj = existence.add_detection(obj, stamp, detection.weight, config, trust=detection.trust)
        graph.put((name,), replace(obj, place=self._nearest(obj, update.place)))
        return name

    def _nearest(self, obj: Object, place: str) -> str:
        """The place that is nearest to an object, of those from which it was detected.

        A nearer place may be behind a wall, in another room.
        """
        ends = [(one, self._graph.node(one, Place)) for one in (obj.place, place) if one]
        apart = [(math.dist(one.position, obj.position), name) for name, one in ends if one]
        return min(apart)[1] if apart else place

    def _add_misses(
        self,
        update: Update,
        near: list[tuple[str, Object]],
        detected: set[str],
        negated: set[str],
    ) -> None:
        """Update the objects near the camera that the observation did not detect."""
        rest = [(name, obj) for name, obj in near if name not in detected]
        if not rest:
            return
        positions = np.array([one.position for _, one in rest])
        visible = update.view.visibility(positions, np.array([one.size for _, one in rest]))
        for (name, _), share in zip(rest, visible.tolist(), strict=True):
            old = self._graph.node(name, Object)
            if share <= 0 or old is None:
                continue
            weight = share * min(1.0, VAGUE_SIGMA / max(old.sigma, VAGUE_SIGMA))
            weight *= NEGATION_WEIGHT if old.word in negated else 1.0
            obj = existence.add_miss(old, update.observation.stamp_ns, weight, self._config)
            if not obj.confirmed and obj.log_odds < self._config.prune_log_odds:
                self._graph.put((name,), None)
            else:
                self._graph.put((name,), obj)
                if obj.gone or existence.miss_likelihood(obj) < self._config.moved_threshold:
                    self._resolve_move(name)
                if obj.gone:
                    self._prune_gone(obj.word)

    def _mark_distinct(self, detected: list[str]) -> None:
        """Mark similar objects of one observation as distinct."""
        for name in detected:
            obj = self._graph.node(name, Object)
            if obj is None:
                continue
            similar = [
                other
                for other in detected
                if other != name and other not in obj.distinct_from and self._similar(obj, other)
            ]
            if similar:
                distinct = (*obj.distinct_from, *similar)[-MAX_DISTINCT:]
                self._graph.put((name,), replace(obj, distinct_from=distinct))

    def _similar(self, obj: Object, other: str) -> bool:
        record = self._graph.node(other, Object)
        return record is not None and (
            self._words.similarity(obj.word, record.word) >= self._config.word_similarity_threshold
        )

    def _add_relations(
        self,
        update: Update,
        parsed: ParsedCaption,
        detections: list[Detection],
        named: dict[int, list[str]],
    ) -> None:
        """Add the relations that the caption asserts; `named` has objects by mention."""
        weights = {one.mention: one.weight * one.trust for one in detections}
        for one in parsed.relations:
            for subject in named.get(one.subject, ()):
                target = next((o for o in named.get(one.object, ()) if o != subject), None)
                if target is not None:
                    slot = (subject, target, one.predicate)
                    weight = min(weights[one.subject], weights[one.object])
                    relations.add_assertion(self._graph, slot, weight, update.provenance(weight))

    def _merge_duplicates(self, name: str) -> None:
        """After a detection: merge a duplicate nearby, or find the object that moved here."""
        obj = self._graph.node(name, Object)
        if obj is None:
            return
        for other, record in self._graph.near(Object, obj.position[:2], MERGE_RADIUS):
            if other in (name, *obj.distinct_from) or name in record.distinct_from:
                continue
            conflict = attributes_conflict(obj.attributes, record.attributes)
            if conflict or not self._similar(obj, other):
                continue
            gap = np.subtract(obj.position, record.position)
            floor = floor_variance(self._config, obj.size, record.size) * np.eye(3)
            spread = np.reshape(np.add(obj.covariance, record.covariance), (3, 3)) + floor
            square = float(gap @ np.linalg.solve(spread, gap))
            if square < self._config.mahalanobis_gate / MERGE_STRICTNESS:
                (_, keep), (_, drop) = sorted([(obj.first_seen, name), (record.first_seen, other)])
                self._merge(keep, drop, moved=False)
                return
        if obj.confirmed and obj.detections < NEW_DETECTIONS:
            self._resolve_move(name)

    def _prune_gone(self, word: str) -> None:
        """Keep only the MAX_GONE objects of a word that were detected last."""
        gone = [(one.last_seen, name) for name, one in self._graph.with_word(word) if one.gone]
        for _, name in sorted(gone)[:-MAX_GONE]:
            self._graph.put((name,), None)

    def _resolve_move(self, name: str) -> None:
        """Merge two tracks of one object that moved: one is lost, a similar one is newer."""
        obj = self._graph.node(name, Object)
        if obj is None or obj.kind in IMMOVABLE_KINDS or not self._config.use_evidence:
            return
        for other, record in self._graph.with_word(obj.word):
            if other == name or other in obj.distinct_from or name in record.distinct_from:
                continue
            (old, was), (new, now) = sorted(
                ((name, obj), (other, record)), key=lambda one: (one[1].last_seen, one[0])
            )
            if was.last_seen >= now.first_seen or not (was.confirmed and now.confirmed):
                continue
            lost = was.gone or existence.miss_likelihood(was) < self._config.moved_threshold
            if lost and not now.gone and not attributes_conflict(was.attributes, now.attributes):
                self._merge(old, new, moved=True)
                return

    def _merge(self, keep: str, drop: str, *, moved: bool) -> None:
        """Merge the track `drop` into `keep`, with its relations."""
        a, b = self._graph.node(keep, Object), self._graph.node(drop, Object)
        if a is None or b is None:
            return
        if moved:  # relations held at the old position
            for slot, _ in self._graph.edges(keep):
                self._graph.put(slot, None)
        inherited = [
            (tuple(keep if part == drop else part for part in slot), record)
            for slot, record in self._graph.edges(drop)
            if isinstance(record, Relation)
        ]
        self._graph.put((drop,), None)
        self._graph.put((keep,), merge_tracks(a, b, moved=moved))
        for slot, record in inherited:
            if slot[0] != slot[1] and self._graph.get(slot) is None:
                self._graph.put(slot, record)
