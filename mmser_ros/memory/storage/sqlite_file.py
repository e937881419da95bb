# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The SQLite file of a store: its schema, connection, lock, and damaged files."""

from __future__ import annotations

import fcntl
import sqlite3
from pathlib import Path
from typing import IO, Any, NamedTuple

from mmser_ros.memory.storage.store_path import StoreError, damage_at

MIGRATIONS = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE journal (
        arrival INTEGER PRIMARY KEY AUTOINCREMENT,
        stamp INTEGER NOT NULL,
        robot TEXT NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        body BLOB NOT NULL
    );
    CREATE INDEX journal_order ON journal (stamp, robot, digest);
    CREATE TABLE state (
        slot TEXT PRIMARY KEY, kind TEXT NOT NULL, record TEXT NOT NULL
    ) WITHOUT ROWID;
    """,
)
"""Each script migrates a file from the version of its index to the next one."""
LOG_PAGES = 256
"""Maximum pages (4 KiB) of the log before a checkpoint."""
_OPTIONS: dict[str, Any] = {"isolation_level": None, "check_same_thread": False, "timeout": 2.0}


class Opened(NamedTuple):
    """Result of `connect`.

    Attributes:
        db: None if the file could not be opened.
        lock: held while this process may write.
        writable: whether the file can be written.
        problem: why it can't be written; empty if it can.
    """

    db: sqlite3.Connection | None
    lock: IO[bytes] | None
    writable: bool
    problem: str


def connect(path: Path | None, *, read_only: bool, lock: IO[bytes] | None) -> Opened:
    """Open a store for writing if possible, else for reading.

    Args:
        path: None for a store in memory.
        read_only: open it for reading only.
        lock: a lock that this process already holds.

    Raises:
        StoreError: the path has another type of file, another process writes to the store, it is of
            a later version, or it is missing and `read_only`.
        sqlite3.DatabaseError: the file is damaged.
    """
    if path is None:
        return Opened(_prepared(sqlite3.connect(":memory:", **_OPTIONS)), None, True, "")
    damage = damage_at(path)
    if read_only:
        if not path.exists():
            msg = f"{path} does not exist; give the file of a scene memory"
            raise StoreError(msg)
        if damage:
            raise sqlite3.DatabaseError(damage)
        return Opened(_reader(path), None, False, "")
    problem = ""
    try:
        _make_folder(path.parent)
        lock = lock or _locked(path)
        if damage:
            raise sqlite3.DatabaseError(damage)
        return Opened(_prepared(sqlite3.connect(path, **_OPTIONS)), lock, True, "")
    except (sqlite3.OperationalError, OSError) as error:
        problem = f"{path} can't be written: {error}"
    except (sqlite3.DatabaseError, StoreError):
        if lock is not None:
            lock.close()
        raise
    try:
        return Opened(_reader(path), lock, False, problem)
    except sqlite3.OperationalError:
        return Opened(None, lock, False, problem)


def _reader(path: Path) -> sqlite3.Connection:
    """Open read-only; if the index of the log can't be created, open the file without its log."""
    failure = sqlite3.OperationalError("can't be read")
    for mode in ("mode=ro", "immutable=1"):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, **_OPTIONS)
        try:
            db.execute("SELECT COUNT(*) FROM meta")
        except sqlite3.OperationalError as error:
            db.close()
            failure = error
        else:
            _check_version(db)
            return db
    raise failure


def _check_version(db: sqlite3.Connection) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        msg = (
            f"the store has schema version {version}, this package knows up to {len(MIGRATIONS)}; "
            "install the version of mmser_ros that wrote it, or a later one"
        )
        raise StoreError(msg)
    return version


def _prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        version = _check_version(db)
        damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise sqlite3.DatabaseError(damage)
        for number in range(version, len(MIGRATIONS)):
            script = f"BEGIN; {MIGRATIONS[number]}; PRAGMA user_version = {number + 1}; COMMIT;"
            db.executescript(script)
    except (sqlite3.DatabaseError, StoreError):
        db.close()
        raise
    return db


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        missing = f"is not there, and can't be made ({error.strerror})"
        msg = f"the folder {folder} {'is no folder' if folder.exists() else missing}"
        raise OSError(msg) from error


def _locked(path: Path) -> IO[bytes]:
    try:  # "ab" never truncates a file of the user
        lock = path.with_name(path.name + ".lock").open("ab")
    except OSError as error:
        msg = f"no file can be made in the folder {path.parent} ({error.strerror})"
        raise OSError(msg) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        msg = f"another process writes to {path}; stop it, or open read-only"
        raise StoreError(msg) from None
    return lock


def set_aside(path: Path) -> Path:
    """Rename a damaged file and the files of SQLite beside it to a free name."""
    number = 1
    while (kept := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept
