# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The front door of the scene memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import takewhile
from pathlib import Path
from typing import Literal

import numpy as np

from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import Camera, Caption, Observation, Pose
from mmser_ros.language.interfaces import CachedWords, Parser, Words
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion.fusion import Fusion
from mmser_ros.memory.fusion.projection import default_camera, depth_grid, with_points
from mmser_ros.memory.graph.records import Place, Thing
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.observation_log import History
from mmser_ros.memory.query import Embed, Query
from mmser_ros.memory.questions import Questions
from mmser_ros.memory.results import MemoryStatus, Origin
from mmser_ros.memory.storage.opening import MapMismatchError, open_store
from mmser_ros.memory.storage.serialization import normal_form
from mmser_ros.memory.storage.store import Store
from mmser_ros.memory.stretch import check_stretch


class StaleMemoryError(MmserError):
    """A memory that is only there to be read was asked to change."""


class SceneMemory(Questions):
    """What robots said, where they stood and when: merged, doubted, and asked.

        memory = SceneMemory.open("home.sqlite", map_id="home")
        memory.observe(caption, stamp, pose)
        memory.find("red mug")

    The graph is a function of the set of observations, in whatever order and however often they
    come: those that are older than the last `reorder_window` ones count from the next `settle` on.
    Calls from several threads take turns.
    """

    def __init__(
        self,
        store: Store,
        origin: Origin,
        config: MemoryConfig,
        parser: Parser,
        words: Words,
        embed: Embed | None,
        *,
        robot: str,
        writable: bool,
        clock: Callable[[], int | None],
    ) -> None:
        self.words, self.config, self.origin = words, config, origin
        self._store, self._writable = store, writable
        graph, quick = SceneGraph(), CachedWords(words)
        fusion = Fusion(graph, parser, quick, config)
        query = Query(graph, parser, quick, config, origin, embed)
        history = History(store, graph, fusion, config, type(words).__name__, clock)
        super().__init__(graph, query, history, robot)

    @classmethod
    def open(
        cls,
        path: str | Path | None,
        map_id: str,
        *,
        on_other_map: Literal["refuse", "stale"] = "refuse",
        read_only: bool = False,
        config: MemoryConfig | None = None,
        parser: Parser | None = None,
        words: Words | None = None,
        embed: Embed | None = None,
        robot: str = "robot",
        frame: str = "map",
        clock: Callable[[], int | None] = lambda: None,
    ) -> SceneMemory:
        """Open a memory, or begin one.

        Args:
            path: of the file; None keeps all in memory.
            map_id: of the map that poses are in.
            on_other_map: what to do with a store of another map: refuse it, or open it to be read
                only, with every answer marked stale.
            read_only: change nothing, while another process may write.
            config: parameters.
            parser: of captions; by default CaptionParser.
            words: by default the Lexicon.
            embed: sentence embeddings for `find`, none by default.
            robot: who observes, unless `observe` says otherwise.
            frame: name of the frame of poses, in a new store.
            clock: tells the time in nanoseconds, or None. It helps to tell a new day from a wrong
                stamp: without it observations after a long pause count once there are some.

        Raises:
            MapMismatchError: the store is of another map.
            StoreError: the store is locked, of a later version, or not there to be read.
        """
        if parser is None:
            from mmser_ros.language.caption_parser import CaptionParser

            parser = CaptionParser()
        if words is None:
            from mmser_ros.language.taxonomy import Lexicon

            words = Lexicon()
        config = config or MemoryConfig()
        store, origin = open_store(
            Path(path) if path is not None else None,
            Origin(map_id, frame, stale=False),
            config,
            read_only=read_only,
            or_stale=on_other_map == "stale",
        )
        writable = not origin.stale and not read_only
        return cls(
            store, origin, config, parser, words, embed,
            robot=robot, writable=writable, clock=clock,
        )  # fmt: skip

    def observe(
        self,
        caption: Caption,
        stamp: int,
        pose: Pose,
        *,
        camera: Camera | None = None,
        depth: np.ndarray | None = None,
        robot: str | None = None,
    ) -> Observation:
        """Remember a caption.

        Args:
            caption: of a picture.
            stamp: of the picture, in nanoseconds.
            pose: of the robot in the map at that stamp.
            camera: that took it; without one, a field of view from the configuration.
            depth: (height, width) metres, registered to the picture; 0 or not finite is unknown.
                Phrases with a region get their point from it.
            robot: who saw it.

        Returns:
            What was remembered, to be told to other robots.

        Raises:
            StaleMemoryError: the memory is open to be read only.
            ObservationError: a number can't be.
        """
        if depth is not None:
            camera = camera or default_camera(self.config.field_of_view)
            caption = with_points(caption, depth, camera)
        observation = normal_form(
            Observation(
                robot or self._robot,
                stamp,
                caption,
                pose,
                self.origin.map_id,
                camera,
                depth_grid(depth) if depth is not None else None,
            )
        )
        self.add(observation)
        return observation

    def add(self, observation: Observation) -> bool:
        """Remember an observation, of this robot or another; False if it is known or forgotten.

        Raises:
            StaleMemoryError: the memory is open to be read only.
            MapMismatchError: it was made in another map.
            ObservationError: a number in it can't be.
        """
        self._require_writable("add an observation")
        if observation.map_id != self.origin.map_id:
            msg = (
                f"got an observation of the map {observation.map_id!r}, expected "
                f"{self.origin.map_id!r}; give the robots that share a map the same map_id"
            )
            raise MapMismatchError(msg)
        with self._lock:
            return self._history.add(normal_form(observation))

    def add_all(self, observations: Iterable[Observation]) -> int:
        """Remember many observations and settle; how many were new."""
        with self._lock:
            count = sum(self.add(one) for one in observations)
            self.settle()
            return count

    def observations(self, since: int = 0, until: int | None = None) -> list[Observation]:
        """What was observed from a stamp (nanoseconds) on and before another, in order."""
        with self._lock:
            entries = self._store.journal((since, ""))
            return [
                one for _, one in takewhile(lambda it: until is None or it[0][0] < until, entries)
            ]

    def digests(self, after: int = 0) -> list[tuple[int, int, str]]:
        """(number, stamp, digest) of the journal's observations after a number, as they came.

        Memories whose digests are the same are the same.
        """
        with self._lock:
            return self._store.digests(after)

    @property
    def forgotten(self) -> int:
        """Stamp, in nanoseconds; what is older was forgotten, and is refused."""
        return self._history.floor

    def settle(self) -> None:
        """Fold in what came too late: the whole journal anew, about a millisecond for each."""
        with self._lock:
            if self._history.pending:
                self._history.fold_anew()

    def status(self) -> MemoryStatus:
        """How the memory is doing."""
        with self._lock:
            store = self._store
            return MemoryStatus(
                self.origin.map_id,
                self.origin.stale,
                store.count(),
                self._graph.count(Thing),
                self._graph.count(Place),
                self._history.pending,
                self._history.ahead,
                store.unsaved,
                store.lost,
                store.problem,
                store.notice,
                self._history.newest(),
            )

    def forget(self, *, before: int | None = None, after: int | None = None) -> bool:
        """Forget what was observed in a stretch of time, as if it had not been.

        The rest is folded anew. Without `after`, what is older than `before` is refused from now
        on; with it, what is told again is remembered again.

        Args:
            before: stamp (nanoseconds) that it is older than.
            after: stamp that it is of, or newer.

        Returns:
            Whether the file forgot it, too; if not, `status` says why.

        Raises:
            StaleMemoryError: the memory is open to be read only.
            StretchError: neither is given, or the stretch is empty.
        """
        check_stretch(before, after)
        with self._lock:
            self._require_writable("forget")
            return self._history.forget(before, after)

    def clear(self) -> bool:
        """Forget everything; whether the file forgot it, too.

        Raises:
            StaleMemoryError: the memory is open to be read only.
        """
        with self._lock:
            self._require_writable("clear")
            return self._history.forget(None)

    def save(self) -> bool:
        """Settle and write all there is to the disk; whether that worked (see `status`)."""
        with self._lock:
            if not self._writable:
                return False
            self.settle()
            return self._history.snapshot()

    def close(self) -> None:
        """Save and let go of the file."""
        with self._lock:
            self.save()
            self._store.close()

    def __enter__(self) -> SceneMemory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_writable(self, what: str) -> None:
        if not self._writable:
            msg = f"can't {what}: this memory is open to be read only; open it with its own map_id"
            raise StaleMemoryError(msg)
