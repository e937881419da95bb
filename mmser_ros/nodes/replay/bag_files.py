# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of rosbag2, whole or not: without metadata, split, or cut off by a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from mmser_ros.core.errors import MmserError
from mmser_ros.nodes.replay.cut_mcap import CutMcap

SUFFIXES = (".mcap", ".db3")
COMPRESSED = ".zstd"
Say = Callable[[str], None]
"""Told in words of what can't be read."""
Decode = Callable[[], Any]
"""Gives a message, or raises."""


class SourceError(MmserError):
    """Nothing can be replayed from what was given."""


class Part(Protocol):
    """A recording, or one file of it."""

    topics: dict[str, str]
    """Types by topic."""
    start: int
    """Nanoseconds of its first message."""

    def count(self, topic: str) -> int:
        """The number of messages of a topic."""

    def messages(self, topic: str) -> Iterator[tuple[int, Decode]]:
        """The messages of a topic with the time they were recorded, in nanoseconds."""


class WholePart:
    """A part that rosbags can read, with its open reader."""

    def __init__(self, reader: AnyReader) -> None:
        self._reader = reader
        self.topics = {one.topic: one.msgtype for one in reader.connections}
        self.start = reader.start_time

    def count(self, topic: str) -> int:
        """See Part."""
        return sum(one.msgcount for one in self._reader.connections if one.topic == topic)

    def messages(self, topic: str) -> Iterator[tuple[int, Decode]]:
        """See Part."""
        connections = [one for one in self._reader.connections if one.topic == topic]
        for connection, moment, data in self._reader.messages(connections):
            yield moment, partial(self._reader.deserialize, data, connection.msgtype)


class Bag:
    """The parts of a recording, one after the other.

    Args:
        path: of it.
        parts: in any order.
        say: told where a part ends too early.

    Attributes:
        topics: types by topic.
    """

    def __init__(self, path: Path, parts: list[Part], say: Say) -> None:
        self._path = path
        self._parts, self._say = sorted(parts, key=lambda one: one.start), say
        self.topics = {topic: kind for one in parts for topic, kind in one.topics.items()}

    def count(self, topic: str) -> int:
        """The number of messages of a topic, readable or not."""
        return sum(one.count(topic) for one in self._parts)

    def messages(self, topic: str) -> Iterator[tuple[int, Decode]]:
        """The messages of a topic, as far as they can be read.

        Raises:
            SourceError: there are some, and none can be read.
        """
        count, failure = 0, None
        for part in self._parts:
            moment = part.start
            try:
                for moment, decode in part.messages(topic):
                    count += 1
                    yield moment, decode
            except Exception as error:  # in a damaged bag the reader fails with whatever comes
                failure = error
                after = (moment - part.start) / 1e9
                self._say(f"what comes {after:.1f} s after the start of a part of it: {error}")
        if failure is not None and not count:
            msg = f"{self._path} can't be read as a bag: of {topic} comes {failure}; is it damaged?"
            raise SourceError(msg) from failure


def bag_of(path: Path) -> Path | None:
    """What to open with `open_bag` for a rosbag2 folder, an .mcap or a .db3 file; else None."""
    if path.suffix == ".db3" and (path.parent / "metadata.yaml").is_file():
        return path.parent
    if path.is_dir():
        whole = (path / "metadata.yaml").is_file() or _files(path)
        return path if whole else None
    return path if path.suffix in SUFFIXES else None


@contextmanager
def open_bag(path: Path, say: Say = lambda _: None) -> Iterator[Bag]:
    """Read a bag, of ROS 2 Jazzy's messages where it doesn't say.

    Args:
        path: folder or file.
        say: told what can't be read.

    Raises:
        SourceError: nothing of it can be read.
    """
    with ExitStack() as stack:
        yield Bag(path, _parts(path, say, stack), say)


def _parts(path: Path, say: Say, stack: ExitStack) -> list[Part]:
    """What can be read of a bag: the whole of it, or else its files one by one."""
    if path.is_file() or (path / "metadata.yaml").is_file():
        try:
            return [_whole(path, stack)]
        except Exception as error:  # as above
            failure: Exception = error
            if path.is_dir():
                say(f"{path} as a whole ({error}), but its files are read one by one")
    else:
        failure = SourceError("it has no metadata.yaml")
    parts: list[Part] = []
    for file in [path] if path.is_file() else _files(path):
        try:
            parts.append(_part(file, say, stack))
        except Exception as error:
            failure = error
            say(f"{file}: {error}")
    if not parts:
        hint = "is it damaged? Of a .db3 `sqlite3 FILE .recover` may save something"
        if path.is_dir() and any(path.glob(f"*{COMPRESSED}")):
            hint = "its files are compressed: `ros2 bag reindex` makes the metadata that they need"
        msg = f"{path} can't be read as a bag: {failure}; {hint}"
        raise SourceError(msg) from failure
    return parts


def _files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.suffix in SUFFIXES)


def _whole(path: Path, stack: ExitStack) -> WholePart:
    reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
    return WholePart(stack.enter_context(reader))


def _part(file: Path, say: Say, stack: ExitStack) -> Part:
    try:
        return _whole(file, stack)
    except Exception:
        if file.suffix != ".mcap":
            raise
        return CutMcap(file, say)
