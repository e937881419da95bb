# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which words can be wrong, and where; with the parser, for that is what it is for."""

import pytest
import spacy

from mmser_ros.core.resources import share_path
from mmser_ros.data.perturbation.substitutions import Lexicon, LexiconError
from mmser_ros.language.spacy_model import PARSER

SHIPPED = share_path("config/lexicon/planted_errors.yaml")
NONE = "entity: {}\nattribute: {}\nrelation: {}\naction: {}\n"


@pytest.fixture(scope="module")
def parse():
    return spacy.load(PARSER, exclude=["ner", "lemmatizer"])


@pytest.fixture(scope="module")
def shipped(parse):
    """Words of a caption → what may stand there, by the lexicon that ships."""
    lexicon = Lexicon(SHIPPED)

    def places(caption):
        return {
            caption[one.start : one.end]: set(one.instead) for one in lexicon.places(parse(caption))
        }

    return places


@pytest.fixture
def written(tmp_path, parse):
    """As `shipped`, by a lexicon of one category."""

    def places(caption, category, groups):
        path = tmp_path / "lexicon.yaml"
        path.write_text(NONE.replace(f"{category}: {{}}", f"{category}: {{{groups}}}"))
        found = Lexicon(path).places(parse(caption))
        return {caption[one.start : one.end]: set(one.instead) for one in found}

    return places


def test_others_of_the_same_group_and_form(written):
    groups = "a: [dog/dogs, cat/cats, ox], b: [dog/dogs, wolf/wolves]"
    caption = "A dog meets two cats and a wolf"
    assert written(caption, "entity", groups) == {
        "dog": {"cat", "ox", "wolf"},
        "cats": {"dogs"},
        "wolf": {"dog"},
    }


def test_the_longest_words_first(written):
    groups = "a: [next to, in front of], b: [in, at]"
    caption = "A man stands in front of a house in a town"
    assert written(caption, "relation", groups) == {"in front of": {"next to"}, "in": {"at"}}


@pytest.mark.parametrize(
    ("caption", "condition", "fits"),
    [
        ("A man runs in a field", "beside: [in, through]", True),
        ("A man runs across a field", "beside: [in, through]", False),
        ("A man runs in a field", "not_beside: [in]", False),
        ("A man runs across a field", "not_beside: [in]", True),
        ("A man runs in a field", "unless: [woman, runs]", False),
        ("A man runs in a field", "unless: [woman]", True),
    ],
)
def test_conditions(written, caption, condition, fits):
    found = written(caption, "entity", f"a: {{words: [field, forest], {condition}}}")
    assert found == ({"field": {"forest"}} if fits else {})


@pytest.mark.parametrize(
    ("caption", "before", "after"),
    [
        ("A man in a red shirt holds a guitar", "red", "blue"),
        ("A man wearing red holds a guitar", "red", "blue"),
        ("A red and white car is parked", "white", "brown"),
        ("Three men stand on a street", "Three", "four"),
        ("A dog on a leash", "dog", None),
        ("Two people sit on a bench", "on", "under"),
        ("A soccer player kicks a ball", "soccer", "rugby"),
        ("A boy is playing soccer", "soccer", "tennis"),
        ("A dog jumps into the water", "into", "out of"),
        ("A man is running down a hill", "down", "up"),
        ("A woman rides a bike", "rides", "repairs"),
        ("A brick wall", "brick", "stone"),
        ("A building is on the left", "left", "right"),
    ],
)
def test_what_the_shipped_lexicon_can_get_wrong(shipped, caption, before, after):
    found = shipped(caption)
    assert (before in found) == (after is not None)
    assert after is None or after in found[before]


@pytest.mark.parametrize(
    ("caption", "word"),
    [
        ("People go white water rafting", "white"),
        ("A piece of metal lies on the ground", "metal"),
        ("Three tree branches", "tree"),
        ("They left the house", "left"),
        ("They park behind a house", "park"),
        ("A man wears a dark blue shirt", "blue"),
        ("A black-haired woman", "black"),
        ("A black man smiles", "black"),
        ("The green grass", "green"),
        ("Two dogs fight each other", "Two"),
        ("A two year old boy", "two"),
        ("A dog is lying on its back", "on"),
        ("A woman puts on a coat", "on"),
        ("A house on the left", "on"),
        ("A man goes up to a house", "up"),
        ("A girl holds hands with a boy", "holds"),
        ("A child is carried by a man", "carried"),
        ("Running shoes", "Running"),
        ("A man is standing up", "standing"),
        ("A man runs a marathon", "runs"),
        ("A boy is looking at the camera", "camera"),
        ("An elderly boy", "elderly"),
        ("A tennis player hits a ball", "ball"),
    ],
)
def test_what_would_be_nonsense_is_left(shipped, caption, word):
    assert word not in shipped(caption)


@pytest.mark.parametrize(
    "caption",
    ["A boy with his arms raised", "The woman waves as she runs", "A man waters his garden"],
)
def test_nobody_changes_sex_against_the_pronoun(shipped, caption):
    (people,) = (
        shipped(caption)[word] for word in ("boy", "woman", "man") if word in shipped(caption)
    )
    assert people <= {"man", "boy"} or people <= {"woman", "girl"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "entity: {a: [b]}",
        NONE.replace("entity: {}", "entity: {a: [on, under]}"),
        NONE.replace("entity: {}", "entity: {a: {words: [b, c], beside: [on]}}"),
        NONE.replace("entity: {}", "entity: {a: {words: [b, c], besides: [d]}}"),
        NONE.replace("entity: {}", "entity: {a: {beside: [d]}}"),
        NONE.replace("entity: {}", "entity: {a: [cow/cows, sheep/sheep]}"),
    ],
)
def test_what_is_no_lexicon_is_named(tmp_path, text):
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(LexiconError, match=r"odd\.yaml is not a lexicon"):
        Lexicon(tmp_path / "odd.yaml")
