# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot walks through a simulated house and captions it, with errors at a given rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import networkx as nx
import numpy as np

from mmser_ros.core.types import SECOND, Caption, GroundedPhrase, Observation, Pose, Region
from mmser_ros.simulation.house import CAMERA, COLOURS, FLOOR, SIZES, SMALL, House, Item

POSITION_NOISE, HEADING_NOISE, DEPTH_NOISE = 0.05, 0.02, 0.02
"""Standard deviations in metres, in radians, and as a share of the distance."""
MENTIONED = 0.75
"""Probability that a caption names a visible object."""
MAX_NAMED = 5
"""Maximum objects that one caption names."""
SPOKEN = {
    "sofa": "couch", "refrigerator": "fridge", "television": "tv", "stove": "cooker",
    "bookshelf": "bookcase",
}  # fmt: skip
FIRST_PASS_RATE = 0.85
"""Probability that the first pass already names a correct object."""
SURE, UNSURE = (0.75, 0.12), (0.6, 0.15)
"""Mean and standard deviation of the confidences of right and wrong phrases."""
NUMBERS = {1: "a", 2: "two", 3: "three", 4: "four"}
WRONG_PREDICATES = ("on", "under", "in", "next to")


@dataclass(frozen=True)
class Mention:
    """An object, or several similar ones, in a caption; `right` if the mention is correct."""

    word: str
    colour: str
    count: int
    region: Region
    point: tuple[float, float, float]
    right: bool
    in_first_pass: bool
    confidence: float
    joined: tuple[str, Mention] | None = None

    def text(self) -> str:
        """The noun phrase: "two red mugs"."""
        word = self.word
        if self.count > 1:
            word += "es" if word.endswith(("s", "sh", "ch")) else "s"
            return f"{NUMBERS[self.count]} {word}"
        return f"a {self.colour} {word}"


