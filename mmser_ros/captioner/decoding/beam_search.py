# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Beam search."""

from __future__ import annotations

import math

import torch

from mmser_ros.captioner.decoding.greedy import Decoded, decode_one, prefill
from mmser_ros.captioner.decoding.prompt import Prompt
from mmser_ros.captioner.model.language_model import LanguageModel


def beam_search(
    model: LanguageModel, prompt: Prompt, end: int, longest: int, beams: int
) -> Decoded:
    """Decode one prompt without padding, and keep the `beams` most probable hypotheses.

    Finished captions are compared by the mean log probability of their tokens.
    """
    logits, state = prefill(model, prompt, longest)
    state.repeat(beams)
    vocabulary = logits.shape[-1]
    # All beams start equal, so only the first one may propose tokens.
    totals = torch.full((beams, 1), -math.inf, device=logits.device)
    totals[0] = 0.0
    logits = logits.expand(beams, vocabulary)
    hypotheses = [Decoded([], []) for _ in range(beams)]
    finished: list[tuple[float, Decoded]] = []
    for step in range(longest):
        each = logits.float().log_softmax(-1)
        ranked = (totals + each).flatten()
        best, index = ranked.topk(min(2 * beams, len(ranked)))
        kept: list[tuple[int, int, float]] = []
        fresh: list[Decoded] = []
        for total, flat in zip(best.tolist(), index.tolist(), strict=True):
            beam, token = divmod(flat, vocabulary)
            if math.isinf(total) or len(kept) == beams:
                continue
            past = hypotheses[beam]
            scores = [*past.log_probabilities, each[beam, token].item()]
            if token == end:
                finished.append((total / len(scores), Decoded(past.tokens, scores)))
            else:
                kept.append((beam, token, total))
                fresh.append(Decoded([*past.tokens, token], scores))
        hypotheses = fresh
        if len(finished) >= beams or step == longest - 1:
            break
        device = logits.device
        chosen_beams, tokens, sums = zip(*kept, strict=True)
        state.select(torch.tensor(chosen_beams, device=device))
        totals = torch.tensor(sums, device=device)[:, None]
        logits = decode_one(model, torch.tensor(tokens, device=device), state)
    # Unfinished hypotheses are of one length, the most probable first.
    return max(finished, key=lambda one: one[0])[1] if finished else hypotheses[0]
