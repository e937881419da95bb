# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Greedy decoding: prefill, single steps and the search, as plain functions.

The caption of the previous pass is a draft, which the prefill verifies. Draft tokens are accepted
up to the first mismatch with greedy decoding, and decoding continues there. The result is the one
without a draft, up to rounding (speculative decoding, arXiv 2211.17192, greedy case).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmser_ros.captioner.confidence import geometric_mean
from mmser_ros.captioner.decoding.prompt import Prompt
from mmser_ros.captioner.model.attend import Cache
from mmser_ros.captioner.model.language_model import LanguageModel


@dataclass(frozen=True)
class Decoded:
    """One decoded caption.

    Attributes:
        tokens: its ids, without begin and end.
        log_probabilities: one for each token, and one for the end if it was reached.
        accepted: number of tokens that were taken from a draft.
    """

    tokens: list[int]
    log_probabilities: list[float]
    accepted: int = 0

    @property
    def confidence(self) -> float:
        """The geometric mean of the token probabilities, 0 to 1."""
        return geometric_mean(self.log_probabilities)


@dataclass
class DecodeState:
    """The state of decoding: what the language model has read, and the biases that are left.

    Attributes:
        prompt: what decoding started from.
        cache: keys and values of the tokens read.
        position: (batch · views,), position of the last token read.
        mask: (batch · views, tokens read), see `Prompt`.
        logit_bias: as in `Prompt`, and 0 for the tokens generated so far.
        position_bias: as in `Prompt`.
        num_generated: number of tokens read after the prompt.
    """

    prompt: Prompt
    cache: Cache
    position: Tensor
    mask: Tensor | None
    logit_bias: Tensor | None
    position_bias: Tensor | None
    num_generated: int = 0

    @classmethod
    def start(cls, model: LanguageModel, prompt: Prompt, longest: int) -> DecodeState:
        """The state before the prompt is read; its position is already that of the prompt's end.

        `longest` is the maximum number of tokens after the prompt.
        """
        batch, tokens = prompt.positions.shape
        return cls(
            prompt,
            model.new_cache(batch, tokens + longest),
            prompt.positions[:, -1],
            prompt.mask,
            prompt.logit_bias,
            prompt.position_bias,
        )

    def repeat(self, times: int) -> None:
        """Repeat each caption `times` times."""
        captions = len(self.position) // self.prompt.views
        self.select(torch.arange(captions, device=self.position.device).repeat_interleave(times))

    def select(self, captions: Tensor) -> None:
        """Keep the captions with these indices, in this order."""
        views = torch.arange(self.prompt.views, device=captions.device)
        rows = (captions[:, None] * self.prompt.views + views).flatten()
        self.cache.select(rows)
        self.position = self.position[rows]
        self.mask = None if self.mask is None else self.mask[rows]
        self.logit_bias = None if self.logit_bias is None else self.logit_bias[captions]
        self.position_bias = None if self.position_bias is None else self.position_bias[captions]

    def average_views(self, logits: Tensor) -> Tensor:
        """Average logits over views: (batch · views, …, vocabulary) → (batch, …, vocabulary)."""
        if self.prompt.views == 1:
            return logits
        return logits.float().log_softmax(-1).unflatten(0, (-1, self.prompt.views)).mean(1)

    def apply_bias(self, logits: Tensor) -> Tensor:
        """Add the biases to the logits (batch, vocabulary) of the next token."""
        if self.logit_bias is not None:
            logits = logits + self.logit_bias
        if self.position_bias is not None and self.num_generated < self.position_bias.shape[1]:
            logits = logits + self.position_bias[:, self.num_generated]
        return logits / self.prompt.temperature


def prefill(model: LanguageModel, prompt: Prompt, longest: int) -> tuple[Tensor, DecodeState]:
    """Read a prompt, after which up to `longest` tokens will be decoded.

    Returns:
        Logits (batch, vocabulary) of the next token, and the state to decode with.
    """
    state = DecodeState.start(model, prompt, longest)
    states = model(prompt.embeddings, prompt.positions, prompt.mask, state.cache)
    logits = state.average_views(model.lm_head(states[:, -1]))
    return state.apply_bias(logits), state


def decode_one(model: LanguageModel, tokens: Tensor, state: DecodeState) -> Tensor:
    """Read one more token (batch,) per row, and update the state.

    Returns:
        Logits (batch, vocabulary) of the next token.
    """
    state.position = state.position + 1
    state.num_generated += 1
    if state.logit_bias is not None:
        state.logit_bias = state.logit_bias.scatter(1, tokens[:, None], 0.0)
    if state.mask is not None:
        state.mask = torch.nn.functional.pad(state.mask, (0, 1), value=True)
    words = model.embed(tokens.repeat_interleave(state.prompt.views)[:, None])
    states = model(words, state.position[:, None], state.mask, state.cache)
    return state.apply_bias(state.average_views(model.lm_head(states[:, -1])))


