# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The journal and the graph that is folded from it, kept in step over restarts."""

from __future__ import annotations

import logging
from collections.abc import Callable

from mmser_ros.core.types import Observation
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion.fusion import Fusion
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.majority import QUORUM, last_believed
from mmser_ros.memory.reorder_window import Timeline
from mmser_ros.memory.storage.serialization import Key, Moment, digest, dumps
from mmser_ros.memory.storage.store import Store

logger = logging.getLogger(__name__)

FOLD_VERSION = 3
"""Raise it when folding changes: snapshots of other versions are folded anew from the journal."""


class History:
    """Keeps the graph equal to the fold of the journal, in the order of stamps.

    Observations that are ahead of what most others say of the time are kept, and folded once the
    others have caught up with them.

    Args:
        store: journal and snapshot.
        graph: empty, to be filled.
        fusion: folds into that graph.
        config: window, and how often to take a snapshot.
        words: name of the lexicon, which snapshots depend on.
        clock: the time in nanoseconds; None where nobody knows it.
    """

    def __init__(
        self,
        store: Store,
        graph: SceneGraph,
        fusion: Fusion,
        config: MemoryConfig,
        words: str,
        clock: Callable[[], int | None],
    ) -> None:
        self._clock = clock
        self._store, self._graph, self._fusion, self._config = store, graph, fusion, config
        self._fingerprint = digest(f"{FOLD_VERSION} {dumps(config)} {words}")
        self._timeline = Timeline(graph, fusion, config.reorder_window)
        self.floor = int(store.meta("floor") or 0)
        """Stamp before which everything is forgotten."""
        self._since_snapshot = 0
        self._whole = True
        self._stamps: list[int] = []
        self._ahead: dict[Key, Observation] = {}
        self.pending = 0
        """Observations in the journal that came too late to be folded."""
        if not self._restore():
            self.fold_anew()

    def newest(self) -> int | None:
        """Stamp of the newest observation that is not ahead of the others, in nanoseconds."""
        return self._timeline.newest()

    @property
    def ahead(self) -> int:
        """Observations that most others say are of a time to come."""
        return len(self._ahead)

    def add(self, observation: Observation) -> bool:
        """Enter an observation in its normal form; False if it is known or forgotten."""
        text = dumps(observation)
        key: Key = (observation.stamp, observation.robot, digest(text))
        if observation.stamp < self.floor or self._store.knows(key[2]):
            return False
        self._insert(key, observation)
        self._stamps = sorted([*self._stamps, observation.stamp])[-2 * QUORUM :]
        self._sort_out()
        self._store.append(key, text)
        self._since_snapshot += 1
        if self._since_snapshot >= self._config.snapshot_every:
            self.snapshot()
        return True

    def forget(self, before: int | None, after: int | None = None) -> bool:
        """Forget what is older than a stamp, or from another one on, or between, or all.

        Returns:
            Whether the file forgot it, too.
        """
        if before is not None and after is None:
            self.floor = max(self.floor, before)
        done = self._store.forget(before, after) and self._store.set_meta("floor", self.floor)
        self.fold_anew()
        return done

    def fold_anew(self) -> None:
        """Fold the whole journal, late observations where they belong."""
        if (count := self._store.count()) > self._config.reorder_window:
            logger.info("folding %d observations anew", count)
        self._graph.clear()
        self._timeline = Timeline(self._graph, self._fusion, self._config.reorder_window)
        self._fold_from((self.floor, ""))
        self.pending = 0
        self._whole = True
        self.snapshot()

    def snapshot(self) -> bool:
        """Write the graph as it was at the window's edge; the journal tells the rest."""
        self._since_snapshot = 0
        boundary = self._timeline.boundary
        if boundary is None:
            return self._store.flush()
        about = {"boundary": boundary, "fingerprint": self._fingerprint, "pending": self.pending}
        saved = self._store.save_state(self._timeline.at_boundary(), about, whole=self._whole)
        if saved:
            self._timeline.settled.clear()
            self._whole = False
        return saved

    def _restore(self) -> bool:
        """Take up the snapshot and fold what is newer; False if there is none that serves."""
        about = self._store.meta("snapshot")
        if about is None or about["fingerprint"] != self._fingerprint or about["pending"]:
            return False
        stamp, robot = about["boundary"]
        boundary: Moment = (stamp, robot)
        if self._store.late(boundary, about["arrivals"]) or stamp > self._limit():
            return False
        try:
            for slot, record in self._store.load_state():
                self._graph.put(slot, record)
        except (KeyError, TypeError, ValueError) as error:
            logger.warning("the snapshot can't be read (%s); folding the journal anew", error)
            return False
        self._timeline.boundary = boundary
        self._fold_from(boundary)
        self._whole = False
        return True

    def _limit(self) -> int:
        """The newest stamp that is not ahead, of all that the store has."""
        self._stamps = self._store.newest(2 * QUORUM)
        return last_believed(self._stamps, self._clock()) if self._stamps else 0

    def _fold_from(self, start: Moment) -> None:
        limit = self._limit()
        self._ahead = {}
        for key, observation in self._store.journal(start):
            if key[0] > limit:
                self._ahead[key] = observation
            else:
                self._timeline.insert(key, observation)

    def _insert(self, key: Key, observation: Observation) -> None:
        if not self._timeline.insert(key, observation):
            self.pending += 1

    def _sort_out(self) -> None:
        """Take back what is ahead of the others, and fold what they have caught up with."""
        limit = last_believed(self._stamps, self._clock())
        self._ahead.update(self._timeline.retract(limit))
        if self._timeline.boundary is not None and self._timeline.boundary[0] > limit:
            self.pending = max(1, self.pending)  # it was settled: folding anew takes it back
        for key in sorted(key for key in self._ahead if key[0] <= limit):
            self._insert(key, self._ahead.pop(key))
