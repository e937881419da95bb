# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From visual tokens to words: prefill, decode, greedy and beam search as plain functions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache, OPTForCausalLM


@dataclass(frozen=True)
class Decoded:
    """One decoded caption.

    Attributes:
        tokens: its ids, without begin and end.
        log_probabilities: one for each token, and one for the end if it was reached.
    """

    tokens: list[int]
    log_probabilities: list[float]

    @property
    def confidence(self) -> float:
        """The geometric mean of the token probabilities, 0 to 1."""
        if not self.log_probabilities:
            return 0.0
        return math.exp(sum(self.log_probabilities) / len(self.log_probabilities))


def prefill(model: OPTForCausalLM, prompt: Tensor) -> tuple[Tensor, DynamicCache]:
    """Read a prompt of embeddings (batch, tokens, width).

    Returns:
        Logits (batch, vocabulary) of the next token, and the cache to decode with.
    """
    cache = DynamicCache(config=model.config)
    states = model.model.decoder(inputs_embeds=prompt, past_key_values=cache, use_cache=True)
    return model.lm_head(states.last_hidden_state[:, -1]), cache


def decode_one(model: OPTForCausalLM, tokens: Tensor, cache: DynamicCache) -> Tensor:
    """Read one more token (batch,) a row; the cache grows by it.

    Returns:
        Logits (batch, vocabulary) of the next token.
    """
    states = model.model.decoder(
        input_ids=tokens[:, None], past_key_values=cache, use_cache=True
    ).last_hidden_state
    return model.lm_head(states[:, -1])


def greedy(model: OPTForCausalLM, prompt: Tensor, end: int, longest: int) -> list[Decoded]:
    """Decode a batch of prompts (batch, tokens, width), always taking the likeliest token.

    Args:
        model: the language model.
        prompt: embeddings of the visual tokens and the beginning of the text.
        end: id of the token that ends a caption.
        longest: where to stop at the latest, in tokens.
    """
    logits, cache = prefill(model, prompt)
    chosen, scores = [], []
    ended = torch.zeros(len(prompt), dtype=torch.bool, device=prompt.device)
    for _ in range(longest):
        score, token = logits.float().log_softmax(-1).max(-1)
        chosen.append(token)
        scores.append(score)
        ended |= token == end
        if bool(ended.all()) or len(chosen) == longest:
            break
        logits = decode_one(model, token, cache)
    rows = torch.stack(chosen, 1).tolist()
    values = torch.stack(scores, 1).tolist()
    return [_until_end(row, value, end) for row, value in zip(rows, values, strict=True)]


def beam_search(
    model: OPTForCausalLM, prompt: Tensor, end: int, longest: int, beams: int
) -> Decoded:
    """Decode one prompt (1, tokens, width), keeping the `beams` likeliest beginnings.

    Finished captions are compared by the mean log probability of their tokens.
    """
    logits, cache = prefill(model, prompt)
    cache.batch_repeat_interleave(beams)
    vocabulary = logits.shape[-1]
    # At first all beams are alike: only one of them may propose.
    totals = torch.full((beams, 1), -math.inf, device=prompt.device)
    totals[0] = 0.0
    logits = logits.expand(beams, vocabulary)
    beginnings = [Decoded([], []) for _ in range(beams)]
    finished: list[Decoded] = []
    for place in range(longest):
        steps = logits.float().log_softmax(-1)
        ranked = (totals + steps).flatten()
        best, index = ranked.topk(min(2 * beams, len(ranked)))
        kept: list[tuple[int, int]] = []
        fresh: list[Decoded] = []
        for total, flat in zip(best.tolist(), index.tolist(), strict=True):
            beam, token = divmod(flat, vocabulary)
            if math.isinf(total) or len(kept) == beams:
                continue
            past = beginnings[beam]
            scores = [*past.log_probabilities, steps[beam, token].item()]
            if token == end:
                finished.append(Decoded(past.tokens, scores))
            else:
                kept.append((beam, token))
                fresh.append(Decoded([*past.tokens, token], scores))
        beginnings = fresh
        if len(finished) >= beams or place == longest - 1:
            break
        rows = torch.tensor([beam for beam, _ in kept], device=prompt.device)
        tokens = torch.tensor([token for _, token in kept], device=prompt.device)
        cache.batch_select_indices(rows)
        totals = torch.tensor([[sum(one.log_probabilities)] for one in fresh], device=prompt.device)
        logits = decode_one(model, tokens, cache)
    return max(finished or beginnings, key=lambda one: one.confidence)


def _until_end(tokens: list[int], scores: list[float], end: int) -> Decoded:
    length = tokens.index(end) if end in tokens else len(tokens)
    return Decoded(tokens[:length], scores[: length + 1])
