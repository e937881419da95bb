# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Fold observations in the order they were made, whatever order they come in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from mmser_ros.memory.codec import Key
from mmser_ros.memory.fusion import Fusion
from mmser_ros.memory.graph import Record, SceneGraph, Slot, Undo
from mmser_ros.records import Observation


@dataclass(frozen=True)
class Step:
    """A folded observation and how to take it back."""

    key: Key
    observation: Observation
    changes: Undo


class Timeline:
    """Keeps the graph equal to the fold of all observations in the order of their keys.

    An observation that comes late is put where it belongs: the later ones are taken back, it is
    folded, and they are folded again. That works for the last `window` observations; what is older
    is settled, and `insert` refuses what belongs before it.
    """

    def __init__(self, graph: SceneGraph, fusion: Fusion, window: int) -> None:
        self._graph, self._fusion, self._size = graph, fusion, window
        self._window: deque[Step] = deque()
        self.boundary: Key | None = None
        """Key of the last settled observation."""
        self.settled: set[Slot] = set()
        """What settled observations changed since the last call of `clear_settled`."""

    def insert(self, key: Key, observation: Observation) -> bool:
        """Fold an observation, unless it was folded already; False if it is too late for that."""
        if self.boundary is not None and key <= self.boundary:
            return False
        later = []
        while self._window and self._window[-1].key > key:
            later.append(self._window.pop())
            self._graph.undo(later[-1].changes)
        try:
            if not self._window or self._window[-1].key != key:
                self._fold(key, observation)
        finally:
            for step in reversed(later):
                self._fold(step.key, step.observation)
        while len(self._window) > self._size:
            step = self._window.popleft()
            self.boundary = step.key
            self.settled.update(slot for slot, _ in step.changes)
        return True

    def newest(self) -> int | None:
        """Stamp of the newest observation."""
        if self._window:
            return self._window[-1].key[0]
        return self.boundary[0] if self.boundary else None

    def at_boundary(self) -> Iterator[tuple[Slot, Record | None]]:
        """The slots in `settled`, with their records as they were at the boundary."""
        first: dict[Slot, Record | None] = {}
        for step in self._window:
            for slot, old in step.changes:
                first.setdefault(slot, old)
        for slot in sorted(self.settled):
            yield slot, first[slot] if slot in first else self._graph.get(slot)

    def _fold(self, key: Key, observation: Observation) -> None:
        self._graph.begin()
        try:
            self._fusion.fold(observation, key[2])
        except BaseException:  # all of an observation or nothing
            self._graph.undo(self._graph.changes())
            raise
        self._window.append(Step(key, observation, self._graph.changes()))
