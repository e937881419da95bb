# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a store says of itself, read before it is opened as a memory."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mmser_ros.memory.storage.sqlite_file import StoreError, connect


@dataclass(frozen=True)
class StoreFacts:
    """Of one file.

    Attributes:
        map_id: the map it is of.
        frame: of all positions and poses.
        schema: version of the file's tables.
        bytes: of the file and its log.
        observations: in the journal.
        robots: that observed, by name.
        first: stamp of the oldest observation, in nanoseconds; None if there is none.
        last: stamp of the newest one.
    """

    map_id: str
    frame: str
    schema: int
    bytes: int
    observations: int
    robots: tuple[str, ...]
    first: int | None
    last: int | None


def read_facts(path: Path) -> StoreFacts:
    """Check a file and read what it is of; another process may write to it.

    Raises:
        StoreError: it is not there, damaged, of a later version, or no store.
    """
    try:
        db = connect(path, read_only=True, lock=None).db
        assert db is not None  # a store that is opened to be read is open, or raised
        with closing(db):
            damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if damage != "ok":
                raise sqlite3.DatabaseError(damage)
            meta = dict(db.execute("SELECT name, value FROM meta"))
            counted = db.execute("SELECT COUNT(*), MIN(stamp), MAX(stamp) FROM journal").fetchone()
            robots = db.execute("SELECT DISTINCT robot FROM journal ORDER BY robot").fetchall()
            (schema,) = db.execute("PRAGMA user_version").fetchone()
            map_id, frame = (json.loads(meta[name]) for name in ("map_id", "frame"))
    except (sqlite3.DatabaseError, KeyError, ValueError) as error:
        msg = f"{path} can't be read as a scene memory ({error}); it is damaged, or another file"
        raise StoreError(msg) from error
    files = (path, path.with_name(path.name + "-wal"))
    size = sum(one.stat().st_size for one in files if one.exists())
    names = tuple(name for (name,) in robots)
    return StoreFacts(map_id, frame, schema, size, counted[0], names, *counted[1:])
