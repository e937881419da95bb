# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.core.resources import share_path
from mmser_ros.evaluation.naming import WordTable, WordTableError, read_words


@pytest.fixture(scope="module")
def coco():
    return WordTable.read(share_path("config/lexicon/coco_words.yaml"))


@pytest.fixture(scope="module")
def rooms():
    return WordTable.read(share_path("config/lexicon/room_words.yaml"))


def named(table, caption):
    (words,) = read_words([caption])
    return ["/".join(sorted(one)) for one in table.named(words)]


@pytest.mark.parametrize(
    ("caption", "classes"),
    [
        ("Two men and a woman eat hot dogs.", ["person", "hot dog"]),
        ("a dog with a teddy bear", ["dog", "teddy bear"]),
        ("a boy swings a baseball bat", ["person", "baseball bat"]),
        ("a bike leans on a dining table", ["bicycle/motorcycle", "dining table"]),
        ("knives, a glass of wine and two glasses", ["knife", "wine glass"]),
        ("a drink in a glass", ["cup/wine glass"]),
        ("an orange cat and an orange and white cat", ["cat"]),
        ("two oranges and an apple", ["orange", "apple"]),
        ("the man skis down a ski slope", ["person"]),
        ("a man cooking", ["person"]),
        ("a couple of giraffes", ["giraffe"]),
        ("a man and a man", ["person"]),
        ("a woman's purse", ["person", "handbag"]),
        ("a bookshelf by the cutting board", []),
        ("", []),
    ],
)
def test_captions_name_classes_of_coco(coco, caption, classes):
    assert named(coco, caption) == classes


@pytest.mark.parametrize(
    ("caption", "scenes"),
    [
        ("a living room with a couch", ["living room"]),
        ("a room with a table", []),
        ("a kindergarten classroom", ["kindergarden classroom"]),
        ("children in a classroom", ["classroom/kindergarden classroom"]),
        ("a bathroom with a shower curtain", ["bathroom/shower"]),
        ("an office chair in the office", ["office"]),
        ("people on the stairs of a library", ["staircase", ""]),
        ("a man studies the butcher's shop", ["butchers shop"]),
        ("a woman steps out", []),
    ],
)
def test_captions_name_rooms(rooms, caption, scenes):
    assert named(rooms, caption) == scenes


def test_the_tables_are_complete(coco, rooms):
    assert len(coco.things) == 80
    assert len(rooms.things) == 43


def test_every_wording_names_what_it_is_listed_for(coco):
    table = yaml.safe_load(share_path("config/lexicon/coco_words.yaml").read_text())
    told = {
        wording: named(coco, f"the {wording} is near the wall")
        for key, some in table.items()
        if key not in ("none", "before_nouns", "only_nouns")
        for wording in some[:1]
    }
    assert [wording for wording, classes in told.items() if not classes] == []


def test_a_table_of_another_form_is_refused(tmp_path):
    path = tmp_path / "words.yaml"
    for text in ("[1, 2]", "cat: kitten", "cat: [no]", "cat: ["):
        path.write_text(text)
        with pytest.raises(WordTableError, match=r"words\.yaml is not a table of words"):
            WordTable.read(path)
    path.write_text("cat: [kitten]\ndog: [kitten]")
    with pytest.raises(WordTableError, match=r"words\.yaml: 'kitten' occurs twice.*'dog'"):
        WordTable.read(path)
    with pytest.raises(WordTableError, match="is not a table of words"):
        WordTable.read(tmp_path / "gone.yaml")


@settings(deadline=None)
@given(st.text(alphabet="abc '-.,", max_size=30))
def test_any_text_names_only_what_is_listed(text):
    table = WordTable({"x/y": ["a", "a b"], "none": ["b a"], "other": ["c"]})
    (words,) = read_words([text])
    assert set(table.named(words)) <= {frozenset(("x", "y")), frozenset()}
