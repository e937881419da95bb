# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.captioner.model.language_model import clean
from mmser_ros.training.tokens import encode, mirror, pack_rows, train_tokenizer

SENTENCES = ["A dog runs .", "A cat sleeps on the mat .", "Two dogs and a cat"] * 20


def test_clean():
    assert clean('  A man ,  in a "hat" . ') == 'A man, in a "hat"'
    assert clean("A dog 's bone .") == "A dog's bone"


@given(st.lists(st.sampled_from(["left", "Right", "dog", "leftover", "bright"])).map(" ".join))
def test_mirroring_twice_changes_nothing(caption):
    assert mirror(mirror(caption)) == caption
    assert mirror(caption).count("left") == caption.count("leftover") + sum(
        word == "right" for word in caption.split()
    )


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="<")))
def test_every_text_survives_the_vocabulary(text):
    """Byte-level: what was never seen is spelt out. (`<pad>` in a text would be the token.)"""
    tokenizer = train_tokenizer(SENTENCES, 400)
    expected = tokenizer.normalizer.normalize_str(text)
    assert tokenizer.decode(tokenizer.encode(text).ids).strip() == expected.strip()


def test_ids_run_from_begin_to_end_and_long_captions_are_cut():
    tokenizer = train_tokenizer(SENTENCES, 400)
    short, cut = encode(tokenizer, ["a dog .", "a cat " * 30], begin=1, end=2, longest=8)
    assert (short[0], short[-1]) == (1, 2)
    assert tokenizer.decode(short).strip() == "a dog"
    assert len(cut) == 9
    assert cut[-1] != 2


@given(st.lists(st.lists(st.lists(st.integers(3, 99), max_size=5), max_size=4), min_size=1))
def test_rows_hold_every_token_and_every_target(rows):
    captions = [[[1, *words, 2] for words in row] for row in rows]
    if not any(captions):
        return
    packed = pack_rows(captions)
    for line, row in enumerate(captions):
        for number, caption in enumerate(row):
            mine = packed.segments[line] == number
            assert packed.tokens[line][mine].tolist() == caption[:-1]
            assert packed.targets[line][mine].tolist() == caption[1:]
            assert packed.positions[line][mine].tolist() == list(range(len(caption) - 1))
    assert torch.equal(packed.targets == -100, packed.segments == -1)
