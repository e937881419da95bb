# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The captions of a share as they are made: a file that goes on where a killed process stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""Values by the columns of a table; see `tables.COLUMNS`."""


class Part:
    """A file with a line of JSON for each batch, and a last one that says that it is complete.

    A line that a killed process has not finished is cut off.

    Args:
        path: of the file, which may not exist yet.

    Attributes:
        is_complete: whether all of the share has been captioned.
        num_rows: number of captions.
        num_failed: number of errors: of images, files and sources that got none.
        last: source and number of the last image with a caption; None without captions.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_complete, self.num_rows, self.num_failed = False, 0, 0
        self.last: tuple[str, int] | None = None
        end = 0
        for line in self._lines():
            end += len(line)
            self._count(json.loads(line))
        if path.exists() and path.stat().st_size > end:
            with path.open("r+b") as file:
                file.truncate(end)

    def add(self, rows: list[Row], num_failed: int, *, is_complete: bool = False) -> None:
        """Add the captions of a batch, and how many images failed since the one before."""
        batch = {"rows": rows, "num_failed": num_failed, "is_complete": is_complete}
        with self._path.open("ab") as file:
            file.write(json.dumps(batch, ensure_ascii=False).encode() + b"\n")
        self._count(batch)

    def rows(self) -> Iterator[Row]:
        """All captions, in order."""
        for line in self._lines():
            yield from json.loads(line)["rows"]

    def _count(self, batch: dict[str, Any]) -> None:
        rows = batch["rows"]
        self.num_rows += len(rows)
        self.num_failed += batch["num_failed"]
        self.is_complete = batch["is_complete"]
        if rows:
            self.last = rows[-1]["source"], rows[-1]["frame"]

    def _lines(self) -> Iterator[bytes]:
        """The whole lines of the file."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))
