# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the disk does to a memory: kills, full and read-only disks, damage, versions, maps."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import networkx as nx
import pytest

from benchmarks import endless
from benchmarks.made_scenes import around, labels, open_memory, remember, view
from mmser_ros.memory.observation_log import StaleMemoryError
from mmser_ros.memory.storage import sqlite_file
from mmser_ros.memory.storage.opening import MapMismatchError
from mmser_ros.memory.storage.sqlite_file import StoreError

ROOT = Path(__file__).parents[3]
OBJECTS = [("mug", (2.0, 0.0, 0.3))]
VIEWS = around("a mug", OBJECTS)
MORE = around("a mug and a book", [*OBJECTS, ("book", (2.0, 0.9, 0.3))], start=100.0)


def test_a_killed_process_loses_nothing_it_had_answered_for(tmp_path):
    path = tmp_path / "home.sqlite"
    for wanted in (3, 45, 110):
        command = [sys.executable, "-m", "benchmarks.endless", str(path)]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        lines = (int(line) for line in child.stdout)
        acknowledged = next(number for number in lines if number >= wanted)
        child.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *lines])
        child.wait()
        with open_memory(path, **endless.OPTIONS) as memory:
            kept = memory.status().observations
            assert acknowledged <= kept <= acknowledged + 1
            fresh = remember(*islice(endless.views(), kept), **endless.OPTIONS)
            assert nx.utils.graphs_equal(memory.graph(), fresh.graph())


@contextmanager
def full_disk():
    """No file of this process may grow any more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_and_survived(tmp_path):
    path = tmp_path / "home.sqlite"
    memory = remember(*VIEWS, path=path, write_retry_period=0.0)
    with full_disk():
        memory.add_all(MORE)
        assert "can't be written" in memory.status().problem
        assert memory.status().unsaved == len(MORE)
        assert labels(memory.objects()) == ["book", "mug"]
        assert not memory.save()
        assert not memory.add(MORE[0])
    memory.add(view("a wall", 500))
    assert (memory.status().problem, memory.status().unsaved) == ("", 0)
    memory.close()
    with open_memory(path) as again:
        assert again.status().observations == len(VIEWS) + len(MORE) + 1
        assert labels(again.objects()) == ["book", "mug"]


def test_what_waits_for_a_full_disk_is_bounded(tmp_path):
    memory = remember(*VIEWS, path=tmp_path / "home.sqlite", write_retry_period=0.0, max_unsaved=2)
    with full_disk():
        memory.add_all(MORE)
        assert (memory.status().unsaved, memory.status().lost) == (2, len(MORE) - 2)


@contextmanager
def read_only_folder():
    """A folder that can't be written to, as whoever runs this."""
    folder = Path(tempfile.mkdtemp())
    user = os.geteuid()
    yield_to = 65534 if user == 0 else user

    @contextmanager
    def locked():
        for one in folder.iterdir():
            one.chmod(0o444)
        folder.chmod(0o555)
        os.seteuid(yield_to)
        try:
            yield
        finally:
            os.seteuid(user)
            folder.chmod(0o755)
            for one in folder.iterdir():
                one.chmod(0o644)

    yield folder, locked


def test_a_read_only_file_is_served_and_written_once_it_can_be():
    with read_only_folder() as (folder, locked):
        path = folder / "home.sqlite"
        remember(*VIEWS, path=path).close()
        with locked():
            memory = open_memory(path, write_retry_period=0.0)
            assert labels(memory.find("mug")) == ["mug"]
            memory.add_all(MORE)
            assert "can't be written" in memory.status().problem
            assert labels(memory.objects()) == ["book", "mug"]
        assert memory.save()
        assert memory.status().problem == ""
        memory.close()
        with open_memory(path) as again:
            assert again.status().observations == len(VIEWS) + len(MORE)


