# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SceneMemory: captions and poses in, answers about the scene out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import networkx as nx
import numpy as np

from mmser_ros.core.types import Camera, Caption, Observation, Pose
from mmser_ros.language.interfaces import CachedWords, Parser, Words, with_defaults
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.export import exported_graph
from mmser_ros.memory.fusion.fusion import Fusion
from mmser_ros.memory.fusion.projection import with_depth
from mmser_ros.memory.graph.records import Place
from mmser_ros.memory.graph.rooms import Room
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.observation_log import ObservationLog
from mmser_ros.memory.query import Embed, Filters, Query
from mmser_ros.memory.query_checks import check_time_range
from mmser_ros.memory.results import Match, MemoryStatus, Origin, RelationAnswer, Route
from mmser_ros.memory.storage.opening import open_store
from mmser_ros.memory.storage.serialization import normal_form
from mmser_ros.memory.where_to_look import WantedLook, wanted_looks


class SceneMemory:
    """Builds a scene graph from captions with poses, and answers questions from it.

    Examples:
        >>> from mmser_ros import Caption, Pose, SceneMemory
        >>> text = "a red mug on a table"
        >>> caption = Caption(text, text, confidence=0.9, refined=False, model="small", passes=1)
        >>> memory = SceneMemory.open(None, map_id="home")  # None: in memory, without a file
        >>> for second in (1, 11, 21):
        ...     _ = memory.observe(caption, second * 10**9, Pose((0.05 * second, 0.0, 0.0)))
        >>> [(match.label, match.attributes) for match in memory.find("red mug")]
        [('mug', ('red',))]

    The graph depends on the set of observations, not on their order. Thread-safe.
    """

    def __init__(self, graph: SceneGraph, query: Query, log: ObservationLog, robot: str) -> None:
        self._graph, self._query, self._log, self._robot = graph, query, log, robot
        self.words, self.config, self.origin = query.words, query.config, query.origin
        self._lock = threading.RLock()

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
        """Open a store, or create one.

        Args:
            path: of the file; None keeps everything in memory.
            map_id: name of the map that poses are in.
            on_other_map: refuse a store of another map, or open it read-only with stale answers.
            read_only: change nothing; another process may write meanwhile.
            config: parameters.
            parser: of captions; the default is CaptionParser.
            words: the default is Taxonomy.
            embed: sentence embeddings for `find`; the default is none.
            robot: name of the observing robot, unless `observe` gives another.
            frame: frame of poses, for a new store.
            clock: returns the time in nanoseconds, or None. Without a clock, observations after a
                long pause count only when more have come.

        Raises:
            MapMismatchError: the store is of another map.
            StoreError: the store is locked, of a later version, or missing and read-only.
        """
        parser, words = with_defaults(parser, words)
        config = config or MemoryConfig()
        file, wanted = Path(path) if path is not None else None, Origin(map_id, frame, stale=False)
        store, origin = open_store(
            file, wanted, config, read_only=read_only, or_stale=on_other_map == "stale"
        )
        graph, cached = SceneGraph(), CachedWords(words)
        fusion = Fusion(graph, parser, cached, config)
        log = ObservationLog(
            store, graph, fusion, config, origin,
            words=type(words).__name__, writable=not origin.stale and not read_only, clock=clock,
        )  # fmt: skip
        return cls(graph, Query(graph, parser, cached, config, origin, embed), log, robot)

    def observe(
        self,
        caption: Caption,
        stamp_ns: int,
        pose: Pose,
        *,
        camera: Camera | None = None,
        depth: np.ndarray | None = None,
        robot: str | None = None,
    ) -> Observation:
        """Add a caption.

        Args:
            caption: of an image.
            stamp_ns: of the image, in nanoseconds.
            pose: of the robot in the map at that stamp.
            camera: of the image; the default has the configured field of view.
            depth: (height, width) metres, registered to the image; 0 or non-finite is unknown.
            robot: name of the observing robot.

        Returns:
            The observation, to be sent to other robots.

        Raises:
            StaleMemoryError: the memory is read-only.
            ObservationError: a number is out of its range.
        """
        name, map_id = robot or self._robot, self.origin.map_id
        made = Observation(name, stamp_ns, caption, pose, map_id, camera=camera)
        observation = normal_form(with_depth(made, depth, self.config))
        self.add(observation)
        return observation

    def add(self, observation: Observation) -> bool:
        """Add an observation of any robot; False if it is a duplicate or forgotten.

        Raises:
            StaleMemoryError: the memory is read-only.
            MapMismatchError: the observation is of another map.
            ObservationError: a number is out of its range.
        """
        with self._lock:
            return self._log.add(normal_form(observation))

    def add_all(self, observations: Iterable[Observation]) -> int:
        """Add observations and apply pending ones; return the number of new ones."""
        with self._lock:
            count = sum(map(self.add, observations))
            self.apply_pending()
            return count

    def observations(self, since: int = 0, until: int | None = None) -> list[Observation]:
        """Observations from a stamp (nanoseconds) on and before another one, in order."""
        with self._lock:
            return self._log.observations(since, until)

    def digests(self, after: int = 0) -> list[tuple[int, int, str]]:
        """(number, stamp, digest) of the observations after a number, in order of arrival."""
        with self._lock:
            return self._log.digests(after)

    @property
    def forgotten(self) -> int:
        """Stamp (nanoseconds) before which observations are forgotten and refused."""
        return self._log.floor

    def apply_pending(self) -> None:
        """Rebuild the graph with observations that came later than `reorder_window` others."""
        with self._lock:
            self._log.apply_pending()

    def find(
        self,
        text: str = "",
        *,
        near: tuple[float, ...] | None = None,
        radius: float | None = None,
        place: str | None = None,
        since: int | None = None,
        until: int | None = None,
        k: int | None = 5,
        now: int | None = None,
    ) -> list[Match]:
        """Find objects, the best match first: "red mug", "the mug on the table".

        Args:
            text: a noun phrase; empty: any object; with a time also objects that are gone by now.
            near: (x, y) in metres; nearer objects score higher.
            radius: maximum distance from `near`, in metres.
            place: name of a place or a room, or the label of a room: "kitchen".
            since: stamp (nanoseconds); the object was detected then or later.
            until: stamp (nanoseconds); the object was detected then or earlier.
            k: maximum number of matches; None: all.
            now: stamp (nanoseconds) of the answer; the default is that of the newest observation.

        Raises:
            QueryError: there is no such place or room, or a number is not finite.
        """
        with self._lock:
            filters = Filters(near, radius, place, since, until)
            return self._query.find(text, self._now(now), filters, k)

    def objects(self, *, now: int | None = None) -> list[Match]:
        """All objects that are believed to be present, sorted by name."""
        with self._lock:
            return self._query.objects(self._now(now))

    def relations(self, of: Match | str, *, contradicted: bool = False) -> list[RelationAnswer]:
        """Relations of an object, the most probable first; on request contradicted ones, too.

        Raises:
            QueryError: there is no such object.
        """
        with self._lock:
            return self._query.relations(of, contradicted=contradicted)

    def path_to(self, match: Match | str, start: Pose | str | None = None) -> Route | None:
        """Route over places where robots drove, to the pose that faces an object; None if unknown.

        Args:
            match: or the name of an object.
            start: a pose, or the name of a robot; the default is this robot.

        Raises:
            QueryError: there is no such object or robot, or the start is not finite.
        """
        with self._lock:
            return self._query.path_to(match, self._robot if start is None else start)

    def where_to_look(self, questions: Iterable[str] = (), *, k: int = 10) -> list[WantedLook]:
        """Poses from which a look would settle most doubts; `questions` should get answers."""
        with self._lock:
            return wanted_looks(self._graph, self._query, self._now(None), questions, k)

    def rooms(self) -> dict[str, Room]:
        """Rooms by name."""
        with self._lock:
            return dict(self._query.rooms.all())

    def places(self) -> dict[str, Place]:
        """Places by name."""
        with self._lock:
            return dict(self._graph.nodes(Place))

    def graph(self, *, now: int | None = None) -> nx.MultiDiGraph:
        """The graph of rooms, places, objects and robots; see `export.exported_graph`."""
        with self._lock:
            return exported_graph(self._graph, self._query, self._now(now))

    def status(self) -> MemoryStatus:
        """Status of the memory."""
        with self._lock:
            return self._log.status()

    def forget(self, *, before: int | None = None, after: int | None = None) -> bool:
        """Forget the observations of a time range and rebuild the graph from the rest.

        Args:
            before: stamp (nanoseconds); older ones are forgotten, and alone also refused later.
            after: stamp (nanoseconds); observations of this stamp or newer are forgotten.

        Returns:
            Whether they are deleted from the file, too; if not, `status` says why.

        Raises:
            StaleMemoryError: the memory is read-only.
            TimeRangeError: neither is given, or the range is empty.
        """
        check_time_range(before, after)
        with self._lock:
            return self._log.forget(before, after)

    def clear(self) -> bool:
        """Forget everything, as `forget` does."""
        with self._lock:
            return self._log.forget(None)

    def save(self) -> bool:
        """Apply pending observations and write the graph; whether that worked (see `status`)."""
        with self._lock:
            return self._log.save()

    def close(self) -> None:
        """Save, and close the file."""
        with self._lock:
            self.save()
            self._log.close()

    def __enter__(self) -> SceneMemory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _now(self, now: int | None) -> int:
        return now if now is not None else self._log.newest() or 0