class Walk:
    """Observations along a path through all rooms, and counts of the visible objects.

    Args:
        house: to walk in.
        errors: share of mentions (and of attributes, relations, counts and room words) that are
            wrong. Mentions go wrong in three equal ways: another word, none, or words swapped with
            another mention of the caption.
        seed: of the walk, its noise and its errors.
        depth: whether phrases have points and observations have depth.
    """

    def __init__(self, house: House, errors: float, seed: int, *, depth: bool = True) -> None:
        self.house, self.errors, self.depth = house, errors, depth
        self.random = np.random.default_rng(seed)
        self.times_visible: dict[int, int] = {}
        self.times_visible_together: dict[tuple[int, str, int], int] = {}

    def observations(self, count: int, *, moved: int = 0) -> Iterator[Observation]:
        """Yield `count` observations; after half of them, `moved` objects are moved."""
        for number, pose in zip(range(count), self._poses(), strict=False):
            if number == count // 2 and moved:
                for item in self.house.move_some(moved):
                    self.times_visible.pop(item, None)
                    self.times_visible_together = {
                        k: n for k, n in self.times_visible_together.items() if item not in k
                    }
            yield self._observe(pose, (1000 + number) * SECOND)

    def _poses(self) -> Iterator[Pose]:
        grid = self.house.grid
        nodes = sorted(grid)
        rooms = list(FLOOR)
        here = nodes[int(self.random.integers(len(nodes)))]
        while True:
            for room in self.random.permutation(rooms):
                inside = self.house.inside(str(room))
                for _ in range(2):
                    goal = inside[int(self.random.integers(len(inside)))]
                    path = nx.shortest_path(grid, here, goal)[::2]
                    here = goal
                    for a, b in pairwise(path):
                        yield self._pose(b, math.atan2(b[1] - a[1], b[0] - a[0]))
                    start = self.random.uniform(0, 2 * math.pi)
                    for turn in range(8):
                        yield self._pose(goal, start + turn * math.pi / 4)

    @staticmethod
    def _pose(node: tuple[int, int], turn: float) -> Pose:
        position = ((node[0] + 0.5) / 4, (node[1] + 0.5) / 4, 0.0)
        return Pose(position, (0.0, 0.0, math.sin(turn / 2), math.cos(turn / 2)))

    def _observe(self, pose: Pose, stamp: int) -> Observation:
        visible = self.house.visible(pose)
        for item, _ in visible:
            self.times_visible[item.number] = self.times_visible.get(item.number, 0) + 1
        ranked = sorted(visible, key=lambda one: (one[1][2] / max(one[0].size), one[0].number))
        chosen = self._chosen(ranked)
        said = [*self._say(chosen), *self._invented(pose)]
        room = self.house.label(*pose.position[:2])
        rooms = [one[0].room.removesuffix(" 2") for one in chosen] or [room or "hallway"]
        place: str | None = max(sorted(set(rooms)), key=rooms.count)
        if self.random.random() < self.errors:
            place = str(self.random.choice(sorted({one.removesuffix(" 2") for one in FLOOR})))
        if self.random.random() < 0.5:
            place = None
        noise = self.random.normal(0, 1, 3)
        x, y, _ = pose.position
        turn = math.atan2(pose.orientation[2], pose.orientation[3]) * 2 + HEADING_NOISE * noise[2]
        noisy = Pose(
            (x + POSITION_NOISE * float(noise[0]), y + POSITION_NOISE * float(noise[1]), 0.0),
            (0.0, 0.0, math.sin(turn / 2), math.cos(turn / 2)),
            position_sigma=POSITION_NOISE,
            heading_sigma=HEADING_NOISE,
        )
        grid = self.house.depth(pose) if self.depth else None
        return Observation("robot", stamp, self._caption(said, place), noisy, "house", CAMERA, grid)

    def _chosen(self, ranked: list[tuple[Item, np.ndarray]]) -> list[tuple[Item, np.ndarray]]:
        """Choose the visible objects that are named, in the given order."""
        return [one for one in ranked if self.random.random() < MENTIONED][:MAX_NAMED]

    def _invented(self, pose: Pose) -> list[Mention]:
        """Mentions of objects that do not exist."""
        return []

    def _say(self, chosen: list[tuple[Item, np.ndarray]]) -> list[Mention]:
        groups: dict[str, list[tuple[Item, np.ndarray]]] = {}
        for item, local in chosen:
            groups.setdefault(item.word, []).append((item, local))
        said: dict[int, Mention] = {}
        for members in groups.values():
            for batch in self._batches(members):
                said[batch[0][0].number] = self._phrase(batch)
        relations = self.house.relations()
        numbers = [item.number for item, _ in chosen]
        for held in relations:
            if held[0] in numbers and held[2] in numbers:
                self.times_visible_together[held] = self.times_visible_together.get(held, 0) + 1
        said = self._with_errors(said)
        used: set[int] = set()
        for subject, predicate, target in sorted(relations):
            ends = {subject, target}
            if not ends <= said.keys() or ends & used:
                continue
            if said[subject].count == said[target].count == 1:
                used |= ends
                wrong = self.random.random() < self.errors
                spoken = str(self.random.choice(WRONG_PREDICATES)) if wrong else predicate
                joined = (spoken, said.pop(target))
                said[subject] = replace(said[subject], joined=joined)
        return list(said.values())

    @staticmethod
    def _batches(members: list) -> list[list]:
        """Group similar objects that are close together: "two chairs"."""
        across, ahead = (np.ptp([local[i] for _, local in members]) for i in (0, 2))
        if across < 2.0 and ahead < 0.8:
            return [members[:4]]
        return [[one] for one in members]

    def _phrase(self, batch: list[tuple[Item, np.ndarray]]) -> Mention:
        boxes = [self._box(item, local) for item, local in batch]
        x0, y0 = (min(box[i] for box in boxes) for i in (0, 1))
        x1, y1 = (max(box[i] for box in boxes) for i in (2, 3))
        z = float(np.mean([local[2] for _, local in batch]))
        surface = z - 0.35 * float(np.mean([min(item.size[:2]) for item, _ in batch]))
        surface *= 1 + DEPTH_NOISE * float(self.random.normal())
        u, v = (x0 + x1) / 2, (y0 + y1) / 2
        point = ((u - CAMERA.cx) / CAMERA.fx * surface, (v - CAMERA.cy) / CAMERA.fy * surface)
        item = batch[0][0]
        word = item.word
        if word in SPOKEN and self.random.random() < 0.2:
            word = SPOKEN[word]
        return Mention(
            word, item.colour, len(batch), Region(x0, y0, x1 - x0, y1 - y0), (*point, surface),
            right=True, in_first_pass=self.random.random() < FIRST_PASS_RATE,
            confidence=self._confidence(*SURE),
        )  # fmt: skip

    @staticmethod
    def _box(item: Item, local: np.ndarray) -> tuple[float, float, float, float]:
        u = CAMERA.fx * local[0] / local[2] + CAMERA.cx
        v = CAMERA.fy * local[1] / local[2] + CAMERA.cy
        half = CAMERA.fx * (item.size[0] + item.size[1]) / 4 / local[2]
        high = CAMERA.fy * item.size[2] / 2 / local[2]
        return (
            float(np.clip(u - half, 0, CAMERA.width)), float(np.clip(v - high, 0, CAMERA.height)),
            float(np.clip(u + half, 0, CAMERA.width)), float(np.clip(v + high, 0, CAMERA.height)),
        )  # fmt: skip

    def _confidence(self, mean: float, sigma: float) -> float:
        return float(np.clip(self.random.normal(mean, sigma), 0.05, 0.99))

    def _with_errors(self, said: dict[int, Mention]) -> dict[int, Mention]:
        result = {number: self._with_wrong_attributes(one) for number, one in said.items()}
        for number in said:
            if number not in result or self.random.random() >= self.errors:
                continue
            way = int(self.random.integers(3))
            others = [other for other in result if other != number]
            if way == 0:
                words = [one for one in (*SIZES, *SMALL) if one != result[number].word]
                self._spoil(result, number, str(self.random.choice(words)))
            elif way == 1 or not others:
                del result[number]
            else:
                other = others[int(self.random.integers(len(others)))]
                mine, theirs = result[number].word, result[other].word
                if mine != theirs:
                    self._spoil(result, number, theirs)
                    self._spoil(result, other, mine)
        return result

    def _with_wrong_attributes(self, one: Mention) -> Mention:
        if self.random.random() >= self.errors:
            return one
        return replace(
            one, colour=str(self.random.choice(COLOURS)),
            count=max(1, one.count + int(self.random.choice([-1, 1]))) if one.count > 1 else 1,
        )  # fmt: skip

    def _spoil(self, said: dict[int, Mention], number: int, word: str) -> None:
        said[number] = replace(
            said[number], word=word, right=False, in_first_pass=self.random.random() < 0.5,
            confidence=self._confidence(*UNSURE),
        )  # fmt: skip

    def _caption(self, said: list[Mention], place: str | None) -> Caption:
        parts, first, phrases = [], [], []
        all_named: list[Mention] = []
        # Relations come first: after a list, "on a table" could refer to the whole list.
        for one in sorted(said, key=lambda each: each.joined is None):
            text = one.text()
            named = [one]
            if one.joined is not None:
                text += f" {one.joined[0]} {one.joined[1].text()}"
                named.append(one.joined[1])
            parts.append(text)
            all_named += named
            for each in named:
                point = each.point if self.depth else None
                phrases.append(
                    GroundedPhrase(each.text(), each.word, each.confidence, each.region, point)
                )
                if each.in_first_pass:
                    first.append(each.text())
        text = " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
        if place is not None:
            text = f"a {place} with {text}" if text else f"a {place}"
        return Caption(
            text or "nothing to see", ", ".join(first), self._sure(all_named), True, "made", 2,
            tuple(phrases),
        )  # fmt: skip

    def _sure(self, named: list[Mention]) -> float:
        """Confidence of a caption with these mentions."""
        return float(np.mean([0.7, *(one.confidence for one in named)]))
