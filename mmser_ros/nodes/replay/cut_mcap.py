# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An MCAP file without an end, as a crash leaves it, read as far as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from mcap.records import Channel, Message, Schema
from mcap.stream_reader import StreamReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from mmser_ros.core.errors import MmserError


class CutMcapError(MmserError):
    """There is nothing to read in a file."""


class CutMcap:
    """Reads records one after the other, up to the first that is damaged or not whole.

    Args:
        file: an MCAP file, of any length.
        say: told how far it goes.

    Attributes:
        topics: types by topic.
        start: nanoseconds of its first message.

    Raises:
        CutMcapError: it has no whole message.
    """

    def __init__(self, file: Path, say: Callable[[str], None]) -> None:
        self._file = file
        self._end: BaseException | None = None
        self._channels: dict[int, tuple[str, str]] = {}
        names: dict[int, str] = {}
        types: dict[str, Any] = {}
        moments: list[int] = []
        self._counts: Counter[str] = Counter()
        for record in self._records():
            if isinstance(record, Schema):
                names[record.id] = record.name
                if record.encoding == "ros2msg":
                    types.update(get_types_from_msg(record.data.decode(), record.name))
            elif isinstance(record, Channel):
                self._channels[record.id] = (record.topic, names.get(record.schema_id, ""))
            elif isinstance(record, Message):
                self._counts[self._channels.get(record.channel_id, ("", ""))[0]] += 1
                moments = [min([*moments, record.log_time]), max([*moments, record.log_time])]
        if not moments:
            msg = f"{file} has no whole message in its {file.stat().st_size} bytes ({self._end!r})"
            raise CutMcapError(msg)
        self.topics = dict(self._channels.values())
        self.start = moments[0]
        self._store = get_typestore(Stores.EMPTY if types else Stores.ROS2_JAZZY)
        if types:
            self._store.register(types)
        say(
            f"the end of {file}, which was cut off: it is read up to {moments[1] / 1e9:.3f} s, "
            f"{(moments[1] - moments[0]) / 1e9:.1f} s after its first message, "
            f"{self._counts.total()} messages; `mcap recover {file.name} -o mended.mcap` makes a "
            "whole file of it"
        )

    def count(self, topic: str) -> int:
        """The number of messages of a topic."""
        return self._counts[topic]

    def messages(self, topic: str) -> Iterator[tuple[int, Callable[[], Any]]]:
        """The messages of a topic with the time they were recorded, in nanoseconds."""
        for record in self._records():
            if isinstance(record, Message):
                name, kind = self._channels.get(record.channel_id, ("", ""))
                if name == topic:
                    yield record.log_time, partial(self._store.deserialize_cdr, record.data, kind)

    def _records(self) -> Iterator[Any]:
        size = self._file.stat().st_size
        with self._file.open("rb") as stream:
            # No record is longer than its file, whatever it says of itself.
            reader = StreamReader(stream, validate_crcs=True, record_size_limit=size)
            records = reader.records
            while True:
                try:
                    record = next(records)
                except StopIteration:
                    return
                except Exception as error:  # what half a record does to a reader can't be foreseen
                    self._end = error
                    return
                yield record
