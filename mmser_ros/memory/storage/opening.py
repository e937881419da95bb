# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Open the store of a map, and never that of another one unawares."""

from __future__ import annotations

from pathlib import Path

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.results import Origin
from mmser_ros.memory.storage.store import Store


class MapMismatchError(MmserError):
    """What was given belongs to another map than this memory."""


def open_store(
    path: Path | None,
    origin: Origin,
    config: MemoryConfig,
    *,
    read_only: bool,
    or_stale: bool,
) -> tuple[Store, Origin]:
    """Open the store of a map, or begin one.

    Args:
        path: of the file; None keeps all in memory.
        origin: the map and the frame that a new store is of.
        config: of writing.
        read_only: never write.
        or_stale: open a store of another map, to be read only, instead of refusing it.

    Returns:
        The store, and what it is really of.

    Raises:
        MapMismatchError: the store is of another map.
        StoreError: the store is locked, of a later version, or not there to be read.
    """
    identity = {"map_id": origin.map_id, "frame": origin.frame}
    store = Store(path, identity, config, read_only=read_only)
    map_id, frame = store.meta("map_id") or origin.map_id, store.meta("frame") or origin.frame
    if map_id == origin.map_id:
        return store, Origin(map_id, frame, stale=False)
    store.close()
    if not or_stale:
        msg = (
            f"{path} is of the map {map_id!r}, not of {origin.map_id!r}; give another file, "
            "or open it stale to read what was known there"
        )
        raise MapMismatchError(msg)
    return Store(path, identity, config, read_only=True), Origin(map_id, frame, stale=True)
