# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`Captioner`: image in, Caption out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner import checks
from mmser_ros.captioner.caption_words import caption_words
from mmser_ros.captioner.checkpoint import load_checkpoint, read_config
from mmser_ros.captioner.grounding import Explained, explain_pass
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.passes import Pass, run_passes
from mmser_ros.captioner.quantization import fastest, formats
from mmser_ros.captioner.shipped import find_model
from mmser_ros.captioner.threads import use_threads
from mmser_ros.core.errors import OutOfMemoryError
from mmser_ros.core.images import ImageInput
from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.core.types import Caption

logger = logging.getLogger(__name__)


class Captioner:
    """A captioning model, loaded and ready. `Captioner.load` makes one.

    Images are arrays (height, width, 3) of uint8 in RGB, images of PIL, or paths of image files.

    Examples:
        >>> from PIL import Image
        >>> from mmser_ros import Captioner
        >>> captioner = Captioner.load("nano")
        >>> image = Image.new("RGB", (640, 480), "white")
        >>> caption = captioner.caption(image, passes=2)
        >>> caption.model, caption.passes, caption.refined
        ('nano', 2, True)
    """

    max_beams = checks.MOST_BEAMS

    def __init__(
        self,
        specialist: Specialist,
        tokenizer: Tokenizer,
        *,
        device: str = "auto",
        quantize: str = "none",
        passes: int = 1,
        beams: int = 1,
        refine_below: float = 1.0,
    ) -> None:
        """Make a captioner of a model that is in memory; `load` reads one from a file.

        Args:
            specialist: the model, on the CPU, in float32; it is changed in place.
            tokenizer: of the model.
            device: `auto`, `cpu`, `cuda` or `cuda:N`.
            quantize: `none`, `bf16`, `fp16`, `int8`, or `auto`, see docs/performance.md.
            passes: number of passes; more than 1 needs a model that refines.
            beams: 1 for greedy decoding, more for beam search.
            refine_below: see `load`.

        Raises:
            CaptionerError: there is no such device, or a number is out of range.
            QuantizationError: the quantization does not run on the device.
        """
        self.name = specialist.config.name
        self.max_passes = checks.MOST_PASSES if specialist.config.ser_connector else 1
        self.device = checks.check_device(device)
        self.quantize = fastest.choose(quantize, self.device, specialist.config)
        self._specialist = specialist
        self._tokenizer = tokenizer
        self._passes = checks.check_passes(passes, self.max_passes, self.name)
        self._beams = checks.check_beams(beams, self.max_beams, self.name)
        self._refine_below = checks.check_refine_below(refine_below)
        self._words = caption_words(specialist, tokenizer)
        self._overreached = False  # memory ran out with more than one pass or beam
        ser = specialist.config.ser_connector
        self._reads_captions = ser and (ser.reads_caption or ser.shows_caption or ser.proofreader)
        self._warned = False  # that it reads no captions
        self._dtype = formats.quantize(specialist, self.quantize, self.device)
        self._move(self.device)

    @classmethod
    def load(
        cls,
        model: str | Path = DEFAULT_MODEL,
        *,
        device: str = "auto",
        quantize: str = "auto",
        threads: int | str | None = None,
        passes: int = 1,
        beams: int = 1,
        refine_below: float = 1.0,
    ) -> Captioner:
        """Load a model. `from_pretrained` is the same under the name that transformers uses.

        Args:
            model: name of a shipped model (`small`, `nano`), or path of a checkpoint folder.
            device: `auto`, `cpu`, `cuda` or `cuda:N`.
            quantize: `none`, `bf16`, `fp16`, `int8`, or `auto`, see docs/performance.md. The
                attribute `quantize` says what `auto` chose.
            threads: number of threads of torch in this process, 1 to 1024; `auto` leaves one
                processor to others; None changes nothing.
            passes: default number of passes; more than 1 needs a model that refines.
            beams: default number of beams; 1 is greedy decoding.
            refine_below: further passes refine captions of a confidence below this only, from 0 to
                1; 1 refines all. `Caption.passes` says how many passes an image got.

        Raises:
            CaptionerError: there is no such model or device, or a number is out of range.
            CheckpointError: the checkpoint is incomplete or damaged.
            QuantizationError: the quantization does not run on the device.
        """
        if threads is not None:
            use_threads(threads)
        device, folder = checks.check_device(device), find_model(str(model))
        quantize = fastest.choose(quantize, device, read_config(folder))
        int8 = formats.is_int8(quantize, device)
        specialist, tokenizer = load_checkpoint(folder, int8=int8)
        return cls(
            specialist,
            tokenizer,
            device=device,
            quantize=quantize,
            passes=passes,
            beams=beams,
            refine_below=refine_below,
        )

    from_pretrained = load

    def caption(
        self,
        image: ImageInput,
        *,
        passes: int | None = None,
        beams: int | None = None,
        initial: str | None = None,
        ground: bool = False,
    ) -> Caption:
        """Caption one image.

        Args:
            image: an array (height, width, 3) of uint8 in RGB, an image of PIL, or a path.
            passes: number of passes; default: as loaded.
            beams: number of beams; default: as loaded.
            initial: a caption to refine in place of the first pass; `passes` is at least 2 then.
                Only the beginning of a long caption is read. A model that does not read it logs
                a warning.
            ground: whether to find the noun phrases of the caption and the region of each.

        Raises:
            PictureError: the image is none of these.
            CaptionerError: `passes` or `beams` is out of range.
            OutOfMemoryError: the device ran out of memory; `degrade` asks for less.
            ParserError: `ground` needs a parser that is not installed.
        """
        initials = None if initial is None else [initial]
        return self.caption_batch(
            [image], passes=passes, beams=beams, initials=initials, ground=ground
        )[0]

    def caption_batch(
        self,
        images: Sequence[ImageInput],
        *,
        passes: int | None = None,
        beams: int | None = None,
        initials: Sequence[str] | None = None,
        ground: bool = False,
    ) -> list[Caption]:
        """Caption several images in one batch: more images a second, at a longer latency.

        Arguments and errors are those of `caption`; `initials` has one caption for each image.

        Returns:
            One caption for each image, in order; `times_ms` are of the whole batch.
        """
        arrays = checks.check_images(images, initials)
        with self._run_passes(arrays, passes, beams, initials) as passes_made:
            *_, last = passes_made
            return [one for one, _ in self._explained(arrays, last)] if ground else last.captions

    def caption_passes(
        self,
        images: Sequence[ImageInput],
        *,
        passes: int | None = None,
        beams: int | None = None,
        initials: Sequence[str] | None = None,
        ground: bool = False,
    ) -> Iterator[list[Caption]]:
        """Yield the captions of several images after each pass; the first pass is the glance.

        It ends when no caption is to be refined any more, see `refine_below` of `load`. Arguments
        and errors are those of `caption_batch`. Initial captions are not yielded.
        """
        arrays = checks.check_images(images, initials)
        with self._run_passes(arrays, passes, beams, initials) as passes_made:
            for one in passes_made:
                yield [it for it, _ in self._explained(arrays, one)] if ground else one.captions

    def explain(
        self,
        image: ImageInput,
        *,
        passes: int | None = None,
        beams: int | None = None,
        initial: str | None = None,
    ) -> Explained:
        """Caption one image and find, for each pass, the regions that each word came from.

        Arguments and errors are those of `caption`.
        """
        initials = None if initial is None else [initial]
        arrays = checks.check_images([image])
        with self._run_passes(arrays, passes, beams, initials) as passes_made:
            return [self._explained(arrays, one)[0] for one in passes_made]

    @property
    def threads(self) -> int:
        """Number of threads of torch."""
        return torch.get_num_threads()

    def cancel(self) -> None:
        """Do nothing: it waits for nobody; see `CaptionModel.cancel`."""

    def degrade(self) -> str | None:
        """Ask for less memory: 1 pass and 1 beam, then the CPU; see `CaptionModel.degrade`."""
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
        checks.check_passes(asked, self.max_passes, self.name)
        if initials and not self._reads_captions and not self._warned:
            self._warned = True
            logger.warning("%s does not read captions in a refinement pass", self.name)
        width = self._beams if beams is None else beams
        checks.check_beams(width, self.max_beams, self.name)
        try:
            yield run_passes(
                self._specialist,
                self._tokenizer,
                images,
                dtype=self._dtype,
                passes=asked,
                beams=width,
                initials=initials,
                caption_words=self._words,
                refine_below=self._refine_below,
            )
        except torch.OutOfMemoryError as error:
            self._overreached = asked > 1 or width > 1
            torch.cuda.empty_cache()
            msg = f"{self.device} ran out of memory with {asked} passes and {width} beams"
            raise OutOfMemoryError(msg) from error

    def _explained(self, images: Sequence[np.ndarray], one: Pass) -> Explained:
        return explain_pass(self._specialist, self._tokenizer, images, one)

    def _move(self, device: str) -> None:
        for part in (self._specialist, self._specialist.vision):
            part.to(device, self._dtype if device == "cpu" else None)
