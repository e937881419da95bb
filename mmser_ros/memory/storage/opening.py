# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Opens the store of a map, and checks that it is of that map."""

from __future__ import annotations

from pathlib import Path

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.results import Origin
from mmser_ros.memory.storage.store import Store


class MapMismatchError(MmserError):
    """A store or an observation is of another map than the memory."""


def open_store(
    path: Path | None,
    origin: Origin,
    config: MemoryConfig,
    *,
    read_only: bool,
    or_stale: bool,
) -> tuple[Store, Origin]:
    """Open the store of a map, or create one.

    Args:
        path: of the file; None keeps everything in memory.
        origin: expected map, and frame of a new store.
        config: parameters of writing.
        read_only: never write.
        or_stale: open a store of another map read-only, in place of an error.

    Returns:
        The store, with its map and frame.

    Raises:
        MapMismatchError: the store is of another map.
        StoreError: the store is locked, of a later version, or missing and read-only.
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
            "or open it read-only with on_other_map='stale'"
        )
        raise MapMismatchError(msg)
    return Store(path, identity, config, read_only=True), Origin(map_id, frame, stale=True)
