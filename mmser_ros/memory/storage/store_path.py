# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks the path of a store: other types of files are refused and not changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mmser_ros.core.errors import MmserError

MAGIC = b"SQLite format 3\0"
TABLES = frozenset({"meta", "journal", "state"})
MARK = b"CREATE TABLE journal ("
"""Text in the first page of every store, in the schema."""
PAGE = 4096
"""Size of a page, in bytes."""
NAMED = 5
"""Maximum files or tables that a message lists."""


class StoreError(MmserError):
    """A store can't be opened in the requested way."""


def damage_at(path: Path) -> str:
    """The damage of the store at a path, by its first page; empty if there is none.

    A missing or empty file is not damaged: a store can be created there.

    Raises:
        StoreError: the path has another type of file, or is invalid.
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
        return _check_damage(path, str(error))
    except PermissionError:  # reported when the file is opened
        return ""
    except OSError as error:
        msg = f"{path} can't be a scene memory: {error.strerror}; give another path"
        raise StoreError(msg) from error
    if not tables:  # SQLite also finds no table in a very short file of another type
        return _check_damage(path, "")
    if not tables >= TABLES:
        names = ", ".join(sorted(tables)[:NAMED])
        raise _other(path, f"a database of another program, with the tables {names}")
    return ""


def _check_damage(path: Path, error: str) -> str:
    """Check whether a file with an error or without tables is a damaged store."""
    try:
        # Only here: closing the file would release the locks of SQLite in this process.
        with path.open("rb") as file:
            head = file.read(PAGE)
    except OSError:  # reported when the file is opened for writing
        return ""
    if not (MARK in head if error else head.startswith(MAGIC)):
        raise _other(path, f"no database ({error or 'it is too short'})")
    return error


def _tables(path: Path) -> set[str]:
    """Names of the tables in the file, or, if there are none, in its log."""
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
