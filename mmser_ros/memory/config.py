# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All parameters of the scene memory."""

from __future__ import annotations

from dataclasses import dataclass, fields

from mmser_ros.core.errors import MmserError


class MemoryConfigError(MmserError):
    """A parameter of the scene memory is out of its range."""


@dataclass(frozen=True)
class MemoryConfig:
    """How the memory believes, doubts, forgets and stores. RANGES has the limits.

    What the graph is depends on these: a store that was written with others is folded anew.

    memory_node offers all but ten of them: the log-odds of things and relations before and between
    sayings (`prior`, `evidence_limit`, `dropped`, `relation_…`) were chosen together, and what a
    user wants of them is `believed` and `false_alarm`; the last three are for comparisons.

    Attributes:
        keyframe_distance: metres; a look counts as evidence after the robot moved this far,
        keyframe_turn: or turned this far, in radians,
        keyframe_seconds: or this many seconds passed since the last one that counted.
        place_spacing: metres from place to place of the topology.
        place_jump: metres between two looks that the robot can't have driven (no edge is made).
        place_gap: seconds between two looks after which no edge is made.
        room_reach: how much a place listens to its neighbours' votes for a room, against its own.
        field_of_view: radians across, where no camera is given.
        max_range: metres within which a caption can be expected to name a thing.
        depth_sigma: standard deviation of depth at one metre, in metres; grows with the square.
        size_sigma: metres from the surface that was measured to the middle of the thing.
        bearing_range: metres that a thing is expected at where only its bearing is known.
        bearing_sigma: standard deviation of that, in metres.
        position_floor: metres; a position is never trusted more than this when things are matched.
        position_memory: sightings that a position averages over.
        gate: squared Mahalanobis distance (3 degrees of freedom) beyond which it is another thing.
        same_word: how alike two words must be (0 to 1) to speak of one thing.
        attribute_cost: what attributes that disagree add to the squared distance.
        prior: log-odds of a thing before its first sighting.
        false_alarm: chance that a look names a thing that is not there, by thing and look.
        confidence_weight: how much a caption's confidence c goes into that: it is trusted by c to
            the power of this; 0: not at all.
        evidence_limit: log-odds never leave plus or minus this.
        believed: probability from which a thing is answered.
        dropped: log-odds below which a thing that was never believed is removed.
        blind_miss: how much a look without depth counts against what it doesn't name.
        unrefined_weight: weight of what only the second look says.
        hedge_weight: weight of what a caption is not sure of.
        move_doubt: a thing has moved once it is less likely than this that it still is where it
            was and only went unnamed, and another like it was found.
        relation_prior: log-odds of a relation before a caption says it.
        relation_said: log-odds that one saying adds.
        relation_fits: log-odds that geometry adds where it agrees.
        relation_contradicted: log-odds that geometry takes away where it contradicts.
        half_life_person: hours in which half of the evidence for a person is gone.
        half_life_animal: the same for animals.
        half_life_vehicle: the same for vehicles.
        half_life_object: the same for things that are carried about.
        half_life_furniture: the same for furniture and appliances.
        half_life_fixture: the same for what is built in or grows there.
        window: observations that can be taken back; one that comes late by more waits for settle().
        snapshot_every: observations between two snapshots.
        flush_seconds: seconds between two attempts to write where writing failed.
        max_unsaved: observations kept in memory for a disk that can't be written.
        use_evidence: off: every thing that was named once is believed (for comparison).
        check_geometry: off: captions alone decide on relations (for comparison).
        weigh_refinement: off: what either look says weighs the same (for comparison).
    """

    keyframe_distance: float = 0.25
    keyframe_turn: float = 0.26
    keyframe_seconds: float = 5.0
    place_spacing: float = 0.8
    place_jump: float = 2.5
    place_gap: float = 10.0
    room_reach: float = 0.6
    field_of_view: float = 1.2
    max_range: float = 4.5
    depth_sigma: float = 0.02
    size_sigma: float = 0.15
    bearing_range: float = 2.0
    bearing_sigma: float = 1.2
    position_floor: float = 0.12
    position_memory: float = 12.0
    gate: float = 11.3
    same_word: float = 0.6
    attribute_cost: float = 3.0
    prior: float = -2.0
    false_alarm: float = 0.02
    confidence_weight: float = 0.0
    evidence_limit: float = 6.0
    believed: float = 0.7
    dropped: float = -3.0
    blind_miss: float = 0.3
    unrefined_weight: float = 0.6
    hedge_weight: float = 0.5
    move_doubt: float = 0.02
    relation_prior: float = -1.5
    relation_said: float = 1.5
    relation_fits: float = 1.0
    relation_contradicted: float = -6.0
    half_life_person: float = 0.25
    half_life_animal: float = 0.5
    half_life_vehicle: float = 12.0
    half_life_object: float = 168.0
    half_life_furniture: float = 4380.0
    half_life_fixture: float = 43800.0
    window: int = 400
    snapshot_every: int = 200
    flush_seconds: float = 1.0
    max_unsaved: int = 20000
    use_evidence: bool = True
    check_geometry: bool = True
    weigh_refinement: bool = True

    def __post_init__(self) -> None:
        for one in fields(self):
            if one.name in RANGES:
                low, high = RANGES[one.name]
                value = getattr(self, one.name)
                if not low <= value <= high:
                    msg = f"{one.name} is {value}, expected {low} to {high}"
                    raise MemoryConfigError(msg)

    def half_life(self, kind: str) -> float:
        """Seconds for a kind of the lexicon."""
        return 3600.0 * float(getattr(self, f"half_life_{kind}"))


