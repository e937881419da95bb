# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.evaluation.metrics import MetricError, score, tokenize


@pytest.mark.parametrize(
    ("caption", "tokens"),
    [
        # what Stanford's PTBTokenizer and COCO's list of punctuation make of them
        ("Two dogs , running fast !", "two dogs running fast"),
        ("A man's dog isn't here.", "a man 's dog is n't here"),
        ("a t-shirt (red) ; a hat", "a t-shirt red a hat"),
        ('The sign says " stop . "', "the sign says stop"),
        ("", ""),
    ],
)
def test_captions_are_tokenized_as_coco_does(caption, tokens):
    assert tokenize(caption) == tokens


@given(st.text(max_size=60))
def test_tokens_are_lower_case_words(caption):
    tokens = tokenize(caption)
    assert tokens == tokens.lower() == " ".join(tokens.split())


def test_the_papers_example_of_bleu():
    """The first example of BLEU's paper (Papineni 2002): modified unigram precision 17/18."""
    candidate = (
        "It is a guide to action which ensures that the military always obeys "
        "the commands of the party"
    )
    references = [
        "It is a guide to action that ensures that the military will forever heed Party commands",
        "It is the guiding principle which guarantees the military forces always being "
        "under the command of the Party",
        "It is the practical guide for the army always to heed the directions of the party",
    ]
    scores = score({"a": candidate}, {"a": references})
    assert scores["BLEU-1"] == pytest.approx(17 / 18, rel=1e-4)
    assert scores["BLEU-2"] == pytest.approx((17 / 18 * 10 / 17) ** 0.5, rel=1e-4)


def test_cider_rewards_what_sets_a_picture_apart():
    references = {
        str(n): [f"a {word} on the grass"] for n, word in enumerate(["dog", "cat", "cow"])
    }
    perfect = {name: some[0] for name, some in references.items()}
    generic = dict.fromkeys(references, "a thing on the grass")
    assert score(perfect, references)["CIDEr"] > score(generic, references)["CIDEr"] + 1


def test_what_can_not_be_scored():
    with pytest.raises(MetricError, match="at least one"):
        score({}, {})
    with pytest.raises(MetricError, match="the same ones"):
        score({"a": "x"}, {"b": ["x"]})
