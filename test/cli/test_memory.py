# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser memory`, on a small home that is still being written."""

import json
import sys
import time

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.made_scenes import around, view
from mmser_ros.cli.main import app, main
from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import SECOND
from mmser_ros.memory.export import ExportError, read_graph
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.memory.storage.opening import MapMismatchError
from mmser_ros.memory.storage.sqlite_file import StoreError
from mmser_ros.visualization.room_outlines import KIND_COLOURS

CAPTION = "a kitchen with a red mug on a table"
OBJECTS = [("mug", (2.0, -0.8, 0.3)), ("table", (2.0, -0.7, -0.2))]
OTHERS = [("mug", (-5.0, 0.5, 0.3))]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("memory") / "home.sqlite"


@pytest.fixture(scope="module")
def memory(path):
    """Read beside its writer, by the shipped parser and lexicon."""
    with SceneMemory.open(path, map_id="home") as memory:
        memory.add_all(around(CAPTION, OBJECTS))
        memory.add_all(view("a hallway", 45 + i, x=-0.5 * (i + 2)) for i in range(6))
        seen = [view("a blue mug", 60 + 10 * i, OTHERS, x=-7, y=0.4 * i - 0.6) for i in range(4)]
        memory.add_all(seen)
        yield memory


@pytest.fixture
def mmser(memory, path):
    """`mmser memory COMMAND DB …`: what it printed."""

    def run(command, *arguments, db=path):
        words = ["memory", command, str(db), *map(str, arguments)]
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    return run


def test_query_answers_with_what_is_known_of_an_object(memory, mmser):
    red, blue = json.loads(mmser("query", "red mug", "--json"))
    assert (red["label"], red["attributes"], red["room"]) == ("mug", ["red"], "kitchen")
    assert red["score"] > blue["score"] > 0
    assert red["position"] == pytest.approx([2.0, -0.8, 0.3], abs=0.2)
    assert red["place"] in memory.places()
    assert (red["provenance"]["caption"], red["provenance"]["robot"]) == (CAPTION, "robot")
    assert red["provenance"]["stamp"] in {s * SECOND for s in (10, 20, 30, 40)}
    assert (red["last_seen"], red["age"]) == (40 * SECOND, 50.0)
    assert red["as_of"] == 90 * SECOND  # the newest observation
    assert red["origin"] == {"map_id": "home", "frame": "map", "stale": False}


def test_query_prefers_what_is_near_and_stops_at_k(mmser):
    for near, attribute in (("2,-1", "red"), ("-5.0,0.5", "blue")):
        (first,) = json.loads(mmser("query", "mug", "--near", near, "-k", 1, "--json"))
        assert first["attributes"] == [attribute]


