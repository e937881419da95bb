# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Apply observations in the order of their stamps, whatever order they arrive in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mmser_ros.core.types import Observation
from mmser_ros.memory.fusion.fusion import Fusion
from mmser_ros.memory.graph.scene_graph import Record, SceneGraph, Slot, Undo
from mmser_ros.memory.storage.serialization import Key, Moment, digest


@dataclass(frozen=True)
class AppliedMoment:
    """The observations of one robot at one stamp, by digest, and the log that undoes them."""

    moment: Moment
    observations: Mapping[str, Observation]
    changes: Undo


def final_observations(observations: Mapping[str, Observation]) -> list[str]:
    """Digests of the observations of a moment that count: those with the most passes.

    So a refined caption replaces the first caption of its image, in any order of arrival.
    """
    passes = {name: (one.caption.refined, one.caption.passes) for name, one in observations.items()}
    return sorted(name for name, made in passes.items() if made == max(passes.values()))


class ReorderWindow:
    """Keeps the graph equal to applying all observations in the order of their moments.

    A late observation is inserted at its moment: the newer ones are undone, the observation is
    applied, and the newer ones are applied again. This works for the last `size` moments. Older
    moments are committed: `insert` refuses observations of a committed moment or before it.
    """

    def __init__(self, graph: SceneGraph, fusion: Fusion, size: int) -> None:
        self._graph, self._fusion, self._size = graph, fusion, size
        self._window: deque[AppliedMoment] = deque()
        self.boundary: Moment | None = None
        """The last committed moment."""
        self.committed: set[Slot] = set()
        """Slots that committed observations changed since the last snapshot."""

    def insert(self, key: Key, observation: Observation) -> bool:
        """Apply an observation at its moment; False if that moment is committed."""
        moment, name = key[:2], key[2]
        if self.boundary is not None and moment <= self.boundary:
            return False
        later = []
        while self._window and self._window[-1].moment >= moment:
            later.append(self._window.pop())
            self._graph.undo(later[-1].changes)
        same = later.pop().observations if later and later[-1].moment == moment else {}
        try:
            self._apply(moment, {**same, name: observation})
        except BaseException:
            if same:
                self._apply(moment, same)
            raise
        finally:
            for one in reversed(later):
                self._apply(one.moment, one.observations)
        while len(self._window) > self._size:
            oldest = self._window.popleft()
            self.boundary = oldest.moment
            self.committed.update(slot for slot, _ in oldest.changes)
        return True

    def retract(self, stamp: int) -> list[tuple[Key, Observation]]:
        """Undo and return the observations in the window after a stamp (nanoseconds)."""
        taken = []
        while self._window and self._window[-1].moment[0] > stamp:
            last = self._window.pop()
            self._graph.undo(last.changes)
            taken += [((*last.moment, name), one) for name, one in last.observations.items()]
        return taken

    def newest(self) -> int | None:
        """Stamp of the newest observation; None if there is none."""
        if self._window:
            return self._window[-1].moment[0]
        return self.boundary[0] if self.boundary else None

    def at_boundary(self) -> Iterator[tuple[Slot, Record | None]]:
        """Yield the slots in `committed` with their records at the boundary."""
        first: dict[Slot, Record | None] = {}
        for one in self._window:
            for slot, old in one.changes:
                first.setdefault(slot, old)
        for slot in sorted(self.committed):
            yield slot, first[slot] if slot in first else self._graph.get(slot)

    def _apply(self, moment: Moment, observations: Mapping[str, Observation]) -> None:
        stamp, robot = moment
        self._graph.start_transaction()
        try:
            for number, name in enumerate(final_observations(observations)):
                # A refined caption gives new nodes the same names as the first caption did.
                named = name if number else digest(f"{stamp} {robot}")
                self._fusion.apply(observations[name], named)
        except BaseException:  # apply a moment completely or not at all
            self._graph.undo(self._graph.changes())
            raise
        self._window.append(AppliedMoment(moment, observations, self._graph.changes()))
