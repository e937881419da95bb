# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Beam search."""

from __future__ import annotations

import math

import torch

from mmser_ros.captioner.decoding.greedy import Decoded, Prompt, decode_one, prefill
from mmser_ros.captioner.model.language_model import LanguageModel


def beam_search(
    model: LanguageModel, prompt: Prompt, end: int, longest: int, beams: int
) -> Decoded:
    """Decode one prompt without padding, and keep the `beams` most probable hypotheses.

    Finished captions are compared by the mean log probability of their tokens.
    """
    logits, state = prefill(model, prompt)
    state.repeat(beams)
    vocabulary = logits.shape[-1]
    # All beams start equal, so only the first one may propose tokens.
    totals = torch.full((beams, 1), -math.inf, device=logits.device)
    totals[0] = 0.0
    logits = logits.expand(beams, vocabulary)
    hypotheses = [Decoded([], []) for _ in range(beams)]
    finished: list[Decoded] = []
    for step in range(longest):
        scores_next = logits.float().log_softmax(-1)
        ranked = (totals + scores_next).flatten()
        best, index = ranked.topk(min(2 * beams, len(ranked)))
        kept: list[tuple[int, int]] = []
        fresh: list[Decoded] = []
        for total, flat in zip(best.tolist(), index.tolist(), strict=True):
            beam, token = divmod(flat, vocabulary)
            if math.isinf(total) or len(kept) == beams:
                continue
            past = hypotheses[beam]
            scores = [*past.log_probabilities, scores_next[beam, token].item()]
            if token == end:
                finished.append(Decoded(past.tokens, scores))
            else:
                kept.append((beam, token))
                fresh.append(Decoded([*past.tokens, token], scores))
        hypotheses = fresh
        if len(finished) >= beams or step == longest - 1:
            break
        device = logits.device
        tokens = torch.tensor([token for _, token in kept], device=device)
        state.select(torch.tensor([beam for beam, _ in kept], device=device))
        totals = torch.tensor([[sum(one.log_probabilities)] for one in fresh], device=device)
        logits = decode_one(model, tokens, state)
    return max(finished or hypotheses, key=lambda one: one.confidence)
