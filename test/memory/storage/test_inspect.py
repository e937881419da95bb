# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a store says of itself."""

import sqlite3

import pytest

from benchmarks.made_scenes import open_memory, view
from mmser_ros.core.types import SECOND
from mmser_ros.memory.storage.inspect import read_store_info
from mmser_ros.memory.storage.sqlite_file import StoreError


@pytest.fixture
def path(tmp_path):
    with open_memory(tmp_path / "home.sqlite", frame="odom") as memory:
        memory.add_all([view("a mug", 20, robot="b"), view("a mug", 10, robot="a")])
    return tmp_path / "home.sqlite"


def test_facts_of_a_store_that_is_being_written(path):
    size = path.stat().st_size
    with open_memory(path) as memory:
        memory.add(view("a bowl", 30, robot="b"))
        facts = read_store_info(path)
    assert (facts.map_id, facts.frame, facts.schema) == ("home", "odom", 1)
    assert (facts.observations, facts.robots) == (3, ("a", "b"))
    assert (facts.first, facts.last) == (10 * SECOND, 30 * SECOND)
    assert facts.bytes > size  # with its log


def test_an_empty_store_has_no_stamps(tmp_path):
    open_memory(tmp_path / "new.sqlite").close()
    facts = read_store_info(tmp_path / "new.sqlite")
    assert (facts.observations, facts.robots, facts.first, facts.last) == (0, (), None, None)


def test_other_files_are_refused_and_left_alone(path, tmp_path):
    data = path.read_bytes()
    damaged = {"cut": data[:8192], "text": b"a mug" * 1000, "empty": b"", "hole": bytearray(data)}
    damaged["hole"][4096:] = bytes(len(data) - 4096)
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StoreError, match=f"{name} can't be read as a scene memory"):
            read_store_info(tmp_path / name)
        assert (tmp_path / name).read_bytes() == content
    sqlite3.connect(tmp_path / "other").execute(
        "CREATE TABLE meta (name, value)"
    ).connection.close()
    with pytest.raises(StoreError, match="another file"):
        read_store_info(tmp_path / "other")
    with pytest.raises(StoreError, match="does not exist"):
        read_store_info(tmp_path / "gone")


def test_a_later_version_is_named(path):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(StoreError, match="schema version 9"):
        read_store_info(path)
