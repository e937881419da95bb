# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions as token ids: vocabulary, encoding, and packing of several captions per row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor

from mmser_ros.captioner.decoding.prompt import Prompt
from mmser_ros.captioner.model.language_model import clean

SPECIAL_TOKENS = ("<pad>", "<s>", "</s>")


def mirror(caption: str) -> str:
    """The caption of the mirrored image: left and right are swapped."""
    swap = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}
    return re.sub(r"\b([Ll]eft|[Rr]ight)\b", lambda match: swap[match[0]], caption)


def train_tokenizer(captions: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learn a byte-level BPE vocabulary of lower-cased words.

    The ids 0, 1, 2 are `<pad>`, `<s>`, `</s>`.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(captions, trainer)
    return tokenizer


@dataclass(frozen=True)
class Rows:
    """Captions packed one after the other in rows, for `Specialist.forward`.

    Attributes:
        tokens: (batch, length), token ids.
        segments: (batch, length), number of the caption of each token; -1 is padding.
        positions: (batch, length), position of a token in its caption.
        targets: (batch, length), the next token id; -100 is ignored.
    """

    tokens: Tensor
    segments: Tensor
    positions: Tensor
    targets: Tensor

    @property
    def words(self) -> int:
        """Number of targets."""
        return int((self.segments >= 0).sum())


def pack_rows(rows: Sequence[Sequence[Sequence[int]]], device: torch.device | str = "cpu") -> Rows:
    """Pack captions into rows.

    Args:
        rows: rows of captions of token ids, each caption from `<s>` to `</s>`.
        device: device of the rows.
    """
    # The last id of a caption is only a target, so it needs no position.
    length = max(sum(len(caption) - 1 for caption in row) for row in rows)
    shape = (len(rows), length)
    tokens = torch.zeros(shape, dtype=torch.long)
    segments = torch.full(shape, -1)
    positions = torch.zeros(shape, dtype=torch.long)
    targets = torch.full(shape, -100)
    for line, row in enumerate(rows):
        start = 0
        for number, caption in enumerate(row):
            ids = torch.tensor(caption)
            end = start + len(ids) - 1
            tokens[line, start:end] = ids[:-1]
            segments[line, start:end] = number
            positions[line, start:end] = torch.arange(end - start)
            targets[line, start:end] = ids[1:]
            start = end
    return Rows(*(one.to(device) for one in (tokens, segments, positions, targets)))


def read(
    forward: Callable[..., Tensor], context: Prompt, rows: Rows, starts: Tensor | None = None
) -> Tensor:
    """Logits (batch, length, vocabulary) of packed captions; those of a row share a context.

    Args:
        forward: `Specialist.forward`, compiled or not.
        context: the input before the captions, see `Specialist.context`.
        rows: the packed captions.
        starts: (batch,), positions where captions begin, see `Specialist.starts`; default: after
            the visual tokens.
    """
    return forward(
        context.embeddings,
        rows.tokens,
        rows.segments,
        rows.positions,
        context.positions,
        context.mask,
        starts,
    )


def encode(
    tokenizer: Tokenizer, captions: Sequence[str], *, begin: int, end: int, longest: int
) -> list[list[int]]:
    """Token ids of cleaned captions from `begin` to `end`; a longer one is cut and has no end."""
    encodings = tokenizer.encode_batch_fast(list(map(clean, captions)), add_special_tokens=False)
    return [[begin, *encoding.ids, end][: longest + 1] for encoding in encodings]
