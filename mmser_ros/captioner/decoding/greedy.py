# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From a prompt to words: prefill, decode and greedy search as plain functions.

A draft, the caption of the look before, is verified in the prefill: its words are taken as far
as greedy decoding would have chosen them, and decoding goes on from there. The answer is the one
without a draft, to the rounding of sums (speculative decoding, arXiv 2211.17192, when greedy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from transformers import DynamicCache

from mmser_ros.captioner.confidence import geometric_mean
from mmser_ros.captioner.model.language_model import LanguageModel


@dataclass(frozen=True)
class Prompt:
    """What a caption starts from, its last token being the beginning of the text.

    A caption may start from several views of its picture, one after the other in the batch. What is
    said is what their mean log probability makes likeliest.

    Attributes:
        embeddings: (batch · views, tokens, width).
        positions: (batch · views, tokens), the position of each token.
        mask: (batch · views, tokens), False where there is only padding; None if there is none.
        views: of each picture.
        evidence: (batch, vocabulary), added to the logits of tokens that are not yet said; None if
            there is none.
        places: (batch, places, vocabulary), added to the logits of the first token said, of the
            second, …; None if there is none.
        temperature: what logits and evidence are divided by, after all.
    """

    embeddings: Tensor
    positions: Tensor
    mask: Tensor | None = None
    views: int = 1
    evidence: Tensor | None = None
    places: Tensor | None = None
    temperature: float = 1.0

    def __len__(self) -> int:
        return len(self.embeddings) // self.views

    def row(self, index: int) -> Prompt:
        """One prompt as a batch of one, without padding."""
        here = slice(index * self.views, (index + 1) * self.views)
        real = slice(None) if self.mask is None else self.mask[here.start]
        return replace(
            self,
            embeddings=self.embeddings[here][:, real],
            positions=self.positions[here][:, real],
            mask=None,
            evidence=None if self.evidence is None else self.evidence[index : index + 1],
            places=None if self.places is None else self.places[index : index + 1],
        )


Padded = tuple[Tensor, Tensor | None]
"""Token ids (batch, longest), and their mask, see `pad`."""


def pad(rows: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> Padded:
    """Token ids of several captions as one tensor (batch, longest), and its mask.

    The mask is False where there is only padding, and None if there is none.
    """
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], dtype=torch.long)
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids.to(device), None if bool(mask.all()) else mask.to(device)


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
        return geometric_mean(self.log_probabilities)


@dataclass
class Reading:
    """How far a language model has read.

    Attributes:
        prompt: what was read first.
        cache: keys and values of what was read.
        position: (batch · views,), of the token that was read last.
        mask: (batch · views, tokens read), see Prompt.
        evidence: see there, without that of tokens read after the prompt.
        places: see there.
        said: how many tokens were read after the prompt.
    """

    prompt: Prompt
    cache: DynamicCache
    position: Tensor
    mask: Tensor | None
    evidence: Tensor | None
    places: Tensor | None
    said: int = 0

    @classmethod
    def begin(cls, model: LanguageModel, prompt: Prompt) -> Reading:
        """A reading that ends before the prompt, at the position of its end."""
        position = prompt.positions[:, -1]
        cache = model.new_cache()
        return cls(prompt, cache, position, prompt.mask, prompt.evidence, prompt.places)

    def repeat(self, times: int) -> None:
        """Turn each caption into `times` captions alike."""
        captions = len(self.position) // self.prompt.views
        self.select(torch.arange(captions, device=self.position.device).repeat_interleave(times))

    def select(self, captions: Tensor) -> None:
        """Keep these captions, in this order."""
        views = torch.arange(self.prompt.views, device=captions.device)
        rows = (captions[:, None] * self.prompt.views + views).flatten()
        self.cache.batch_select_indices(rows)
        self.position = self.position[rows]
        self.mask = None if self.mask is None else self.mask[rows]
        self.evidence = None if self.evidence is None else self.evidence[captions]
        self.places = None if self.places is None else self.places[captions]

    def weigh(self, logits: Tensor) -> Tensor:
        """Logits (batch, …, vocabulary) of all views (batch · views, …, vocabulary) together."""
        if self.prompt.views == 1:
            return logits
        return logits.float().log_softmax(-1).unflatten(0, (-1, self.prompt.views)).mean(1)

    def judge(self, logits: Tensor) -> Tensor:
        """Logits (batch, vocabulary) of the next token, with the evidence for it."""
        if self.evidence is not None:
            logits = logits + self.evidence
        if self.places is not None and self.said < self.places.shape[1]:
            logits = logits + self.places[:, self.said]
        return logits / self.prompt.temperature


def prefill(model: LanguageModel, prompt: Prompt) -> tuple[Tensor, Reading]:
    """Read a prompt.

    Returns:
        Logits (batch, vocabulary) of the next token, and the reading to decode with.
    """
    reading = Reading.begin(model, prompt)
    states = model(prompt.embeddings, prompt.positions, prompt.mask, reading.cache)
    logits = reading.weigh(model.lm_head(states[:, -1]))
    return reading.judge(logits), reading


