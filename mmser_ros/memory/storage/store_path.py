# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What lies at the path of a store: anything else is refused, and left as it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mmser_ros.core.errors import MmserError

MAGIC = b"SQLite format 3\0"
TABLES = frozenset({"meta", "journal", "state"})
MARK = b"CREATE TABLE journal ("
"""In the first page of every store, where its tables are described."""
PAGE = 4096
"""Bytes."""
NAMED = 5
"""Stores of a folder, or tables of a database, that a message names at most."""


class StoreError(MmserError):
    """A store can't be opened, or not in the way that was asked."""


def damage_at(path: Path) -> str:
    """How the store at a path is damaged, as far as its first page shows; empty: not at all.

    Nothing, and an empty file, is not damaged: a store can begin there.

    Raises:
        StoreError: there is something else, or nothing can be at such a path.
    """
    if "\0" in str(path):
        msg = f"{str(path)!r} can't be a scene memory: it has a zero byte; give another path"
        raise StoreError(msg)
    try:
        if not path.exists():
            return ""
        if path.is_dir():
            stores = sorted(one.name for one in path.glob("*.sqlite"))[:NAMED]
            raise _other(path, f"a folder (stores in it: {', '.join(stores) or 'none'})")
        if not path.is_file():
            raise _other(path, "no regular file")
        if not path.stat().st_size:
            return ""
        tables = _tables(path)
    except sqlite3.DatabaseError as error:
        return _judge(path, str(error))
    except PermissionError:  # opening it will say so, too
        return ""
    except OSError as error:
        msg = f"{path} can't be a scene memory: {error.strerror}; give another path"
        raise StoreError(msg) from error
    if not tables:  # so it is, too, for SQLite where a file is a few bytes of anything
        return _judge(path, "")
    if not tables >= TABLES:
        names = ", ".join(sorted(tables)[:NAMED])
        raise _other(path, f"a database of another program, with the tables {names}")
    return ""


def _judge(path: Path, error: str) -> str:
    """Whether what SQLite has an error for, or finds no table in, is a store."""
    try:
        # Only here, as closing it would end the locks that SQLite has on it in this process.
        with path.open("rb") as file:
            head = file.read(PAGE)
    except OSError:  # opening it to write will say so, too
        return ""
    if not (MARK in head if error else head.startswith(MAGIC)):
        raise _other(path, f"no database ({error or 'it is too short'})")
    return error


def _tables(path: Path) -> set[str]:
    """Names of the tables; where the file has none yet, of those in its log."""
    log = path.with_name(path.name + "-wal")
    modes = ["immutable=1", *(["mode=ro"] if log.exists() else [])]
    found: set[str] = set()
    for mode in modes:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as db:
            found |= {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        if found:
            break
    return found


def _other(path: Path, what: str) -> StoreError:
    msg = f"{path} can't be read as a scene memory: it is {what}. It was left as it is; "
    return StoreError(msg + "give another file, or a path where there is none")