def verify(
    model: LanguageModel, prompt: Prompt, draft: Sequence[int], end: int, longest: int
) -> tuple[Decoded, Tensor | None, DecodeState]:
    """Read a prompt and a draft in one pass, and keep the tokens that greedy decoding agrees with.

    Args:
        model: the language model.
        prompt: a single prompt, without padding.
        draft: token ids, without begin and end.
        end: id of the token that ends a caption.
        longest: maximum number of tokens, those of the draft included.

    Returns:
        The words of the draft that stand, with their log probabilities; the logits (1,
        vocabulary) of the token after them, or None if that is the end; and the state, up to
        those words.
    """
    seen = prompt.embeddings.shape[1]
    words = torch.tensor([list(draft)] * prompt.views, dtype=torch.long)
    words = words.to(prompt.embeddings.device)
    state = DecodeState.start(model, prompt, longest)
    steps = torch.arange(1, len(draft) + 1, device=words.device)
    states = model(
        torch.cat([prompt.embeddings, model.embed(words)], dim=1),
        torch.cat([prompt.positions, state.position[:, None] + steps], dim=1),
        cache=state.cache,
    )
    logits = state.average_views(model.lm_head(states[:, seen - 1 :]))[0]
    logit_bias = _left(prompt.logit_bias, draft)
    if logit_bias is not None:
        logits = logits + logit_bias
    if prompt.position_bias is not None:
        position_bias = prompt.position_bias[0, : len(logits)]
        logits = logits + torch.nn.functional.pad(
            position_bias, (0, 0, 0, len(logits) - len(position_bias))
        )
    logits = logits / prompt.temperature
    log_probabilities = logits.float().log_softmax(-1)
    best, token = log_probabilities.max(-1)
    chosen = token.tolist()
    agreed = next(
        (n for n, (mine, theirs) in enumerate(zip(chosen, draft, strict=False)) if mine != theirs),
        len(draft),
    )
    ended = chosen[agreed] == end
    kept = Decoded(list(draft[:agreed]), best[: agreed + ended].tolist(), agreed)
    state.cache.length = seen + agreed
    state.position = state.position + agreed
    state.num_generated = agreed
    state.logit_bias = None if logit_bias is None else logit_bias[agreed][None]
    return kept, None if ended else logits[agreed][None], state


def _left(bias: Tensor | None, draft: Sequence[int]) -> Tensor | None:
    """A bias (1, vocabulary) before each token of a draft and after it: (tokens + 1, vocabulary).

    It is 0 for the tokens before.
    """
    if bias is None:
        return None
    rows = bias.repeat(len(draft) + 1, 1)
    for position, word in enumerate(draft, start=1):
        rows[position:, word] = 0.0
    return rows


def greedy(
    model: LanguageModel,
    prompt: Prompt,
    end: int,
    longest: int,
    draft: Sequence[int] | None = None,
) -> list[Decoded]:
    """Decode a batch of prompts; each step takes the most probable token.

    Args:
        model: the language model.
        prompt: what to decode from.
        end: id of the token that ends a caption.
        longest: maximum number of tokens.
        draft: token ids of the expected caption, for a batch of one without padding. It changes
            the speed, not the result.
    """
    kept = Decoded([], [])
    if draft:
        kept, verified, state = verify(model, prompt, list(draft[: longest - 1]), end, longest)
        if verified is None:
            return [kept]
        logits = verified
    else:
        logits, state = prefill(model, prompt, longest)
    chosen, scores = [], []
    left = longest - len(kept.tokens)
    ended = torch.zeros(len(prompt), dtype=torch.bool, device=logits.device)
    for _ in range(left):
        best, token = logits.float().log_softmax(-1).max(-1)
        chosen.append(token)
        scores.append(best)
        ended |= token == end
        if bool(ended.all()) or len(chosen) == left:
            break
        logits = decode_one(model, token, state)
    rows = torch.stack(chosen, 1).tolist()
    values = torch.stack(scores, 1).tolist()
    return [
        _until_end([*kept.tokens, *row], [*kept.log_probabilities, *value], end, kept.accepted)
        for row, value in zip(rows, values, strict=True)
    ]


def _until_end(tokens: list[int], scores: list[float], end: int, accepted: int) -> Decoded:
    length = tokens.index(end) if end in tokens else len(tokens)
    return Decoded(tokens[:length], scores[: length + 1], accepted)
