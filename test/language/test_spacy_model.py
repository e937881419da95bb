# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from mmser_ros.language import spacy_model
from mmser_ros.language.spacy_model import ParserError, load_parser


def test_the_parser_is_loaded_once():
    assert [token.lemma_ for token in load_parser()("two dogs run")] == ["two", "dog", "run"]
    assert load_parser() is load_parser()


def test_a_parser_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(spacy_model, "PARSER", "no_such_parser")
    with pytest.raises(ParserError, match=r"no_such_parser.*pip install spacy"):
        load_parser.__wrapped__()
