# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from mmser_ros.captioner.model.language_model import build_language_model
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.vocabulary import cut_vocabulary

WORDS = ["walking", "walked", "walks", "talking", "talked", "dogs", "dogged", "cats", "sitting"]
TEXTS = [" a dog walks", " two dogs talking", " a cat talked", "dogs walked 12 cats;"]
SPECIAL = ["<pad>", "<s>", "</s>", "<image>"]


@pytest.fixture(scope="module")
def source():
    """As SmolLM2's: a digit is a token, and some bytes are none."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=SPECIAL, show_progress=False)
    corpus = [f"{one} {other}s {n}:.;" for one in WORDS for other in WORDS for n in range(12)]
    tokenizer.train_from_iterator([*corpus, *TEXTS], trainer)
    return tokenizer


@pytest.fixture(scope="module", params=["opt", "llama"])
def model(tiny_languages, source, request):
    torch.manual_seed(0)
    config = tiny_languages[request.param]
    size = {"vocab_size": source.get_vocab_size()}
    return build_language_model(replace(config, architecture={**config.architecture, **size}))


@pytest.fixture(scope="module")
def cut(model, source):
    return cut_vocabulary(model, source, TEXTS)


def tokens(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).tokens


def test_texts_are_split_as_before_with_fewer_tokens(cut, source):
    assert cut.tokenizer.get_vocab_size() == cut.model.vocabulary
    assert 256 + 3 <= cut.model.vocabulary < 256 + source.get_vocab_size() - 40
    for text in TEXTS:
        assert tokens(cut.tokenizer, text) == tokens(source, text)
        assert len(tokens(cut.tokenizer, text)) < len(text) / 2
    names = [source.id_to_token(number) for number in cut.kept]
    assert names[:3] == SPECIAL[:3]
    assert "<image>" not in names
    assert list(cut.kept[3:]) == sorted(cut.kept[3:])
    assert [cut.tokenizer.id_to_token(number) for number in range(len(names))] == names
    assert (cut.model.begin, cut.model.end) == (1, 2)


@given(st.lists(st.sampled_from([*WORDS, "a", "dog", "two", "9", ";"]), max_size=8))
def test_what_needs_kept_tokens_alone_is_split_as_before(cut, source, words):
    text = " ".join(words)
    before = source.encode(text, add_special_tokens=False)
    if set(before.ids) <= set(cut.kept):
        assert tokens(cut.tokenizer, text) == before.tokens


@given(st.text())
def test_every_text_is_written_as_it_was_read(cut, text):
    ids = cut.tokenizer.encode(text, add_special_tokens=False).ids
    assert cut.tokenizer.decode(ids) == text


@torch.inference_mode()
def test_logits_of_kept_tokens_stay(cut, model, source):
    assert cut.model.embeddings.shape == (cut.model.vocabulary, model.width)
    assert cut.model.tied
    assert cut.model.lm_head.weight is cut.model.embeddings
    kept = list(cut.kept)
    for text in TEXTS:
        ids = cut.tokenizer.encode(text, add_special_tokens=False).ids
        old = source.encode(text, add_special_tokens=False).ids
        logits, expected = (
            one.lm_head(one(one.embed(torch.tensor([some])), torch.arange(len(some))[None]))
            for one, some in ((cut.model, ids), (model, old))
        )
        torch.testing.assert_close(logits[..., : len(kept)], expected[..., kept])
    mean = model.embeddings.mean(0).expand(cut.model.vocabulary - len(kept), -1)
    torch.testing.assert_close(cut.model.embeddings[len(kept) :], mean)


def test_rare_tokens_are_dropped_and_cut_again_nothing_changes(model, source):
    often = cut_vocabulary(model, source, TEXTS, min_count=2)
    sizes = {cut_vocabulary(model, source, TEXTS[:n]).model.vocabulary for n in range(4)}
    assert often.model.vocabulary < max(sizes)
    again = cut_vocabulary(often.model, often.tokenizer, TEXTS, min_count=1)
    assert [tokens(again.tokenizer, text) for text in TEXTS] == [
        tokens(often.tokenizer, text) for text in TEXTS
    ]


def test_other_special_tokens_can_be_named(model, source):
    chosen = cut_vocabulary(model, source, [], special=("<image>", "<s>", "<s>"))
    assert [chosen.tokenizer.id_to_token(number) for number in range(2)] == ["<image>", "<s>"]
    assert (chosen.model.begin, chosen.model.end) == (1, 1)
    with pytest.raises(TrainingError, match="has no <stop>"):
        cut_vocabulary(model, source, [], special=("<pad>", "<s>", "<stop>"))


def test_special_tokens_are_the_models_own_or_must_be_named(model, source):
    again = deepcopy(model)
    again.architecture["pad_token_id"] = again.end
    names = cut_vocabulary(again, source, []).tokenizer.id_to_token
    assert [names(number) for number in range(3)] == ["<pad>", "<s>", "</s>"]
    again.architecture["eos_token_id"] = [2, 3]
    with pytest.raises(TrainingError, match="name them with `special`"):
        cut_vocabulary(again, source, [])
    assert cut_vocabulary(again, source, [], special=("<pad>", "<s>", "</s>")).model.end == 2


def test_words_without_bytes_are_refused(model):
    with pytest.raises(TrainingError, match="WordLevel; expected a byte-level BPE"):
        cut_vocabulary(model, Tokenizer(models.WordLevel({"a": 0})), [])
