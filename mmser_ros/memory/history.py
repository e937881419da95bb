# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The journal and the graph that is folded from it, kept in step over restarts."""

from __future__ import annotations

import logging

from mmser_ros.memory.codec import Key, Moment, digest, dumps
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion import Fusion
from mmser_ros.memory.graph import SceneGraph
from mmser_ros.memory.store import Store
from mmser_ros.memory.timeline import Timeline
from mmser_ros.records import Observation

logger = logging.getLogger(__name__)

FOLD_VERSION = 2
"""Raise it when folding changes: snapshots of other versions are folded anew from the journal."""


class History:
    """Keeps the graph equal to the fold of the journal, in the order of stamps.

    Args:
        store: journal and snapshot.
        graph: empty, to be filled.
        fusion: folds into that graph.
        config: window, and how often to take a snapshot.
        words: name of the lexicon, which snapshots depend on.
    """

    def __init__(
        self, store: Store, graph: SceneGraph, fusion: Fusion, config: MemoryConfig, words: str
    ) -> None:
        self._store, self._graph, self._fusion, self._config = store, graph, fusion, config
        self._fingerprint = digest(f"{FOLD_VERSION} {dumps(config)} {words}")
        self._timeline = Timeline(graph, fusion, config.window)
        self.floor = int(store.meta("floor") or 0)
        """Stamp before which everything is forgotten."""
        self._since_snapshot = 0
        self._whole = True
        self.pending = 0
        """Observations in the journal that came too late to be folded."""
        if not self._restore():
            self.fold_anew()

    def newest(self) -> int | None:
        """Stamp of the newest observation, in nanoseconds."""
        return self._timeline.newest()

    def add(self, observation: Observation) -> bool:
        """Enter an observation in its normal form; False if it is known or forgotten."""
        text = dumps(observation)
        key: Key = (observation.stamp, observation.robot, digest(text))
        if observation.stamp < self.floor or self._store.knows(key[2]):
            return False
        if not self._timeline.insert(key, observation):
            self.pending += 1
        self._store.append(key, text)
        self._since_snapshot += 1
        if self._since_snapshot >= self._config.snapshot_every:
            self.snapshot()
        return True

    def forget(self, before: int | None) -> bool:
        """Forget what is older than a stamp, or all; whether the file forgot it, too."""
        if before is not None:
            self.floor = max(self.floor, before)
        done = self._store.forget(before) and self._store.set_meta("floor", self.floor)
        self.fold_anew()
        return done

    def fold_anew(self) -> None:
        """Fold the whole journal, late observations where they belong."""
        if (count := self._store.count()) > self._config.window:
            logger.info("folding %d observations anew", count)
        self._graph.clear()
        self._timeline = Timeline(self._graph, self._fusion, self._config.window)
        for key, observation in self._store.journal((self.floor, "")):
            self._timeline.insert(key, observation)
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
        if self._store.late(boundary, about["arrivals"]):
            return False
        try:
            for slot, record in self._store.load_state():
                self._graph.put(slot, record)
        except (KeyError, TypeError, ValueError) as error:
            logger.warning("the snapshot can't be read (%s); folding the journal anew", error)
            return False
        self._timeline.boundary = boundary
        for key, observation in self._store.journal(boundary):
            self._timeline.insert(key, observation)
        self._whole = False
        return True