def test_where_no_file_can_be_made_the_memory_works_and_says_so():
    memory = open_memory("/proc/home.sqlite")
    memory.add_all(VIEWS)
    assert labels(memory.find("mug")) == ["mug"]
    said = "/proc/home.sqlite can't be written: no file can be made in the folder /proc"
    assert said in memory.status().problem
    below = open_memory("/proc/deep/home.sqlite").status().problem
    assert "the folder /proc/deep is not there, and can't be made (No such file" in below
    assert memory.status().observations == len(VIEWS)


def test_a_damaged_observation_is_named(tmp_path):
    path = tmp_path / "home.sqlite"
    remember(*VIEWS, path=path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE journal SET body = x'00' WHERE arrival = 2")
    with pytest.raises(StoreError, match=r"the observation \w+ of the journal is damaged"):
        open_memory(path, read_only=True)


@pytest.mark.parametrize("damage", ["head", "body"])
def test_a_damaged_file_is_set_aside_and_never_overwritten(tmp_path, damage):
    path = tmp_path / "home.sqlite"
    remember(*VIEWS, *MORE, path=path, reorder_window=1, snapshot_every=1).close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    where = slice(0, 16) if damage == "head" else slice(4096, middle)
    content[where] = os.urandom(len(content[where]))
    path.write_bytes(bytes(content))
    with open_memory(path) as memory:
        assert "is damaged" in memory.status().notice
        assert memory.status().observations == 0
        memory.add_all(VIEWS)
    assert path.with_name("home.sqlite.damaged-1").read_bytes() == bytes(content)
    with open_memory(path) as memory:
        assert labels(memory.find("mug")) == ["mug"]
        assert memory.status().notice == ""


def _text(path):
    path.write_text("notes on mugs\n" * 400)


def _database(path, *more):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE songs (name)")
        db.execute("INSERT INTO songs VALUES ('of a mug')")
        for one in more:
            db.execute(one)


def _live(path):
    """A database that another program has open, with all of it in the log."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE songs (name)")
    db.commit()
    return db


OTHERS = {
    "text": _text,
    "picture": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9000)),
    "one byte": lambda path: path.write_bytes(b"x"),
    "database": _database,
    "with some like ours": lambda path: _database(path, "CREATE TABLE meta (name, value)"),
    "of a version": lambda path: _database(path, "PRAGMA user_version = 1"),
    "damaged": lambda path: path.write_bytes(b"SQLite format 3\0" + b"mug" * 3000),
    "live": _live,
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
}


def contents(folder):
    files = [one for one in folder.iterdir() if not one.name.endswith("-shm")]  # locks of readers
    return {one.name: one.is_file() and one.read_bytes() for one in files}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("other", OTHERS)
def test_what_holds_something_else_is_refused_and_left_as_it_is(tmp_path, other, read_only):
    path = tmp_path / "home.sqlite"
    user = OTHERS[other](path)
    before = contents(tmp_path)
    with pytest.raises(StoreError, match=r"home.sqlite can't be read as a scene memory: it is "):
        open_memory(path, read_only=read_only)
    assert contents(tmp_path) == before
    if other == "live":
        user.close()


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_path_that_can_not_be_is_refused(tmp_path, name):
    with pytest.raises(StoreError, match="give another path"):
        open_memory(tmp_path / name)


def test_a_file_that_has_the_name_of_the_lock_keeps_what_is_in_it(tmp_path):
    (tmp_path / "home.sqlite.lock").write_text("of the front door")
    open_memory(tmp_path / "home.sqlite").close()
    assert (tmp_path / "home.sqlite.lock").read_text() == "of the front door"


def test_an_empty_file_and_a_folder_that_is_not_there_become_a_store(tmp_path):
    (tmp_path / "empty").touch()
    for path in (tmp_path / "empty", tmp_path / "not/there/home.sqlite"):
        remember(*VIEWS, path=path).close()
        with open_memory(path, read_only=True) as memory:
            assert labels(memory.objects()) == ["mug"]


def test_what_comes_in_a_stores_place_is_not_written_to(tmp_path):
    path = tmp_path / "home.sqlite"
    memory = open_memory("/dev/null/home.sqlite", write_retry_period=0.0)
    memory._log._store._path = path  # as if the disk had come back with another content
    _text(path)
    memory.add_all(VIEWS)
    assert "it is no database" in memory.status().problem
    assert memory.status().observations == len(VIEWS)
    assert path.read_text().startswith("notes")


def test_a_store_of_another_map_is_refused_or_stale(tmp_path):
    path = tmp_path / "home.sqlite"
    remember(*VIEWS, path=path).close()
    with pytest.raises(MapMismatchError, match="of the map 'home', not of 'office'"):
        open_memory(path, map_id="office")
    with open_memory(path, map_id="office", on_other_map="stale") as memory:
        (match,) = memory.find("mug")
        assert (match.origin.map_id, match.origin.stale) == ("home", True)
        assert memory.graph().graph["stale"] is True
        with pytest.raises(StaleMemoryError, match="read-only"):
            memory.add(view("a mug", 900, OBJECTS, map_id="office"))
        with pytest.raises(StaleMemoryError, match="read-only"):
            memory.forget(before=10)
    with open_memory(path) as memory:
        assert not memory.find("mug")[0].origin.stale
        with pytest.raises(MapMismatchError, match="'office', expected 'home'"):
            memory.add(view("a mug", 900, OBJECTS, map_id="office"))


def test_one_process_writes_and_others_read(tmp_path):
    path = tmp_path / "home.sqlite"
    with remember(*VIEWS, path=path) as memory:
        with pytest.raises(StoreError, match="another process writes"):
            open_memory(path)
        with open_memory(path, read_only=True) as reader:
            assert labels(reader.find("mug")) == ["mug"]
        memory.add_all(MORE)
        with open_memory(path, read_only=True) as reader:
            assert labels(reader.objects()) == ["book", "mug"]
    with pytest.raises(StoreError, match="does not exist"):
        open_memory(tmp_path / "none.sqlite", read_only=True)


def test_a_later_version_is_refused_and_an_earlier_one_migrated(tmp_path, monkeypatch):
    path = tmp_path / "home.sqlite"
    remember(*VIEWS, path=path).close()
    added = "ALTER TABLE journal ADD COLUMN note TEXT NOT NULL DEFAULT 'old'"
    monkeypatch.setattr(sqlite_file, "MIGRATIONS", (*sqlite_file.MIGRATIONS, added))
    with open_memory(path) as memory:
        assert labels(memory.find("mug")) == ["mug"]
    notes = sqlite3.connect(path).execute("SELECT DISTINCT note FROM journal").fetchall()
    assert notes == [("old",)]
    monkeypatch.undo()
    with pytest.raises(StoreError, match="schema version 2, this package knows up to 1"):
        open_memory(path)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_store_of_an_older_graph_version_is_rebuilt_from_its_observations(tmp_path, read_only):
    path = tmp_path / "home.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((Path(__file__).parent / "graph_version_3.sql").read_text())
        (kinds,) = db.execute("SELECT group_concat(DISTINCT kind) FROM state").fetchone()
    assert "Thing" in kinds.split(",")
    options = {"reorder_window": 4, "snapshot_every": 4}
    with open_memory(path, read_only=read_only, **options) as memory:
        assert labels(memory.objects()) == ["book", "mug", "table"]
        assert all(one.name.startswith("object:") for one in memory.objects())
        assert memory.status().observations == 8
        fresh = remember(*memory.observations(), **options)
        assert nx.utils.graphs_equal(memory.graph(), fresh.graph())
    with closing(sqlite3.connect(path)) as db:
        (kinds,) = db.execute("SELECT group_concat(DISTINCT kind) FROM state").fetchone()
    assert ("Thing" in kinds.split(",")) == read_only
