# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Each parameter that a user can set does what it says."""

import sqlite3
from dataclasses import replace

import pytest

from benchmarks.made_scenes import around, open_memory, remember, view
from benchmarks.plain_words import PlainParser
from mmser_ros.core.types import SECOND
from mmser_ros.language.taxonomy import Taxonomy
from test.memory.graph.test_places import drive, paths
from test.memory.storage.test_store import full_disk

MUG = [("mug", (2.0, 0.0, 0.3))]
SEEN = around("a mug", MUG)
ONCE = SEEN[:1]
BEARING = [view("a mug", 10, [("mug", (2.0, -0.6, 0.0))], points=False)]
HOUR = 3600 * SECOND


def mugs(*views, **options):
    return len(remember(*views, **options).find("mug"))


def mug(*views, existence_threshold=0.01, **options):
    """The best mug of what may hardly be believed."""
    return remember(*views, existence_threshold=existence_threshold, **options).find("mug")[0]


def beside(metres, colour="red"):
    """A mug, and then one a little to the left of it."""
    other = [("mug", (2.0, metres, 0.3))]
    return [*around("a red mug", MUG), *around(f"a {colour} mug", other, start=100.0)]


def kinds(word):
    """How surely something is there ten hours after it was seen, by its half-life."""

    def measure(**options):
        views = around(f"a {word}", [(word, MUG[0][1])])
        memory = remember(*views, words=Taxonomy(), existence_threshold=0.01, **options)
        return memory.find(word, now=views[-1].stamp_ns + 10 * HOUR)[0].probability

    return measure, 0.1, 1000.0


class _Hedging(PlainParser):
    def parse(self, caption):
        parsed = super().parse(caption)
        return replace(parsed, objects=tuple(replace(one, hedged=True) for one in parsed.objects))


def late(**options):
    """Observations that wait, because one came three too late."""
    memory = open_memory(**options)
    for one in [*SEEN[1:], SEEN[0]]:
        memory.add(one)
    return memory.status().pending


def snapshots(tmp_path, **options):
    """Records of a snapshot in the file of a memory that is still open."""
    path = tmp_path / "home.sqlite"
    with open_memory(path, reorder_window=1, **options) as memory:
        for one in SEEN:
            memory.add(one)
        return sqlite3.connect(path).execute("SELECT COUNT(*) FROM state").fetchone()[0]


def after_a_full_disk(tmp_path, **options):
    memory = open_memory(tmp_path / "home.sqlite", **options)
    with full_disk():
        for one in SEEN:
            memory.add(one)
    memory.add(view("a wall", 500))
    return memory.status()


