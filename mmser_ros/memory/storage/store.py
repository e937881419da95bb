# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The journal of observations and the snapshot of the graph, in one SQLite file."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mmser_ros.core.types import Observation
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.graph.records import Agent, Object, Place, Relation
from mmser_ros.memory.graph.records import Path as PathRecord
from mmser_ros.memory.graph.scene_graph import Record, Slot
from mmser_ros.memory.storage.serialization import Key, Moment, decode, dumps
from mmser_ros.memory.storage.sqlite_file import StoreError, connect, set_aside

logger = logging.getLogger(__name__)


RECORDS: dict[str, type[Record]] = {
    one.__name__: one for one in (Agent, PathRecord, Place, Relation, Object)
}
Entry = tuple[Key, Observation]


class Store:
    """A journal with every observation, and a snapshot of the graph that may be older.

    Each append is one transaction in write-ahead mode: a killed process loses no observation that
    `append` returned from. A snapshot is synced to the disk with everything before it: a power cut
    loses only later observations.

    If the disk can't be written (full, read-only), observations stay in memory, `problem` says why,
    and later calls try again. A damaged file is renamed, never overwritten.

    Args:
        path: of the file; None keeps everything in memory.
        identity: named values of a new file, such as the map.
        config: `write_retry_period` and `max_unsaved`.
        read_only: never write.
    """

    def __init__(
        self,
        path: Path | None,
        identity: Mapping[str, str],
        config: MemoryConfig,
        *,
        read_only: bool,
    ) -> None:
        self._path, self._identity, self._read_only = path, identity, read_only
        self._pause, self._limit = config.write_retry_period, config.max_unsaved
        self._unsaved: dict[str, tuple[Key, bytes]] = {}
        self._tried = -float("inf")
        self._writable = False
        self.problem = ""
        """Why the last attempt to write failed; empty if it worked."""
        self.notice = ""
        """A message for the user from opening the store; empty if there is none."""
        self.lost = 0
        """Observations that were dropped because the disk could not be written."""
        self._lock: Any = None
        self._db: sqlite3.Connection | None = None
        self._connect()

    @property
    def unsaved(self) -> int:
        """Observations that are not yet written."""
        return len(self._unsaved)

    def meta(self, name: str) -> Any:
        """A named value; None if it is not set."""
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        return json.loads(rows[0][0]) if rows else None

    def set_meta(self, name: str, value: Any) -> bool:
        """Write a named value; whether that worked."""
        row = (name, json.dumps(value))
        return self._write([("INSERT OR REPLACE INTO meta VALUES (?, ?)", [row])])

    def knows(self, digest: str) -> bool:
        """Whether an observation is in the journal, written or not."""
        query = "SELECT 1 FROM journal WHERE digest = ?"
        return digest in self._unsaved or bool(self._rows(query, (digest,)))

    def append(self, key: Key, text: str) -> None:
        """Add an observation to the journal, in the format of `serialization.dumps`."""
        self._unsaved[key[2]] = (key, zlib.compress(text.encode(), 1))
        if len(self._unsaved) > self._limit:
            del self._unsaved[next(iter(self._unsaved))]
            self.lost += 1
        if not self.problem or time.monotonic() - self._tried >= self._pause:
            self.flush()

    def flush(self) -> bool:
        """Write all unsaved observations; whether that worked."""
        if self._unsaved:
            rows = [(*key, body) for key, body in self._unsaved.values()]
            columns = "(stamp, robot, digest, body) VALUES (?,?,?,?)"
            if self._write([(f"INSERT OR IGNORE INTO journal {columns}", rows)]):
                self._unsaved.clear()
        return not self._unsaved

    def journal(self, start: Moment) -> Iterator[Entry]:
        """Yield the observations from a moment on in the order of keys, also unsaved ones."""
        query = (
            "SELECT stamp, robot, digest, body FROM journal WHERE (stamp, robot) >= (?, ?) "
            "ORDER BY 1, 2, 3"
        )
        self.flush()
        waiting = sorted(one for one in self._unsaved.values() if one[0][:2] >= start)
        rows = self._db.execute(query, start) if self._db is not None else ()
        for stamp, robot, digest, body in rows:
            while waiting and waiting[0][0] < (stamp, robot, digest):
                yield _entry(*waiting.pop(0))
            yield _entry((stamp, robot, digest), body)
        for key, body in waiting:
            yield _entry(key, body)

    def digests(self, after: int = 0) -> list[tuple[int, int, str]]:
        """(arrival, stamp, digest) of the written observations after an arrival number."""
        query = "SELECT arrival, stamp, digest FROM journal WHERE arrival > ? ORDER BY arrival"
        return self._rows(query, (after,))

    def newest(self, count: int) -> list[int]:
        """The newest `count` stamps, sorted; also unsaved ones."""
        rows = self._rows("SELECT stamp FROM journal ORDER BY stamp DESC LIMIT ?", (count,))
        waiting = (key[0] for key, _ in self._unsaved.values())
        return sorted([*(stamp for (stamp,) in rows), *waiting])[-count:]

    def arrivals(self) -> int:
        """Arrival number of the last written observation."""
        return int(self._rows("SELECT COALESCE(MAX(arrival), 0) FROM journal")[0][0])

    def late(self, boundary: Moment, arrivals: int) -> int:
        """Number of observations after an arrival number that are not after `boundary`."""
        query = "SELECT COUNT(*) FROM journal WHERE arrival > ? AND (stamp, robot) <= (?, ?)"
        return int(self._rows(query, (arrivals, *boundary))[0][0])

    def count(self) -> int:
        """Number of observations in the journal, also unsaved ones."""
        rows = self._rows("SELECT COUNT(*) FROM journal")
        return len(self._unsaved) + (int(rows[0][0]) if rows else 0)

    def save_state(
        self, records: Iterable[tuple[Slot, Record | None]], about: Any, *, whole: bool = False
    ) -> bool:
        """Write records of the graph and `about` in one transaction, and sync to the disk.

        Args:
            records: by slot; None deletes a record.
            about: description of the snapshot.
            whole: these are all records; delete the others.
        """
        if not self.flush():
            return False
        keep, drop = [], []
        for slot, record in records:
            if record is None:
                drop.append((json.dumps(slot),))
            else:
                keep.append((json.dumps(slot), type(record).__name__, dumps(record)))
        steps: list[tuple[str, list[Any]]] = [("DELETE FROM state", [()])] if whole else []
        steps.append(("DELETE FROM state WHERE slot = ?", drop))
        steps.append(("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", keep))
        row = ("snapshot", json.dumps({**about, "arrivals": self.arrivals()}))
        steps.append(("INSERT OR REPLACE INTO meta VALUES (?, ?)", [row]))
        return self._write(steps, sync=True)

    def load_state(self) -> Iterator[tuple[Slot, Record]]:
        """Yield the records of the snapshot, nodes before edges."""
        rows = self._rows("SELECT slot, kind, record FROM state")
        slots = sorted((len(json.loads(row[0])), row) for row in rows)
        for _, (slot, kind, record) in slots:
            yield tuple(json.loads(slot)), decode(RECORDS[kind], json.loads(record))

    def forget(self, before: int | None, after: int | None) -> bool:
        """Delete the observations of a time range, and the snapshot.

        Args:
            before: stamp (nanoseconds) after the end of the range; None: no end.
            after: first stamp (nanoseconds) of the range; None: no start.
        """
        end = before if before is not None else 2**63 - 1
        start = after if after is not None else -(2**63)
        self._unsaved = {
            digest: (key, body)
            for digest, (key, body) in self._unsaved.items()
            if not start <= key[0] < end
        }
        return self._write(
            [
                ("DELETE FROM journal WHERE stamp >= ? AND stamp < ?", [(start, end)]),
                ("DELETE FROM state", [()]),
                ("DELETE FROM meta WHERE name = 'snapshot'", [()]),
            ],
            sync=True,
        )

    def close(self) -> None:
        """Write unsaved observations and close the file."""
        self.flush()
        if self._db is not None:
            self._db.close()
            self._db = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _connect(self) -> None:
        try:
            opened = connect(self._path, read_only=self._read_only, lock=self._lock)
        except sqlite3.DatabaseError as error:
            if self._path is None or self._read_only:
                msg = f"{self._path} is damaged ({error}); restore a copy"
                raise StoreError(msg) from error
            self._lock = None
            self.notice = f"{self._path} is damaged ({error}); kept as {set_aside(self._path)}"
            logger.error(self.notice)
            opened = connect(self._path, read_only=False, lock=self._lock)
        self._db, self._lock, self._writable, self.problem = opened
        if opened.db is not None and opened.writable:
            rows = [(name, json.dumps(value)) for name, value in self._identity.items()]
            self._write([("INSERT OR IGNORE INTO meta VALUES (?, ?)", rows)])

    def _rows(self, query: str, values: tuple = ()) -> list[Any]:
        return self._db.execute(query, values).fetchall() if self._db is not None else []

    def _write(self, steps: list[tuple[str, list[Any]]], *, sync: bool = False) -> bool:
        if self._read_only:
            return False
        self._tried = time.monotonic()
        try:
            if not self._writable:
                self._reconnect()
            if self._db is None or not self._writable:
                return False
            self._db.execute(f"PRAGMA synchronous = {'FULL' if sync else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for statement, rows in steps:
                    self._db.executemany(statement, rows)
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except (sqlite3.DatabaseError, StoreError) as error:
            if not self.problem:
                logger.error("%s can't be written: %s; going on from memory", self._path, error)
            self.problem = f"{self._path} can't be written: {error}"
            return False
        if self.problem:
            logger.warning("%s is written again", self._path)
        self.problem = ""
        return True

    def _reconnect(self) -> None:
        """Try to open the file for writing again; reading still works if that fails."""
        old = self._db
        self._connect()
        if old is not None:
            old.close()


def _entry(key: Key, body: bytes) -> Entry:
    try:
        return key, decode(Observation, json.loads(zlib.decompress(body)))
    except (zlib.error, KeyError, TypeError, ValueError) as error:
        msg = f"the observation {key[2]} of the journal is damaged ({error}); restore a copy"
        raise StoreError(msg) from error