RANGES: dict[str, tuple[float, float]] = {
    "keyframe_distance": (0.0, 10.0),
    "keyframe_turn": (0.0, 3.15),
    "keyframe_seconds": (0.0, 3600.0),
    "place_spacing": (0.1, 20.0),
    "place_jump": (0.1, 100.0),
    "place_gap": (0.1, 3600.0),
    "room_reach": (0.0, 1.0),
    "field_of_view": (0.1, 3.1),
    "max_range": (0.5, 100.0),
    "depth_sigma": (0.0, 1.0),
    "size_sigma": (0.01, 2.0),
    "bearing_range": (0.3, 100.0),
    "bearing_sigma": (0.1, 100.0),
    "position_floor": (0.01, 2.0),
    "position_memory": (1.0, 1000.0),
    "gate": (1.0, 100.0),
    "same_word": (0.1, 1.0),
    "attribute_cost": (0.0, 100.0),
    "prior": (-10.0, 0.0),
    "false_alarm": (0.0001, 0.3),
    "confidence_weight": (0.0, 1.0),
    "evidence_limit": (1.0, 30.0),
    "believed": (0.01, 0.999),
    "dropped": (-30.0, 0.0),
    "blind_miss": (0.0, 1.0),
    "unrefined_weight": (0.0, 1.0),
    "hedge_weight": (0.0, 1.0),
    "move_doubt": (0.0, 1.0),
    "relation_prior": (-10.0, 0.0),
    "relation_said": (0.0, 10.0),
    "relation_fits": (0.0, 10.0),
    "relation_contradicted": (-30.0, 0.0),
    "half_life_person": (0.001, 1e6),
    "half_life_animal": (0.001, 1e6),
    "half_life_vehicle": (0.001, 1e6),
    "half_life_object": (0.001, 1e6),
    "half_life_furniture": (0.001, 1e6),
    "half_life_fixture": (0.001, 1e6),
    "window": (1, 100000),
    "snapshot_every": (1, 100000),
    "flush_seconds": (0.0, 60.0),
    "max_unsaved": (1, 10000000),
}
"""Lowest and highest value of each number."""
