# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables of captions as Parquet, JSON lines or CSV."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from mmser_ros.archive.parts import Row
from mmser_ros.core.errors import MmserError

COLUMNS = {
    "source": "string",
    "frame": "int64",
    "stamp_ns": "int64",
    "caption": "string",
    "initial_caption": "string",
    "confidence": "double",
    "model": "string",
    "passes": "int64",
    "ms": "double",
}
"""Types, as pyarrow names them, by name."""
ROW_GROUP = 16_384
"""Rows of a Parquet file that are in memory at a time."""


def is_table(path: Path) -> bool:
    """Whether the suffix of a path is one of a table."""
    return path.suffix.lower() in WRITERS


def check_table(path: Path) -> None:
    """Check that a table can be written there, before captions that take hours.

    Raises:
        MmserError: it is there already, or needs a package that is not installed.
    """
    if path.exists():
        msg = f"{path} is there already, and complete; delete it, or give --out another file"
        raise MmserError(msg)
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            msg = f"{path} needs pyarrow ({error}): pip install '.[parquet]', or give --out a "
            msg += "file ending in .jsonl or .csv"
            raise MmserError(msg) from error


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """Write rows to a file whose suffix is one of WRITERS; it appears when it is complete."""
    fresh = path.with_name(f"{path.name}.new")
    WRITERS[path.suffix.lower()](fresh, rows)
    os.replace(fresh, path)


def _write_parquet(path: Path, rows: Iterable[Row]) -> None:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    schema = pyarrow.schema(list(COLUMNS.items()))
    with ParquetWriter(path, schema) as writer:
        for group in _groups(rows):
            writer.write_table(pyarrow.Table.from_pylist(group, schema))


def _write_json_lines(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)


def _write_csv(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while group := list(islice(iterator, ROW_GROUP)):
        yield group


WRITERS = {".parquet": _write_parquet, ".jsonl": _write_json_lines, ".csv": _write_csv}
