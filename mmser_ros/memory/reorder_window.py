# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Fold observations in the order they were made, whatever order they come in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mmser_ros.core.types import Observation
from mmser_ros.memory.fusion.fusion import Fusion
from mmser_ros.memory.graph.scene_graph import Record, SceneGraph, Slot, Undo
from mmser_ros.memory.storage.serialization import Key, Moment, digest


@dataclass(frozen=True)
class Step:
    """All that one robot said of one stamp, by digest, and how to take it back."""

    moment: Moment
    said: Mapping[str, Observation]
    changes: Undo


def last_word(said: Mapping[str, Observation]) -> list[str]:
    """Which of the observations of a moment count, by digest: those after the most passes.

    A refined caption replaces the first one of the same picture, whichever comes first.
    """
    passes = {name: (one.caption.refined, one.caption.passes) for name, one in said.items()}
    return sorted(name for name, made in passes.items() if made == max(passes.values()))


class Timeline:
    """Keeps the graph equal to the fold of all observations in the order of their moments.

    An observation that comes late is put where it belongs: the later ones are taken back, it is
    folded, and they are folded again. That works for the last `window` moments; what is older is
    settled, and `insert` refuses what belongs before or to it.
    """

    def __init__(self, graph: SceneGraph, fusion: Fusion, window: int) -> None:
        self._graph, self._fusion, self._size = graph, fusion, window
        self._window: deque[Step] = deque()
        self.boundary: Moment | None = None
        """The last settled moment."""
        self.settled: set[Slot] = set()
        """What settled observations changed since the last snapshot."""

    def insert(self, key: Key, observation: Observation) -> bool:
        """Fold an observation, unless it was folded already; False if it is too late for that."""
        moment, name = key[:2], key[2]
        if self.boundary is not None and moment <= self.boundary:
            return False
        later = []
        while self._window and self._window[-1].moment >= moment:
            later.append(self._window.pop())
            self._graph.undo(later[-1].changes)
        said = later.pop().said if later and later[-1].moment == moment else {}
        try:
            self._fold(moment, {**said, name: observation})
        except BaseException:
            if said:
                self._fold(moment, said)
            raise
        finally:
            for step in reversed(later):
                self._fold(step.moment, step.said)
        while len(self._window) > self._size:
            step = self._window.popleft()
            self.boundary = step.moment
            self.settled.update(slot for slot, _ in step.changes)
        return True

    def retract(self, stamp: int) -> list[tuple[Key, Observation]]:
        """Take back what is later than a stamp (nanoseconds), and was not settled; what it was."""
        taken = []
        while self._window and self._window[-1].moment[0] > stamp:
            step = self._window.pop()
            self._graph.undo(step.changes)
            taken += [((*step.moment, name), one) for name, one in step.said.items()]
        return taken

    def newest(self) -> int | None:
        """Stamp of the newest observation."""
        if self._window:
            return self._window[-1].moment[0]
        return self.boundary[0] if self.boundary else None

    def at_boundary(self) -> Iterator[tuple[Slot, Record | None]]:
        """The slots in `settled`, with their records as they were at the boundary."""
        first: dict[Slot, Record | None] = {}
        for step in self._window:
            for slot, old in step.changes:
                first.setdefault(slot, old)
        for slot in sorted(self.settled):
            yield slot, first[slot] if slot in first else self._graph.get(slot)

    def _fold(self, moment: Moment, said: Mapping[str, Observation]) -> None:
        stamp, robot = moment
        self._graph.begin()
        try:
            for number, name in enumerate(last_word(said)):
                # What a refined caption names keeps the name that the first one gave it.
                named = name if number else digest(f"{stamp} {robot}")
                self._fusion.fold(said[name], named)
        except BaseException:  # all of a moment or nothing
            self._graph.undo(self._graph.changes())
            raise
        self._window.append(Step(moment, said, self._graph.changes()))
