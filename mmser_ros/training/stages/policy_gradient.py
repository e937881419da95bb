# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Self-critical sequence training (arXiv 1612.00563): sampling, advantages and the loss.

The baseline of a sample is the mean reward of its image's other samples (leave-one-out).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.decoding.greedy import decode_one, prefill
from mmser_ros.captioner.decoding.prompt import Padded, Prompt
from mmser_ros.captioner.model.attend import all_attend
from mmser_ros.captioner.model.language_model import LanguageModel
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.batches import draw_visual_tokens, keep_visual_tokens
from mmser_ros.training.progress_log import say
from mmser_ros.training.tokens import pack_rows, read

LOG_EVERY = 960
"""Images between two lines of the log."""

Samples = list[list[list[int]]]
"""Token ids of the samples of each image, without begin."""


class Reward(Protocol):
    """The reward of a caption."""

    def __call__(self, caption: str, picture: int, *, mirrored: bool, ended: bool) -> float:
        """Rate a caption.

        Args:
            caption: its text.
            picture: index of the image.
            mirrored: whether the view of the image is mirrored.
            ended: whether the caption has its end token; else it was cut.
        """
        ...


@dataclass(frozen=True)
class Sampling:
    """How captions are sampled.

    Attributes:
        samples: samples per image.
        temperature: temperature of the samples.
        keep: share of the visual tokens that a pass reads.
        longest: maximum number of tokens of a sample.
    """

    samples: int
    temperature: float
    keep: float
    longest: int


class PolicyGradient:
    """Samples captions, rates them, and gives the policy-gradient loss."""

    def __init__(
        self,
        specialist: Specialist,
        tokenizer: Tokenizer,
        reward: Reward,
        sampling: Sampling,
        *,
        compiled: bool,
    ) -> None:
        self._specialist, self._tokenizer = specialist, tokenizer
        self._reward, self._sampling = reward, sampling
        self._forward = torch.compile(specialist, dynamic=True) if compiled else specialist
        # On a CPU bfloat16 samples much faster, but its fused attention is much slower.
        self._sampler = deepcopy(specialist.language_model).bfloat16().eval()
        for one in all_attend(self._sampler):
            one.eager = True
        self._logged: list[float] = []

    @torch.no_grad()
    def refresh(self) -> None:
        """Copy the present weights to the sampler."""
        trained = self._specialist.language_model.parameters()
        for mine, theirs in zip(self._sampler.parameters(), trained, strict=True):
            mine.copy_(theirs)

    @torch.no_grad()
    def sample(self, prompt: Prompt, samples: int) -> Samples:
        """Draw `samples` captions per image after the prompts."""
        prompt = replace(prompt, embeddings=prompt.embeddings.bfloat16())
        end, options = self._specialist.end, self._sampling
        flat = sample(self._sampler, prompt, samples, end, options.longest, options.temperature)
        return [flat[at : at + samples] for at in range(0, len(flat), samples)]

    def __call__(
        self,
        visual: Tensor,
        batch: Sequence[int],
        mirrored: Sequence[bool],
        *,
        initial: Padded | None = None,
        words: Padded | None = None,
        target: Callable[[int, bool], list[int] | None] = lambda index, mirrored: None,
        target_weight: float = 0.0,
    ) -> tuple[Tensor, Samples]:
        """The loss of new samples for these images, and the samples.

        Args:
            visual: (batch, tokens, width), visual tokens.
            batch: indices of the images.
            mirrored: whether each image's view is mirrored.
            initial: token ids and mask of the initial captions of a refinement pass.
            words: token ids and mask of the word prompts.
            target: (index, mirrored) → a human caption to learn from too, from begin to end.
            target_weight: weight of its loss.
        """
        specialist, options = self._specialist, self._sampling
        kept = draw_visual_tokens(len(batch), specialist.visual_tokens, options.keep)
        kept = kept.to(visual.device)
        ids, mask = initial or (None, None)
        prompt = specialist.prompt(visual, ids, mask, words)
        drawn = self.sample(keep_visual_tokens(prompt, visual.shape[1], kept), options.samples)
        pairs = list(zip(batch, mirrored, strict=True))
        rated = zip(drawn, pairs, strict=True)
        gains = np.stack([self._advantages(some, *pair) for some, pair in rated])
        rows = [[[specialist.begin, *one] for one in some] for some in drawn]
        target_weights = np.zeros((len(batch), 1))
        for number, pair in enumerate(pairs if target_weight else ()):
            if caption := target(*pair):
                rows[number].append(caption)
                target_weights[number] = target_weight
        packed = pack_rows(rows, specialist.device)
        context = specialist.context(visual, ids, mask, words)
        context = keep_visual_tokens(context, visual.shape[1], kept)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            starts = specialist.starts(len(batch), words)
            logits = read(self._forward, context, packed, starts).float()
        sampled = (packed.segments < options.samples)[..., None]
        scaled = torch.where(sampled, logits / options.temperature, logits)
        losses = cross_entropy(scaled.flatten(0, 1), packed.targets.flatten(), reduction="none")
        losses = losses.view_as(packed.targets)
        weights = torch.tensor(np.concatenate([gains, target_weights], 1), dtype=torch.float32)
        weights = weights.to(losses.device).gather(1, packed.segments.clamp(min=0))
        return (weights * losses).sum() / packed.words, drawn

    def _advantages(self, captions: Sequence[list[int]], index: int, mirrored: bool) -> np.ndarray:
        texts = self._tokenizer.decode_batch(captions)
        ended = [caption[-1] == self._specialist.end for caption in captions]
        rewards = np.array(
            [
                self._reward(text, index, mirrored=mirrored, ended=one)
                for text, one in zip(texts, ended, strict=True)
            ]
        )
        self._logged.append(float(rewards.mean()))
        if len(self._logged) >= LOG_EVERY:
            say(f"mean reward {np.mean(self._logged):.3f} over the last {LOG_EVERY} images")
            self._logged.clear()
        return advantages(rewards)


def advantages(rewards: np.ndarray) -> np.ndarray:
    """Each sample's reward (samples,) minus the mean reward of the other samples."""
    return (rewards - rewards.mean()) * len(rewards) / (len(rewards) - 1)


@torch.no_grad()
def sample(
    model: LanguageModel,
    prompt: Prompt,
    samples: int,
    end: int,
    longest: int,
    temperature: float = 1.0,
) -> list[list[int]]:
    """Sample captions after the prompts of several images.

    Args:
        model: the language model.
        prompt: prompts of the images.
        samples: samples per image.
        end: id of the token that ends a caption.
        longest: maximum number of tokens.
        temperature: divides the logits; below 1, probable words become more probable.

    Returns:
        Token ids of `samples` captions for each image in turn, with the end token; a caption of
        the maximum length has none.
    """
    logits, state = prefill(model, prompt, longest)
    state.repeat(samples)
    logits = logits.repeat_interleave(samples, dim=0)
    chosen = []
    ended = torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
    for _ in range(longest):
        shares = (logits.float() / temperature).softmax(-1).cumsum(-1)
        # Scaled by the last sum, which is not exactly 1 because of rounding.
        drawn = torch.rand_like(shares[:, :1]) * shares[:, -1:]
        token = torch.searchsorted(shares, drawn)[:, 0]
        chosen.append(token)
        ended |= token == end
        if bool(ended.all()):
            break
        logits = decode_one(model, token, state)
    rows = torch.stack(chosen, 1).tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in rows]