def decode_one(model: LanguageModel, tokens: Tensor, reading: Reading) -> Tensor:
    """Read one more token (batch,) a row; the reading grows by it.

    Returns:
        Logits (batch, vocabulary) of the next token.
    """
    reading.position = reading.position + 1
    reading.said += 1
    if reading.evidence is not None:
        reading.evidence = reading.evidence.scatter(1, tokens[:, None], 0.0)
    if reading.mask is not None:
        reading.mask = torch.nn.functional.pad(reading.mask, (0, 1), value=True)
    words = model.embed(tokens.repeat_interleave(reading.prompt.views)[:, None])
    states = model(words, reading.position[:, None], reading.mask, reading.cache)
    return reading.judge(reading.weigh(model.lm_head(states[:, -1])))


def verify(
    model: LanguageModel, prompt: Prompt, draft: Sequence[int], end: int
) -> tuple[Decoded, Tensor | None, Reading]:
    """Read a prompt and a draft at once, and keep what greedy decoding would have said too.

    Args:
        model: the language model.
        prompt: a single prompt, without padding.
        draft: ids, without begin and end.
        end: id of the token that ends a caption.

    Returns:
        The words of the draft that stand, with their log probabilities; the logits (1,
        vocabulary) of the token after them, or None if that is the end; and the reading, up to
        those words.
    """
    seen = prompt.embeddings.shape[1]
    words = torch.tensor([list(draft)] * prompt.views, dtype=torch.long)
    words = words.to(prompt.embeddings.device)
    reading = Reading.begin(model, prompt)
    steps = torch.arange(1, len(draft) + 1, device=words.device)
    states = model(
        torch.cat([prompt.embeddings, model.embed(words)], dim=1),
        torch.cat([prompt.positions, reading.position[:, None] + steps], dim=1),
        cache=reading.cache,
    )
    logits = reading.weigh(model.lm_head(states[:, seen - 1 :]))[0]
    if prompt.evidence is not None:
        evidence = prompt.evidence.repeat(len(logits), 1)
        for place, word in enumerate(draft, start=1):
            evidence[place:, word] = 0.0
        logits = logits + evidence
    if prompt.places is not None:
        places = prompt.places[0, : len(logits)]
        logits = logits + torch.nn.functional.pad(places, (0, 0, 0, len(logits) - len(places)))
    logits = logits / prompt.temperature
    scores, best = logits.float().log_softmax(-1).max(-1)
    chosen = best.tolist()
    agreed = next(
        (n for n, (mine, theirs) in enumerate(zip(chosen, draft, strict=False)) if mine != theirs),
        len(draft),
    )
    ended = chosen[agreed] == end
    kept = Decoded(list(draft[:agreed]), scores[: agreed + ended].tolist())
    if agreed < len(draft):
        reading.cache.crop(agreed - len(draft))
    reading.position = reading.position + agreed
    reading.said = agreed
    if prompt.evidence is not None:
        reading.evidence = evidence[agreed][None]
    return kept, None if ended else logits[agreed][None], reading


def greedy(
    model: LanguageModel,
    prompt: Prompt,
    end: int,
    longest: int,
    draft: Sequence[int] | None = None,
) -> list[Decoded]:
    """Decode a batch of prompts, always taking the likeliest token.

    Args:
        model: the language model.
        prompt: what to decode from.
        end: id of the token that ends a caption.
        longest: where to stop at the latest, in tokens.
        draft: ids of a caption that is likely to be said again, for a batch of one without
            padding: the answer is the same, sooner.
    """
    kept = Decoded([], [])
    if draft:
        kept, verified, reading = verify(model, prompt, list(draft[: longest - 1]), end)
        if verified is None:
            return [kept]
        logits = verified
    else:
        logits, reading = prefill(model, prompt)
    chosen, scores = [], []
    left = longest - len(kept.tokens)
    ended = torch.zeros(len(prompt), dtype=torch.bool, device=logits.device)
    for _ in range(left):
        score, token = logits.float().log_softmax(-1).max(-1)
        chosen.append(token)
        scores.append(score)
        ended |= token == end
        if bool(ended.all()) or len(chosen) == left:
            break
        logits = decode_one(model, token, reading)
    rows = torch.stack(chosen, 1).tolist()
    values = torch.stack(scores, 1).tolist()
    return [
        _until_end([*kept.tokens, *row], [*kept.log_probabilities, *value], end)
        for row, value in zip(rows, values, strict=True)
    ]


def _until_end(tokens: list[int], scores: list[float], end: int) -> Decoded:
    length = tokens.index(end) if end in tokens else len(tokens)
    return Decoded(tokens[:length], scores[: length + 1])
