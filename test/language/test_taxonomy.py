# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.language.taxonomy import HYPERNYM, KINDS, Taxonomy, TaxonomyError

LEXICON = Taxonomy()


@pytest.mark.parametrize(
    ("first", "second", "steps"),
    [
        ("couch", "sofa", 0),
        ("Bicycles", "bike", 0),
        ("men", "man", 0),
        ("people", "person", 0),
        ("chair", "furniture", 1),
        ("dog", "animal", 1),
        ("boy", "child", 1),
        ("mug", "cup", 1),
        ("boy", "person", 2),
        ("seagull", "animal", 2),
        ("office chair", "chair", 1),
        ("rocking chair", "furniture", 2),
        ("dishtowel", "towel", 1),
        ("mailman", "person", 1),
        ("flibbet", "Flibbet", 0),
    ],
)
def test_words_that_can_mean_one_object(first, second, steps):
    same = pytest.approx(HYPERNYM**steps)
    assert LEXICON.similarity(first, second) == LEXICON.similarity(second, first) == same


@pytest.mark.parametrize(
    ("first", "second"),
    [("man", "woman"), ("chair", "table"), ("monitor", "microwave"), ("flibbet", "gribbet")],
)
def test_words_that_cannot(first, second):
    assert LEXICON.similarity(first, second) == 0


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("someone", "person"),
        ("goalkeepers", "person"),
        ("kitten", "animal"),
        ("pickup truck", "vehicle"),
        ("mug", "object"),
        ("knives", "object"),
        ("sofa", "furniture"),
        ("fridge", "furniture"),
        ("window", "fixture"),
        ("tree", "fixture"),
        ("living room", "place"),
        ("sidewalk", "place"),
        ("flibbet", "object"),
    ],
)
def test_kinds(word, kind):
    assert LEXICON.kind(word) == kind


def test_what_an_object_goes_by():
    assert LEXICON.canonical("Sofas") == LEXICON.canonical("couch") == "couch"
    assert LEXICON.canonical("flibbet") == "flibbet"
    assert LEXICON.is_a("socks", "clothing")
    assert not LEXICON.is_a("sock", "furniture")
    assert "teddy bears" in LEXICON
    assert "flibbet" not in LEXICON


COCO = """person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light,
fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear,
zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard, sports ball,
kite, baseball bat, baseball glove, skateboard, surfboard, tennis racket, bottle, wine glass, cup,
fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut,
cake, chair, couch, potted plant, bed, dining table, toilet, tv, laptop, mouse, remote, keyboard,
cell phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear,
hair drier, toothbrush"""


def test_covers_what_detectors_name():
    names = COCO.replace("\n", " ").split(", ")
    assert len(names) == 80
    for name in names:
        # What is listed by its last word alone is an attribute and an object: a table (dining).
        assert name in LEXICON or name.split()[-1] in LEXICON, name


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_words_will_do(first, second):
    assert LEXICON.kind(first) in KINDS
    assert LEXICON.similarity(first, first) == 1
    assert 0 <= LEXICON.similarity(first, second) == LEXICON.similarity(second, first) <= 1
    assert LEXICON.canonical(LEXICON.canonical(first)) == LEXICON.canonical(first)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("person: [", "is no taxonomy"),
        ("person: {person: [man]}", "expected person, animal"),
        (
            "{person: {p: [man]}, animal: {a: [dog]}, vehicle: {v: [car]}, object: {o: [man]}, "
            "furniture: {f: [bed]}, fixture: {x: [wall]}, place: {r: [room]}}",
            "'man' twice",
        ),
    ],
)
def test_a_broken_file_is_named(tmp_path, text, message):
    path = tmp_path / "objects.yaml"
    path.write_text(text)
    with pytest.raises(TaxonomyError, match=message) as error:
        Taxonomy(path)
    assert "objects.yaml" in str(error.value)