EFFECTS = {
    "keyframe_distance": (
        lambda **to: mugs(*[view("a mug", 10 + i / 10, MUG, y=0.3 * i) for i in range(3)], **to),
        *(5.0, 0.25),
    ),
    "keyframe_angle": (
        lambda **to: mugs(*[view("a mug", 10 + i / 10, MUG, turn=0.2 * i) for i in range(3)], **to),
        *(3.0, 0.15),
    ),
    "keyframe_seconds": (
        lambda **to: mugs(*[view("a mug", 10 + i, MUG) for i in range(4)], **to),
        *(60.0, 0.5),
    ),
    "place_spacing": (lambda **to: len(remember(*drive(["a wall"] * 9), **to).places()), 2.0, 0.4),
    "max_path_jump": (
        lambda **to: len(paths(remember(view("a wall", 10), view("a wall", 11, x=2.0), **to))),
        *(1.0, 3.0),
    ),
    "max_path_gap": (
        lambda **to: len(paths(remember(view("a wall", 10), view("a wall", 30, x=1.0), **to))),
        *(10.0, 60.0),
    ),
    "room_neighbor_weight": (
        lambda **to: len(
            remember(
                *drive(["a kitchen"] * 3 + ["a bedroom"] + ["a kitchen"] * 3),
                place_spacing=0.4,
                **to,
            ).rooms()
        ),
        *(1.0, 0.0),
    ),
    "field_of_view": (
        lambda **to: -mug(*[replace(one, camera=None) for one in BEARING], **to).position[1],
        *(0.6, 2.4),
    ),
    "max_range": (
        lambda **to: mugs(*SEEN, *around("a wall", [], 16, start=100.0, depth=5.0), **to),
        *(4.5, 1.0),
    ),
    "depth_sigma": (lambda **to: mug(*ONCE, **to).sigma, 0.01, 0.3),
    "object_center_sigma": (lambda **to: mug(*ONCE, **to).sigma, 0.05, 0.5),
    "range_without_depth": (lambda **to: mug(*BEARING, **to).position[0], 1.0, 4.0),
    "range_sigma_without_depth": (lambda **to: mug(*BEARING, **to).sigma, 0.5, 3.0),
    "min_position_sigma": (lambda **to: mugs(*beside(0.9), **to), 1.0, 0.01),
    "position_window": (
        lambda **to: mug(*SEEN, *beside(0.3)[4:6], **to).position[1],
        *(100.0, 1.0),
    ),
    "mahalanobis_gate": (lambda **to: mugs(*beside(0.7), **to), 40.0, 4.0),
    "word_similarity_threshold": (
        lambda **to: len(
            remember(
                *around("a dog", [("dog", MUG[0][1])]),
                *around("an animal", [("animal", MUG[0][1])], start=100.0),
                words=Taxonomy(),
                **to,
            ).objects()
        ),
        *(0.6, 1.0),
    ),
    "attribute_mismatch_penalty": (lambda **to: mugs(*beside(0.5, "blue"), **to), 0.0, 50.0),
    "existence_threshold": (lambda **to: mugs(*SEEN[:2], **to), 0.99, 0.2),
    "false_positive_rate": (lambda **to: mug(*SEEN[:2], **to).probability, 0.2, 0.001),
    "confidence_weight": (lambda **to: mug(*SEEN[:2], **to).probability, 1.0, 0.0),
    "miss_weight_without_depth": (
        lambda **to: mug(*SEEN, *around("a wall", [], 4, start=100.0), **to).probability,
        *(1.0, 0.0),
    ),
    "refined_only_weight": (
        lambda **to: mug(*around("a mug", MUG, initial="a wall"), **to).probability,
        *(0.1, 1.0),
    ),
    "hedge_weight": (lambda **to: mug(*SEEN, parser=_Hedging(), **to).probability, 0.1, 1.0),
    "moved_threshold": (
        lambda **to: (
            mug(
                *SEEN,
                *around("a wall", [], 4, start=100.0, depth=5.0),
                *around("a mug", [("mug", (2.0, 1.3, 0.3))], start=200.0, x=0.5),
                existence_threshold=0.7,
                **to,
            ).moves
        ),
        *(0.0, 0.9),
    ),
    "half_life_person": kinds("man"),
    "half_life_animal": kinds("dog"),
    "half_life_vehicle": kinds("car"),
    "half_life_object": kinds("mug"),
    "half_life_furniture": kinds("chair"),
    "half_life_fixture": kinds("door"),
    "reorder_window": (late, 400, 1),
    "snapshot_every": (snapshots, 100, 1),
    "write_retry_period": (lambda *at, **to: after_a_full_disk(*at, **to).unsaved, 0.0, 60.0),
    "max_unsaved": (lambda *at, **to: after_a_full_disk(*at, **to).lost, 100, 2),
}
"""What to measure, a value that gives less of it, and one that gives more."""
ON_DISK = ("snapshot_every", "write_retry_period", "max_unsaved")


@pytest.mark.parametrize("name", EFFECTS)
def test_it_does_what_it_says(name, tmp_path):
    measure, less, more = EFFECTS[name]
    found = []
    for value in (less, more):
        folder = tmp_path / str(value)
        folder.mkdir()
        found.append(measure(*[folder] * (name in ON_DISK), **{name: value}))
    assert found[0] < found[1]
