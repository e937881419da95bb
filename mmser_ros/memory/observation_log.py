# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The journal of observations and the graph that is built from it, consistent over restarts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import takewhile

from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import Observation
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion.fusion import Fusion
from mmser_ros.memory.graph.records import Object, Place
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.majority import QUORUM, latest_trusted
from mmser_ros.memory.reorder_window import ReorderWindow
from mmser_ros.memory.results import MemoryStatus, Origin
from mmser_ros.memory.storage.opening import MapMismatchError
from mmser_ros.memory.storage.serialization import Key, Moment, digest, dumps
from mmser_ros.memory.storage.store import Store

logger = logging.getLogger(__name__)

GRAPH_VERSION = 5
"""Version of the graph's records and of fusion; a snapshot of another version is rebuilt."""


class StaleMemoryError(MmserError):
    """A read-only memory was asked to change."""


class ObservationLog:
    """Keeps the graph equal to applying the journal in the order of stamps.

    Observations with stamps ahead of most others are kept, and applied once the others have caught
    up.

    The graph is empty at first. `words` is the name of the taxonomy, which snapshots depend on.
    `clock` returns the time in nanoseconds, or None if it is unknown.
    """

    def __init__(
        self,
        store: Store,
        graph: SceneGraph,
        fusion: Fusion,
        config: MemoryConfig,
        origin: Origin,
        *,
        words: str,
        writable: bool,
        clock: Callable[[], int | None],
    ) -> None:
        self._origin, self._writable, self._clock = origin, writable, clock
        self._store, self._graph, self._fusion, self._config = store, graph, fusion, config
        self._fingerprint = digest(f"{GRAPH_VERSION} {dumps(config)} {words}")
        self._window = ReorderWindow(graph, fusion, config.reorder_window)
        self.floor = int(store.meta("floor") or 0)
        """Stamp (nanoseconds) before which everything is forgotten."""
        self._since_snapshot = 0
        self._whole = True
        self._stamps: list[int] = []
        self._ahead: dict[Key, Observation] = {}
        self._pending = 0
        """Observations in the journal that came too late to be applied."""
        if not self._restore():
            self.rebuild()

    def newest(self) -> int | None:
        """Stamp of the newest observation that is not ahead of the others, in nanoseconds."""
        return self._window.newest()

    def status(self) -> MemoryStatus:
        """Status of the journal, the graph and the store."""
        store = self._store
        return MemoryStatus(
            map_id=self._origin.map_id,
            stale=self._origin.stale,
            observations=store.count(),
            objects=self._graph.count(Object),
            places=self._graph.count(Place),
            pending=self._pending,
            ahead=len(self._ahead),
            unsaved=store.unsaved,
            lost=store.lost,
            problem=store.problem,
            notice=store.notice,
            newest=self.newest(),
        )

    def observations(self, since: int, until: int | None) -> list[Observation]:
        """Observations from a stamp (nanoseconds) on and before another one, in order."""
        entries = self._store.journal((since, ""))
        return [one for _, one in takewhile(lambda it: until is None or it[0][0] < until, entries)]

    def digests(self, after: int) -> list[tuple[int, int, str]]:
        """(number, stamp, digest) of the journal's observations after a number."""
        return self._store.digests(after)

    def add(self, observation: Observation) -> bool:
        """Add an observation in normal form; False if it is a duplicate or forgotten.

        Raises:
            StaleMemoryError: the journal is read-only.
            MapMismatchError: the observation is of another map.
        """
        self._require_writable("add an observation")
        if observation.map_id != self._origin.map_id:
            msg = (
                f"got an observation of the map {observation.map_id!r}, expected "
                f"{self._origin.map_id!r}; give the robots that share a map the same map_id"
            )
            raise MapMismatchError(msg)
        text = dumps(observation)
        key: Key = (observation.stamp_ns, observation.robot, digest(text))
        if observation.stamp_ns < self.floor or self._store.knows(key[2]):
            return False
        self._insert(key, observation)
        self._stamps = sorted([*self._stamps, observation.stamp_ns])[-2 * QUORUM :]
        self._update_ahead()
        self._store.append(key, text)
        self._since_snapshot += 1
        if self._since_snapshot >= self._config.snapshot_every:
            self.snapshot()
        return True

    def forget(self, before: int | None, after: int | None = None) -> bool:
        """Forget observations before a stamp, from a stamp on, between two stamps, or all.

        Returns:
            Whether they are deleted from the file, too.

        Raises:
            StaleMemoryError: the journal is read-only.
        """
        self._require_writable("forget observations")
        if before is not None and after is None:
            self.floor = max(self.floor, before)
        done = self._store.forget(before, after) and self._store.set_meta("floor", self.floor)
        self.rebuild()
        return done

    def apply_pending(self) -> None:
        """Rebuild the graph if observations came too late to be applied."""
        if self._pending:
            self.rebuild()

    def rebuild(self) -> None:
        """Rebuild the graph from the whole journal."""
        if (count := self._store.count()) > self._config.reorder_window:
            logger.info("rebuilding the graph from %d observations", count)
        self._graph.clear()
        self._window = ReorderWindow(self._graph, self._fusion, self._config.reorder_window)
        self._apply_from((self.floor, ""))
        self._pending = 0
        self._whole = True
        self.snapshot()

    def save(self) -> bool:
        """Apply pending observations and write a snapshot; whether that worked."""
        if not self._writable:
            return False
        self.apply_pending()
        return self.snapshot()

    def snapshot(self) -> bool:
        """Write the graph as it was at the boundary of the window; whether that worked."""
        self._since_snapshot = 0
        boundary = self._window.boundary
        if boundary is None:
            return self._store.flush()
        about = {"boundary": boundary, "fingerprint": self._fingerprint, "pending": self._pending}
        saved = self._store.save_state(self._window.at_boundary(), about, whole=self._whole)
        if saved:
            self._window.committed.clear()
            self._whole = False
        return saved

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _require_writable(self, what: str) -> None:
        if not self._writable:
            msg = f"can't {what}: this memory is read-only; open it with its own map_id"
            raise StaleMemoryError(msg)

    def _restore(self) -> bool:
        """Load the snapshot and apply newer observations; False if there is no valid snapshot."""
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
            logger.warning(
                "the snapshot can't be read (%s); rebuilding the graph from the journal", error
            )
            return False
        self._window.boundary = boundary
        self._apply_from(boundary)
        self._whole = False
        return True

    def _limit(self) -> int:
        """The newest stamp in the store that is not ahead of most others."""
        self._stamps = self._store.newest(2 * QUORUM)
        return latest_trusted(self._stamps, self._clock()) if self._stamps else 0

    def _apply_from(self, start: Moment) -> None:
        limit = self._limit()
        self._ahead = {}
        for key, observation in self._store.journal(start):
            if key[0] > limit:
                self._ahead[key] = observation
            else:
                self._window.insert(key, observation)

    def _insert(self, key: Key, observation: Observation) -> None:
        if not self._window.insert(key, observation):
            self._pending += 1

    def _update_ahead(self) -> None:
        """Undo observations that are ahead of most others, and apply those that no longer are."""
        limit = latest_trusted(self._stamps, self._clock())
        self._ahead.update(self._window.retract(limit))
        if self._window.boundary is not None and self._window.boundary[0] > limit:
            self._pending = max(1, self._pending)  # committed observations are ahead: rebuild
        for key in sorted(key for key in self._ahead if key[0] <= limit):
            self._insert(key, self._ahead.pop(key))
