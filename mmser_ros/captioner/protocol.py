# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What caption_node and the commands need of a captioner, and a base class to make one.

`Captioner`, `HubCaptioner` and `RemoteCaptioner` are captioners; examples/my_captioner.py shows how
to write another one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Protocol

import numpy as np
import torch

from mmser_ros.captioner.answers import Answer, check_answers
from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checks import (
    MOST_BEAMS,
    MOST_PASSES,
    CaptionerError,
    check_beams,
    check_images,
    check_passes,
)
from mmser_ros.captioner.confidence import geometric_mean
from mmser_ros.captioner.grounding import find_phrases
from mmser_ros.core.errors import OutOfMemoryError
from mmser_ros.core.images import ImageInput
from mmser_ros.core.types import Caption, GroundedPhrase


class CaptionModel(Protocol):
    """A captioner, as caption_node and the commands use it.

    Attributes:
        name: name of the model, for messages and diagnostics.
        device: where it runs: `cpu`, `cuda:0`, or the address of a server.
        quantize: number format of the weights, as the captioner names it.
        max_passes: maximum number of passes.
        max_beams: maximum number of beams; 1: greedy decoding only.
    """

    name: str
    device: str
    quantize: str
    max_passes: int
    max_beams: int

    @property
    def threads(self) -> int:
        """Number of CPU threads of this process."""
        ...

    def caption(
        self,
        image: ImageInput,
        *,
        passes: int | None = None,
        beams: int | None = None,
        initial: str | None = None,
        ground: bool = False,
    ) -> Caption:
        """Caption one image, as `Captioner.caption` does."""
        ...

    def caption_passes(
        self,
        images: Sequence[ImageInput],
        *,
        passes: int | None = None,
        beams: int | None = None,
        initials: Sequence[str] | None = None,
        ground: bool = False,
    ) -> Iterator[list[Caption]]:
        """Yield the captions of images after each pass, as `Captioner.caption_passes` does."""
        ...

    def degrade(self) -> str | None:
        """Use less memory after an OutOfMemoryError.

        Returns:
            What changed, in words; None if nothing is left to change.
        """
        ...

    def cancel(self) -> None:
        """Abort waiting, in other threads: their captions end with a CancelledError.

        A captioner that waits for nobody, but computes, may do nothing.
        """
        ...


