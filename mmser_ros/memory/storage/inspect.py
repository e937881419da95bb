# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads information on a store without opening it as a memory."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mmser_ros.memory.storage.sqlite_file import StoreError, connect


@dataclass(frozen=True)
class StoreInfo:
    """Information on a store.

    Attributes:
        map_id: map of the store.
        frame: of all positions and poses.
        schema: version of the tables.
        bytes: size of the file and its log.
        observations: number of observations in the journal.
        robots: names of the observing robots, sorted.
        first: stamp of the oldest observation, in nanoseconds; None if there is none.
        last: stamp of the newest observation, in nanoseconds; None if there is none.
    """

    map_id: str
    frame: str
    schema: int
    bytes: int
    observations: int
    robots: tuple[str, ...]
    first: int | None
    last: int | None


def read_store_info(path: Path) -> StoreInfo:
    """Check a store and read its information; another process may write meanwhile.

    Raises:
        StoreError: the file is missing, damaged, of a later version, or not a store.
    """
    try:
        db = connect(path, read_only=True, lock=None).db
        assert db is not None  # connect() opens it or raises
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
        msg = f"{path} can't be read as a scene memory ({error}); it is damaged, or of another type"
        raise StoreError(msg) from error
    files = (path, path.with_name(path.name + "-wal"))
    size = sum(one.stat().st_size for one in files if one.exists())
    names = tuple(name for (name,) in robots)
    return StoreInfo(map_id, frame, schema, size, counted[0], names, *counted[1:])
