# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The front door: a picture in, a Caption out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner import quantization
from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.checks import check_beams, check_device, check_image, check_passes
from mmser_ros.captioner.grounding import Explanation, explain, grounded
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import visible
from mmser_ros.captioner.passes import Pass, run_passes
from mmser_ros.captioner.shipped import find_model
from mmser_ros.captioner.threads import use_threads
from mmser_ros.core.errors import OutOfMemoryError
from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.core.types import Caption

MOST_PASSES = 10
logger = logging.getLogger(__name__)


class Captioner:
    """A captioning specialist, loaded and ready.

    Example:
        >>> import numpy as np
        >>> from mmser_ros.captioner.captioner import Captioner
        >>> captioner = Captioner.load()
        >>> captioner.caption(np.zeros((480, 640, 3), np.uint8)).passes
        1
    """

    def __init__(
        self,
        specialist: Specialist,
        tokenizer: Tokenizer,
        *,
        device: str = "auto",
        quantize: str = "none",
        passes: int = 1,
        beams: int = 1,
    ) -> None:
        """Take over a specialist; `load` is the usual way.

        Args:
            specialist: on the CPU, in float32; it is changed in place.
            tokenizer: its vocabulary.
            device: `auto`, `cpu`, `cuda` or `cuda:N`.
            quantize: `none`, `bf16`, `fp16`, `int8`, or `auto` for what is fastest on the device.
            passes: passes over a picture's features; more than the first needs a SeR-connector.
            beams: 1 decodes greedily, more by beam search.

        Raises:
            CaptionerError: the device does not exist, or passes or beams are out of range.
            QuantizationError: the quantization does not run on the device.
        """
        self.name = specialist.config.name
        self.max_passes = MOST_PASSES if specialist.config.ser_connector else 1
        self.device = check_device(device)
        self.quantize = quantization.resolve(quantize, self.device)
        self._specialist = specialist
        self._tokenizer = tokenizer
        self._passes = check_passes(passes, self.max_passes, self.name)
        self._beams = check_beams(beams)
        self._overreached = False  # memory ran out with more than one pass or beam
        connector = specialist.config.ser_connector
        self._reads_captions = connector and (
            connector.reads_caption or connector.shows_caption or connector.proofreader
        )
        self._warned = False  # that it reads no captions
        self._dtype = quantization.quantize(specialist, self.quantize, self.device)
        self._move(self.device)

    @classmethod
    def load(
        cls,
        model: str = DEFAULT_MODEL,
        *,
        device: str = "auto",
        quantize: str = "auto",
        threads: int | str | None = None,
        passes: int = 1,
        beams: int = 1,
    ) -> Captioner:
        """Load a model that ships with the package, or a checkpoint folder.

        Args:
            model: a shipped model's name, or the path of a checkpoint folder.
            device: as in the constructor, as are the others.
            quantize: see there; the captioner's `quantize` says what `auto` became.
            threads: that torch works with, in the whole process, 1 to 1024; `auto` leaves one
                processor to others; None: as torch has it.
            passes: see there.
            beams: see there.

        Raises:
            CaptionerError: no such model, or as in the constructor.
            CheckpointError: the checkpoint is incomplete or damaged.
        """
        if threads is not None:
            use_threads(threads)
        specialist, tokenizer = load_checkpoint(find_model(model))
        return cls(
            specialist, tokenizer, device=device, quantize=quantize, passes=passes, beams=beams
        )

    def caption(
        self,
        image: np.ndarray,
        *,
        passes: int | None = None,
        beams: int | None = None,
        initial: str | None = None,
        ground: bool = False,
    ) -> Caption:
        """Caption one picture.

        Args:
            image: (height, width, 3) uint8 RGB.
            passes: instead of what the captioner was loaded with.
            beams: likewise.
            initial: a caption from elsewhere to refine, in place of the first pass; there are at
                least 2 passes then. Of a long one, the beginning is read. A model whose
                refinement does not read captions warns in the log.
            ground: whether to find the noun phrases and the region that each was seen in.

        Raises:
            CaptionerError: the picture, passes or beams are not as described.
            OutOfMemoryError: see there; `degrade` may help.
            ParserError: `ground` needs a parser that is not installed.
        """
        initials = None if initial is None else [initial]
        return self.caption_batch(
            [image], passes=passes, beams=beams, initials=initials, ground=ground
        )[0]

    def caption_batch(
        self,
        images: Sequence[np.ndarray],
        *,
        passes: int | None = None,
        beams: int | None = None,
        initials: Sequence[str] | None = None,
        ground: bool = False,
    ) -> list[Caption]:
        """Caption several pictures at once: more of them a second, each later than alone.

        Takes and raises what `caption` does. The times are of the whole batch.
        """
        with self._run_passes(images, passes, beams, initials) as passes_made:
            *_, last = passes_made
            return self._explained(images, last)[0] if ground else last.captions

    def looks(
        self,
        images: Sequence[np.ndarray],
        *,
        passes: int | None = None,
        beams: int | None = None,
        initials: Sequence[str] | None = None,
        ground: bool = False,
    ) -> Iterator[list[Caption]]:
        """Yield the captions of several pictures after each pass, those of the glance first.

        Takes and raises what `caption` does. Captions given are not yielded.
        """
        with self._run_passes(images, passes, beams, initials) as passes_made:
            for one in passes_made:
                yield self._explained(images, one)[0] if ground else one.captions

    def explain(
        self,
        image: np.ndarray,
        *,
        passes: int | None = None,
        beams: int | None = None,
        initial: str | None = None,
    ) -> list[tuple[Caption, Explanation]]:
        """Caption one picture and say, for each pass, where in it each word came from.

        Takes and raises what `caption` does.
        """
        initials = None if initial is None else [initial]
        with self._run_passes([image], passes, beams, initials) as passes_made:
            explained = [self._explained([image], one) for one in passes_made]
        return [(captions[0], explanations[0]) for captions, explanations in explained]

    @property
    def threads(self) -> int:
        """How many threads torch works with."""
        return torch.get_num_threads()

    def degrade(self) -> str | None:
        """Ask for less after an OutOfMemoryError: one pass and greedy first, then the CPU.

        Returns:
            What changed, in words; None if there is nothing left to give up.
        """
        if self._overreached:
            self._overreached = False
            self._passes = self._beams = 1
            return "one pass, greedy"
        if self.device != "cpu":
            gone, self.device, self.quantize = self.device, "cpu", "none"
            self._dtype = torch.float32
            self._move("cpu")
            torch.cuda.empty_cache()
            return f"moved from {gone} to the CPU"
        return None

    @contextmanager
    def _run_passes(
        self,
        images: Sequence[np.ndarray],
        passes: int | None,
        beams: int | None,
        initials: Sequence[str] | None,
    ) -> Iterator[Iterator[Pass]]:
        asked = self._passes if passes is None else passes
        asked = asked if initials is None else max(2, asked)
        check_passes(asked, self.max_passes, self.name)
        if initials and not self._reads_captions and not self._warned:
            self._warned = True
            logger.warning("%s does not read captions in a refinement pass", self.name)
        width = self._beams if beams is None else check_beams(beams)
        for image in images:
            check_image(image)
        try:
            yield run_passes(
                self._specialist,
                self._tokenizer,
                images,
                dtype=self._dtype,
                passes=asked,
                beams=width,
                initials=initials,
            )
        except torch.OutOfMemoryError as error:
            self._overreached = asked > 1 or width > 1
            torch.cuda.empty_cache()
            msg = f"{self.device} ran out of memory with {asked} passes and {width} beams"
            raise OutOfMemoryError(msg) from error

    @torch.inference_mode()
    def _explained(
        self, images: Sequence[np.ndarray], one: Pass
    ) -> tuple[list[Caption], list[Explanation]]:
        """The captions of a pass with their phrases, and the explanations of all words."""
        begun = perf_counter()
        explanations = [
            explain(
                self._specialist,
                self._tokenizer,
                tuple(level[row : row + 1] for level in one.levels),
                one.decoded[row],
                None if one.initial is None else one.initial[row],
                visible(image.shape[1], image.shape[0], self._specialist.config.vision.fit),
                None if one.word_prompts is None else one.word_prompts[row],
            )
            for row, image in enumerate(images)
        ]
        spent = 1e3 * (perf_counter() - begun)
        captions = [
            grounded(caption, explanation, spent)
            for caption, explanation in zip(one.captions, explanations, strict=True)
        ]
        return captions, explanations

    def _move(self, device: str) -> None:
        self._specialist.to(device, self._dtype if device == "cpu" else None)
        self._specialist.vision.to(device, self._dtype if device == "cpu" else None)