class AnsweringCaptioner(ABC):
    """A captioner whose passes are all made by one function, `answer`.

    Attributes:
        name: as in `CaptionModel`; so are the others.
    """

    quantize = "none"

    def __init__(
        self,
        name: str,
        *,
        device: str = "cpu",
        passes: int = 1,
        beams: int = 1,
        max_beams: int = MOST_BEAMS,
        refiner: str = "",
        one_pass: str = "",
    ) -> None:
        """Make a captioner.

        Args:
            name: name of the model.
            device: where it runs.
            passes: default number of passes.
            beams: default number of beams.
            max_beams: maximum number of beams.
            refiner: a model of this package that makes the passes after the first, on the CPU;
                empty: `answer` makes them.
            one_pass: why `answer` makes the first pass only; empty: it makes all.

        Raises:
            CaptionerError: `passes` or `beams` is out of range, or the refiner does not refine.
        """
        self.name = name
        self.device = device
        self._refiner = _load_refiner(refiner) if refiner else None
        self.max_passes = MOST_PASSES if self._refiner or not one_pass else 1
        self._one_pass = one_pass
        self._passes = check_passes(passes, self.max_passes, name, one_pass)
        self.max_beams = max_beams
        self._beams = check_beams(beams, max_beams, name)
        self._overreached = False  # memory ran out with more than one pass or beam

    @abstractmethod
    def answer(
        self, images: Sequence[np.ndarray], initials: Sequence[str] | None, beams: int
    ) -> list[Answer]:
        """Caption images, or look again at their captions.

        Args:
            images: arrays (height, width, 3) of uint8 in RGB.
            initials: a caption of each image to refine; None in the first pass. With a refiner or
                `one_pass` it is always None.
            beams: number of beams; 1 is greedy decoding.

        Raises:
            MmserError: no caption can be made of these images.
            torch.OutOfMemoryError: the device ran out of memory; callers get OutOfMemoryError.
        """
        ...

    @property
    def threads(self) -> int:
        """Number of CPU threads of torch in this process."""
        return torch.get_num_threads()

    def degrade(self) -> str | None:
        """After an OutOfMemoryError make 1 pass with 1 beam; see `CaptionModel.degrade`."""
        if not self._overreached:
            return None
        self._overreached = False
        self._passes = self._beams = 1
        return "one pass, greedy"

    def cancel(self) -> None:
        """Do nothing: most captioners wait for nobody; see `CaptionModel.cancel`."""
        return

    def caption(
        self,
        image: ImageInput,
        *,
        passes: int | None = None,
        beams: int | None = None,
        initial: str | None = None,
        ground: bool = False,
    ) -> Caption:
        """Caption one image; arguments and errors are those of `Captioner.caption`."""
        initials = None if initial is None else [initial]
        *_, last = self.caption_passes(
            [image], passes=passes, beams=beams, initials=initials, ground=ground
        )
        return last[0]

    def caption_passes(
        self,
        images: Sequence[ImageInput],
        *,
        passes: int | None = None,
        beams: int | None = None,
        initials: Sequence[str] | None = None,
        ground: bool = False,
    ) -> Iterator[list[Caption]]:
        """Yield the captions of several images after each pass, as `Captioner.caption_passes` does.

        Phrases have no regions: only models of this package say where they look.
        """
        arrays = check_images(images, initials)
        asked = self._passes if passes is None else passes
        asked = asked if initials is None else max(2, asked)
        check_passes(asked, self.max_passes, self.name, self._one_pass)
        width = self._beams if beams is None else check_beams(beams, self.max_beams, self.name)
        begun, times = perf_counter(), dict[str, float]()
        first = texts = None if initials is None else list(initials)
        for number in range(1 if initials is None else 2, asked + 1):
            started = perf_counter()
            answers = self._make_pass(arrays, texts, asked, width)
            texts = [one.text for one in answers]
            first = first or texts
            now = perf_counter()
            step = "glance" if number == 1 else "refine"
            times[step] = times.get(step, 0.0) + 1e3 * (now - started)
            times["total"] = 1e3 * (now - begun)
            captions = [
                Caption(
                    text=one.text,
                    initial_text=initial,
                    confidence=geometric_mean(one.log_probabilities),
                    refined=number > 1,
                    model=self.name,
                    passes=number,
                    times_ms=dict(times),
                    log_probabilities=tuple(one.log_probabilities),
                )
                for one, initial in zip(answers, first, strict=True)
            ]
            yield [_with_phrases(one) for one in captions] if ground else captions

    def _make_pass(
        self,
        images: Sequence[np.ndarray],
        initials: Sequence[str] | None,
        passes: int,
        beams: int,
    ) -> list[Answer]:
        """Make one of several passes."""
        if self._refiner and initials is not None:
            refined = self._refiner.caption_batch(images, passes=2, beams=1, initials=initials)
            return [Answer(one.text, one.log_probabilities) for one in refined]
        try:
            return check_answers(self.answer(images, initials, beams), len(images), self.name)
        except torch.OutOfMemoryError as error:
            self._overreached = passes > 1 or beams > 1
            torch.cuda.empty_cache()
            msg = f"{self.device} ran out of memory with {passes} passes and {beams} beams"
            raise OutOfMemoryError(msg) from error


def _load_refiner(model: str) -> Captioner:
    """Load a model of this package to refine captions; on the CPU, where these models are fast."""
    refiner = Captioner.load(model, device="cpu")
    if refiner.max_passes > 1:
        return refiner
    msg = f"refiner is {model}, which makes one pass; use a model that refines, such as nano"
    raise CaptionerError(msg)


def _with_phrases(caption: Caption) -> Caption:
    """Add the noun phrases of a caption, without regions."""
    phrases = tuple(
        GroundedPhrase(span.text, span.head, caption.confidence)
        for span in find_phrases(caption.text)
    )
    return replace(caption, phrases=phrases)