def test_query_as_a_table(mmser, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    said = mmser("query", "the red mug")
    for fact in ("map home", "frame map", "red mug", "kitchen, place:", CAPTION, "00:00:40 UTC"):
        assert fact in said
    assert "2.0" in said
    assert "age 50 s" in said
    assert "count from the newest observation: 1970-01-01 00:01:30 UTC, " in said


def test_query_by_the_clock_of_this_machine(mmser, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    db = tmp_path / "today.sqlite"
    start = time.time() - 3 * 3600
    objects = [("mug", (2.0, 0.0, 0.3)), ("man", (2.0, 0.8, 0.3))]
    with SceneMemory.open(db, map_id="home") as memory:
        memory.add_all(around("a mug and a man", objects, start=start))
    assert len(json.loads(mmser("query", "man", "--json", db=db))) == 1
    assert json.loads(mmser("query", "man", "--now", "--json", db=db)) == []
    (mug,) = json.loads(mmser("query", "mug", "--now", "--json", db=db))
    assert mug["age"] == pytest.approx(3 * 3600 - 30, abs=120)
    said = mmser("query", "mug", "--now", db=db)
    assert "ages count from now: " in said
    assert "age 3.0 h" in said
    assert "3.0 h ago" in mmser("query", "mug", db=db)
    for now, objects in (([], 2), (["--now"], 1)):
        assert json.loads(mmser("stats", *now, "--json", db=db))["objects"] == objects


def test_query_that_finds_nothing_says_so(mmser):
    assert json.loads(mmser("query", "zebra", "--json")) == []
    assert "nothing like 'zebra' is known" in mmser("query", "zebra")


def test_stats_count_what_is_there(memory, mmser):
    facts = json.loads(mmser("stats", "--json"))
    assert (facts["map_id"], facts["frame"], facts["schema"]) == ("home", "map", 1)
    assert (facts["observations"], facts["robots"]) == (14, ["robot"])
    assert (facts["first"], facts["last"]) == (10 * SECOND, 90 * SECOND)
    found = [facts[name] for name in ("objects", "places", "rooms")]
    assert found == [len(one()) for one in (memory.objects, memory.places, memory.rooms)]
    assert facts["relations"] == 1
    said = mmser("stats")
    assert "home" in said
    assert "1970-01-01 00:01:30 UTC" in said


@pytest.mark.parametrize("name", ["home.json", "home.graphml", "home.txt"])
def test_export_writes_the_graph(memory, mmser, tmp_path, name):
    form = ["--format", "node-link"] if name == "home.txt" else []
    mmser("export", "--out", tmp_path / "new" / name, *form)
    again = read_graph(tmp_path / "new" / name)
    assert dict(again.nodes(data=True)) == dict(memory.graph().nodes(data=True))


def test_export_for_spark_dsg(mmser, tmp_path):
    mmser("export", "--out", tmp_path / "home.dsg.json")
    mmser("export", "--out", tmp_path / "home.json", "--format", "spark-dsg")
    assert "SPARK_DSG_header" in json.loads((tmp_path / "home.dsg.json").read_text())
    assert (tmp_path / "home.dsg.json").read_text() == (tmp_path / "home.json").read_text()


def test_export_refuses_what_it_does_not_know(mmser, tmp_path):
    with pytest.raises(ExportError, match=r"expected a suffix of .*graphml"):
        mmser("export", "--out", tmp_path / "home.xyz")


def test_show_draws_a_picture(mmser, tmp_path):
    mmser("show", "--out", tmp_path / "new" / "map.png")
    picture = np.asarray(Image.open(tmp_path / "new" / "map.png")).astype(int)
    red = tuple(int(KIND_COLOURS["object"][i : i + 2], 16) for i in (1, 3, 5))
    spots = np.argwhere(np.abs(picture[:-60] - red).max(-1) < 20)
    left, right = spots[:, 1].min(), spots[:, 1].max()
    assert right - left > 0.5 * picture.shape[1]  # the two mugs are 7 m apart


def test_show_writes_a_page(mmser, tmp_path):
    mmser("show", "--out", tmp_path / "map.html")
    page = (tmp_path / "map.html").read_text()
    assert page.startswith("<!doctype html>")
    assert CAPTION in page


def test_show_refuses_what_it_can_not_write(mmser, tmp_path):
    with pytest.raises(MmserError, match=r"expected a suffix such as \.png, or \.html"):
        mmser("show", "--out", tmp_path / "map.pdf")
    (tmp_path / "file").write_text("")
    for name in ("map.png", "map.html"):
        with pytest.raises(MmserError, match="can't write"):
            mmser("show", "--out", tmp_path / "file" / name)


def test_nothing_is_written_over_the_memory_itself(mmser, path):
    with pytest.raises(MmserError, match="is the memory itself"):
        mmser("export", "--out", path, "--format", "node-link")


def test_no_text_asks_for_anything_as_the_service_does(memory, mmser):
    for text in ("", "  "):
        found = json.loads(mmser("query", text, "-k", 99, "--json"))
        assert sorted(one["name"] for one in found) == [one.name for one in memory.objects()]


def test_a_point_is_two_numbers(mmser):
    for wrong in ("1", "1,2,3", "here"):
        with pytest.raises(MmserError, match="expected two numbers"):
            mmser("query", "mug", "--near", wrong)


@pytest.mark.parametrize(
    "command", [["query", "mug"], ["export", "--out=x.json"], ["show", "--out=x.png"]]
)
def test_a_store_of_another_map_never_answers(mmser, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MapMismatchError, match="of the map 'home', not of 'office'"):
        mmser(*command, "--map-id", "office")
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_no_store_are_left_alone(mmser, tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        mmser("query", "mug", db=tmp_path / "gone.sqlite")
    (tmp_path / "notes.sqlite").write_text("a mug")
    with pytest.raises(StoreError, match="can't be read as a scene memory"):
        mmser("stats", db=tmp_path / "notes.sqlite")
    with pytest.raises(StoreError, match=r"it is a folder \(stores in it: notes.sqlite\)"):
        mmser("stats", db=tmp_path)
    with pytest.raises(MmserError, match=r"got near \(nan, 1\); expected finite numbers"):
        mmser("query", "mug", "--near", "nan,1")
    assert [one.name for one in tmp_path.iterdir()] == ["notes.sqlite"]


def test_an_error_is_a_line_and_status_1(tmp_path, monkeypatch, capsys):
    arguments = ["mmser", "memory", "query", str(tmp_path / "gone.sqlite"), "mug"]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "gone.sqlite does not exist" in capsys.readouterr().err
