# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.ndimage import label

from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.relations import FIXED, home_relations
from mmser_ros.simulation.home.robot import RADIUS, Obstacles
from mmser_ros.simulation.home.split import Split

SEEDS = (0, 1, 2, 7)
CELL = 0.1


@pytest.fixture(scope="module", params=SEEDS)
def home(request):
    return make_home(request.param)


def test_the_same_seed_gives_the_same_home():
    assert make_home(5) == make_home(5)
    assert make_home(5) != make_home(6)
    assert make_home(5) != make_home(5, Split.EVALUATION)


def test_a_robot_reaches_every_room_and_both_sides_of_every_door(home):
    obstacles = Obstacles(home)
    rooms = home.plan.rooms
    x = np.arange(0, max(one.x1 for one in rooms), CELL) + CELL / 2
    y = np.arange(0, max(one.y1 for one in rooms), CELL) + CELL / 2
    free = np.array([[obstacles.distance(a, b) > RADIUS for b in y] for a in x])
    parts, _ = label(free)

    def part_at(at):
        return parts[int(at[0] / CELL), int(at[1] / CELL)]

    doors = [one for one in home.plan.openings if one.kind != "window"]
    start = part_at(doors[0].centre())
    assert start
    for one in doors:
        across = np.array((0, 0.4) if one.along_x else (0.4, 0))
        assert part_at(one.centre() + across) == part_at(one.centre() - across) == start
    for room in rooms:
        inside = parts[int(room.x0 / CELL) : int(room.x1 / CELL)]
        inside = inside[:, int(room.y0 / CELL) : int(room.y1 / CELL)]
        assert (inside == start).sum() * CELL**2 > 0.5, room


def test_no_two_objects_are_in_the_same_place(home):
    hollow = {"bowl", "basket"}
    for a in home.objects:
        for b in home.objects[: a.number]:
            if a.room != b.room or {a.name, b.name} & {"rug", "window"} or b.name in hollow:
                continue
            low = np.maximum(a.part_boxes[:, None, 0], b.part_boxes[None, :, 0])
            high = np.minimum(a.part_boxes[:, None, 1], b.part_boxes[None, :, 1])
            assert not (high - low > 0.005).all(-1).any(), (a.name, b.name)


def test_objects_stay_in_their_room_and_lie_on_something(home):
    held = {one.subject for one in home_relations(home) if one.predicate in {"on", "in"}}
    for one in home.objects:
        if one.name in {"door", "window"}:
            continue
        x0, y0, x1, y1 = home.plan.rooms[one.room].inner()
        assert (one.low[:2] >= (x0 - 0.01, y0 - 0.01)).all(), one.name
        assert (one.high[:2] <= (x1 + 0.01, y1 + 0.01)).all(), one.name
        stands = abs(one.low[2]) < 0.06
        assert stands or one.name in FIXED or one.number in held, one.name


def test_rooms_hold_what_belongs_in_them(home):
    needed = {"bedroom": {"bed"}, "bathroom": {"toilet"}, "living room": {"sofa"}}
    for number, room in enumerate(home.plan.rooms):
        names = {one.name for one in home.objects if one.room == number}
        assert needed.get(room.name, set()) <= names, room.name


def test_colours_have_common_names(home):
    words = {"white", "black", "grey", "red", "blue", "green", "yellow", "orange", "brown", "pink"}
    words |= {"purple", "beige", "silver", "cream", "tan"}
    assert {one.colour for one in home.objects} <= words


def test_homes_of_evaluation_have_designs_and_textures_that_training_never_has():
    used = {}
    for split in Split:
        homes = [make_home(seed, split) for seed in range(3)]
        objects = [one for home in homes for one in home.objects if one.name not in FIXED]
        styles = {one.texture for home in homes for one in home.styles}
        used[split] = (
            {(one.name, one.variant) for one in objects},
            styles | {one.texture for one in objects},
        )
    for train, evaluation in zip(used[Split.TRAIN], used[Split.EVALUATION], strict=True):
        assert train
        assert evaluation
        assert not train & evaluation
