# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What captions are decoded from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Prompt:
    """The input that a caption is decoded from; its last token is the beginning of the text.

    An image may have several views, one after the other in the batch. Decoding then uses the mean
    of their log probabilities.

    Attributes:
        embeddings: (batch · views, tokens, width).
        positions: (batch · views, tokens), the position of each token.
        mask: (batch · views, tokens), False at padding; None: no padding.
        views: number of views per image.
        logit_bias: (batch, vocabulary), added to the logits of tokens that were not generated
            yet; None: no bias.
        position_bias: (batch, positions, vocabulary), added to the logits of the first generated
            token, the second, …; None: no bias.
        temperature: divides the logits, after the biases were added.
    """

    embeddings: Tensor
    positions: Tensor
    mask: Tensor | None = None
    views: int = 1
    logit_bias: Tensor | None = None
    position_bias: Tensor | None = None
    temperature: float = 1.0

    def __len__(self) -> int:
        return len(self.embeddings) // self.views

    def row(self, index: int) -> Prompt:
        """One prompt as a batch of one, without padding."""
        here = slice(index * self.views, (index + 1) * self.views)
        real = slice(None) if self.mask is None else self.mask[here.start]

        def own(bias: Tensor | None) -> Tensor | None:
            return None if bias is None else bias[index : index + 1]

        return replace(
            self,
            embeddings=self.embeddings[here][:, real],
            positions=self.positions[here][:, real],
            mask=None,
            logit_bias=own(self.logit_bias),
            position_bias=own(self.position_bias),
        )


Padded = tuple[Tensor, Tensor | None]
"""Token ids (batch, longest), and their mask, see `pad`."""


def pad(rows: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> Padded:
    """Pad token ids of several captions to one tensor (batch, longest), and make its mask.

    The mask is False at padding, and None if there is no padding.
    """
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], dtype=torch.long)
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids.to(device), None if bool(mask.all()) else mask.to(device)


def repeat_rows(rows: Padded, count: int) -> Padded:
    """Repeat each row `count` times, one after the other."""
    ids, mask = rows
    again = ids.repeat_interleave(count, dim=0)
    return again, None if mask is None else mask.repeat_interleave(count, dim=0)
