# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The captioning specialist: vision tower, glance connector and language model tied together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import SpecialistConfig
from mmser_ros.captioner.decoding.prompt import Padded, Prompt, repeat_rows
from mmser_ros.captioner.model.concept_detector import pool
from mmser_ros.captioner.model.domain_language import build_domain_language
from mmser_ros.captioner.model.glance_connector import build_glance_connector
from mmser_ros.captioner.model.language_model import build_language_model
from mmser_ros.captioner.model.object_tower import ObjectTower
from mmser_ros.captioner.model.ser_connector import SerConnector, level_indices
from mmser_ros.captioner.model.uninitialised import Uninitialised
from mmser_ros.captioner.model.vision import ClipTower, EfficientNetLiteTower, Levels, build_tower
from mmser_ros.captioner.model.word_detector import Detected, build_word_detector

SHARED, PADDING = -2, -1
"""Segment ids of the context and of padding, beside the numbers of captions."""


class Specialist(nn.Module):
    """MM-SeR's captioner (arXiv 2508.21451, section 4).

    The vision tower is frozen: it is not in `state_dict`, and comes from its own source. The
    language model's input is [visual tokens ; words ; beginning of text ; caption]; the words come
    from the word detector, if any. In a refinement pass the visual tokens come from the
    SeR-connector, and the initial caption follows the words.

    Attributes:
        width: width of visual tokens and word embeddings.
        begin: id of the token that begins a caption.
        end: id of the token that ends a caption.
    """

    def __init__(self, config: SpecialistConfig, *, initialise: bool = True) -> None:
        """Build it, the vision tower from its source.

        Args:
            config: its configuration.
            initialise: whether to initialise the weights; False is faster, when weights are loaded
                next.
        """
        super().__init__()
        self.config = config
        start = nullcontext if initialise else Uninitialised
        with start():
            self.language_model = build_language_model(config.language)
        self._frozen = [build_tower(config.vision)]  # in a list, so that it is not a submodule
        self.width = self.language_model.width
        self.begin, self.end = self.language_model.begin, self.language_model.end
        with start():
            self._build_connectors(config)

    def _build_connectors(self, config: SpecialistConfig) -> None:
        self.glance_connector = build_glance_connector(
            self.vision.channels[0], self.width, config.glance_connector_layers
        )
        if config.objects:
            self.object_tower = ObjectTower(config.objects)
        if config.words:
            self.word_detector = build_word_detector(config, self.vision)
        self.domain_language = build_domain_language(config, self.language_model, self.vision)
        if config.ser_connector:
            self._refine_levels = level_indices(config.ser_connector.levels, config.vision.levels)
            self.ser_connector = SerConnector(
                config.ser_connector,
                [self.vision.channels[index] for index in self._refine_levels],
                [self.vision.grids[index] for index in self._refine_levels],
                self.width,
                config.max_caption_tokens,
            )

    @property
    def vision(self) -> EfficientNetLiteTower | ClipTower:
        """The frozen vision tower."""
        return self._frozen[0]

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    @property
    def visual_tokens(self) -> int:
        """Number of visual tokens."""
        return self.vision.grids[0] ** 2

    def encode(self, pixels: Tensor, dtype: torch.dtype = torch.float32) -> Levels:
        """Features of uint8 RGB pixels (batch, 3, size, size): a tuple of levels."""
        with torch.no_grad():
            return self.vision(self.vision.normalise(pixels).to(dtype))

    def detect(self, views: Sequence[Levels], objects: Tensor | None = None) -> list[Detected]:
        """Detect words in images.

        Args:
            views: features from `encode`: of the whole images, then of each of their crops.
            objects: log odds of the object tower's classes in the images, if there is one.
        """
        pooled = torch.stack([pool(one) for one in views], dim=1).float()
        first = pooled[..., : self.vision.channels[0]]
        classes = self.vision.classify(first) if self.vision.classes else None
        return self.word_detector.detect(pooled, classes, objects)

    def domain(self, *, inside: bool = True) -> AbstractContextManager[None]:
        """Within `with`, caption images of the domain, if `inside`; see `DomainLanguage`."""
        own = self.domain_language if inside else None
        return own.on(self.language_model) if own else nullcontext()

    def glance(self, levels: Levels) -> Tensor:
        """Visual tokens (batch, tokens, width) of the first pass."""
        if self.domain_language and self.domain_language.is_on:
            return self.domain_language.glance(levels)
        return self.glance_connector(levels[0])

    def refine(self, levels: Levels, initial: Tensor, mask: Tensor | None = None) -> Tensor:
        """Visual tokens (batch, tokens, width) of a refinement pass.

        Args:
            levels: features from `encode`.
            initial: (batch, words), token ids of the initial caption, without begin and end.
            mask: (batch, words), False at padding; None: no padding.
        """
        connector = self.ser_connector
        if connector.encoder is None:
            return self.glance(levels)
        words = self.embed(initial) if connector.config.reads_caption else None
        visual = connector(self.select_levels(levels), words, mask)
        return visual + self.glance(levels) if connector.config.adds_to_glance else visual

    def select_levels(self, levels: Levels) -> list[Tensor]:
        """Select the levels that the SeR-connector reads."""
        return [levels[index] for index in self._refine_levels]

    def context(
        self,
        visual: Tensor,
        initial: Tensor | None = None,
        mask: Tensor | None = None,
        words: Padded | None = None,
    ) -> Prompt:
        """The input before a caption: visual tokens, words, the initial caption of a refinement.

        A token of the initial caption has the position that it would have in the new caption.

        Args:
            visual: (batch, tokens, width).
            initial: (batch, tokens), token ids of the initial caption.
            mask: (batch, tokens), False at its padding; None: no padding.
            words: token ids of the word prompt, and their mask.
        """
        visual_positions = torch.arange(visual.shape[1], device=visual.device).expand(
            len(visual), -1
        )
        parts = [(visual, visual_positions, torch.ones_like(visual_positions, dtype=torch.bool))]
        if words is not None:
            parts.append(self._with_positions(self.embed(words[0]), self.visual_tokens, words[1]))
        if initial is not None and self.ser_connector.config.shows_caption:
            draft = self.embed(initial) + self.ser_connector.draft
            parts.append(
                self._with_positions(draft, self.starts(len(visual), words)[:, None] + 1, mask)
            )
        embeddings, positions, real = (torch.cat(some, dim=1) for some in zip(*parts, strict=True))
        return Prompt(embeddings, positions, None if bool(real.all()) else real)

    def starts(self, batch: int, words: Padded | None = None) -> Tensor:
        """Positions (batch,) where captions begin: after the visual tokens and the words."""
        if words is None:
            return torch.full((batch,), self.visual_tokens, device=self.device)
        ids, mask = words
        counts = torch.full((batch,), ids.shape[1], device=ids.device)
        return self.visual_tokens + (counts if mask is None else mask.sum(1))

    def _with_positions(
        self, embeddings: Tensor, start: int | Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Embeddings, their positions from `start` on, and a mask that is False at padding."""
        batch, length = embeddings.shape[:2]
        positions = torch.arange(length, device=embeddings.device).expand(batch, -1) + start
        real = torch.ones_like(positions, dtype=torch.bool) if mask is None else mask
        return embeddings, positions, real

    def prompt(
        self,
        visual: Tensor,
        initial: Tensor | None = None,
        mask: Tensor | None = None,
        words: Padded | None = None,
    ) -> Prompt:
        """The prompt of the first pass: the context, then the beginning of the text."""
        context = self.context(visual, initial, mask, words)
        begin = torch.full((len(visual), 1), self.begin, device=visual.device)
        return Prompt(
            torch.cat([context.embeddings, self.embed(begin)], dim=1),
            torch.cat([context.positions, self.starts(len(visual), words)[:, None]], dim=1),
            None if context.mask is None else nn.functional.pad(context.mask, (0, 1), value=True),
        )

    def refine_prompt(
        self,
        views: Sequence[Levels],
        initial: Tensor,
        mask: Tensor | None = None,
        *,
        external: bool = False,
        words: Padded | None = None,
    ) -> Prompt:
        """The prompt of a refinement pass, with its biases on the logits.

        Args:
            views: features of the images from `encode`, then of their other views.
            initial: as in `refine`.
            mask: as in `refine`.
            external: whether the initial captions come from elsewhere; only these are proofread.
            words: word prompts of the images, as in `context`.
        """
        count = len(views)
        levels = tuple(torch.stack(some, dim=1).flatten(0, 1) for some in zip(*views, strict=True))
        repeated, real = repeat_rows((initial, mask), count)
        prompts = None if words is None else repeat_rows(words, count)
        prompt = self.prompt(self.refine(levels, repeated, real), repeated, real, prompts)
        prompt = replace(prompt, views=count)
        concepts, proofreader = self.ser_connector.concepts, self.ser_connector.proofreader
        embeddings, read = self.language_model.embeddings, self.select_levels(levels)
        if concepts is not None:
            prompt = replace(prompt, logit_bias=concepts.logit_bias(read, count, len(embeddings)))
        if proofreader is not None and external:
            bias = proofreader.position_bias(
                read, initial, embeddings, mask, views=count, end=self.end
            )
            temperature = 1.0 + proofreader.config.weight  # a weighted geometric mean of both
            prompt = replace(prompt, position_bias=bias, temperature=temperature)
        return prompt

    def embed(self, tokens: Tensor) -> Tensor:
        """Word embeddings (…, width) of token ids (…)."""
        return self.language_model.embed(tokens)

    def forward(
        self,
        context: Tensor,
        tokens: Tensor,
        segments: Tensor,
        positions: Tensor,
        context_positions: Tensor | None = None,
        mask: Tensor | None = None,
        starts: Tensor | None = None,
    ) -> Tensor:
        """Logits of several captions per image in one forward pass, for training.

        Attention is causal, so the context does not depend on the captions after it, and all
        captions of an image share it. A caption attends to the context and to itself only.

        Args:
            context: (batch, context, width), see `context`; it may be of length 0 to train on
                text alone.
            tokens: (batch, length), the captions one after the other.
            segments: (batch, length), number of the caption of each token; -1 is padding.
            positions: (batch, length), position of a token in its caption, from 0.
            context_positions: (batch, context), positions of the context; default: 0, 1, ….
            mask: (batch, context), False at padding of the context; default: no padding.
            starts: (batch,), positions where captions begin, see `starts`; default: after the
                visual tokens.

        Returns:
            Logits (batch, length, vocabulary).
        """
        batch, seen = context.shape[:2]
        length = seen + tokens.shape[1]
        if context_positions is None:
            context_positions = torch.arange(seen, device=tokens.device).expand(batch, seen)
        if starts is None:
            starts = self.starts(batch)
        shared = torch.full_like(context_positions, SHARED)
        if mask is not None:
            shared = shared.where(mask, PADDING)
        causal = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
        # Padding attends to padding, so that no row of the mask is empty.
        owners = torch.cat([shared, segments], dim=1)
        visible = (owners == SHARED)[:, None, :] | (owners[:, :, None] == owners[:, None, :])
        states = self.language_model(
            torch.cat([context, self.embed(tokens)], dim=1),
            torch.cat([context_positions, positions + starts[:, None]], dim=1),
            (causal & visible)[:, None],
        )
        return self.language_model.lm_head(states[:, seen:])
