# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The front door: a picture in, a Caption out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner import quantization
from mmser_ros.captioner.checkpoint import CONFIG, load_checkpoint
from mmser_ros.captioner.confidence import calibrated
from mmser_ros.captioner.decoding import Decoded, Prompt, beam_search, greedy, pad
from mmser_ros.captioner.specialist import Specialist
from mmser_ros.captioner.vision import fit_square
from mmser_ros.errors import MmserError, OutOfMemoryError
from mmser_ros.records import Caption
from mmser_ros.resources import share_roots

MOST_PASSES = 10


class CaptionerError(MmserError):
    """A captioner that can't be loaded, or can't be used as asked."""


class Captioner:
    """A captioning specialist, loaded and ready.

    Example:
        >>> import numpy as np
        >>> from mmser_ros.captioner.captioner import Captioner
        >>> captioner = Captioner.load("nano")
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
            quantize: `none`, `bf16`, `fp16` or `int8`.
            passes: passes over a picture's features; more than the first needs a SeR-connector.
            beams: 1 decodes greedily, more by beam search.

        Raises:
            CaptionerError: the device is not there, or passes or beams are out of range.
            QuantizationError: the quantization does not run on the device.
        """
        self.max_passes = MOST_PASSES if specialist.config.ser_connector else 1
        self.name = specialist.config.name
        self.quantize = quantize
        self.device = _device(device)
        self._specialist = specialist
        self._tokenizer = tokenizer
        self._passes = self._check_passes(passes)
        self._beams = _check_beams(beams)
        self._overreached = False  # whether memory ran out on more than one pass or beam
        self._dtype = quantization.quantize(specialist, quantize, self.device)
        self._move(self.device)

    @classmethod
    def load(
        cls,
        model: str = "nano",
        *,
        device: str = "auto",
        quantize: str = "none",
        passes: int = 1,
        beams: int = 1,
    ) -> Captioner:
        """Load a model that ships with the package, or a checkpoint folder.

        Args:
            model: a shipped model's name, or the path of a checkpoint folder.
            device: as in the constructor, as are the others.
            quantize: see there.
            passes: see there.
            beams: see there.

        Raises:
            CaptionerError: no such model, or as in the constructor.
            CheckpointError: the checkpoint is incomplete or damaged.
        """
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
    ) -> Caption:
        """Caption one picture.

        Args:
            image: (height, width, 3) uint8 RGB.
            passes: instead of what the captioner was loaded with.
            beams: likewise.
            initial: a caption from elsewhere to refine, in place of the first pass; there are at
                least 2 passes then. Of a long one, the beginning is read.

        Raises:
            CaptionerError: the picture, passes or beams are not as described.
            OutOfMemoryError: see there; `degrade` may help.
        """
        initials = None if initial is None else [initial]
        return self.caption_batch([image], passes=passes, beams=beams, initials=initials)[0]

    def caption_batch(
        self,
        images: Sequence[np.ndarray],
        *,
        passes: int | None = None,
        beams: int | None = None,
        initials: Sequence[str] | None = None,
    ) -> list[Caption]:
        """Caption several pictures at once: more of them a second, each later than alone.

        Takes and raises what `caption` does. The times are of the whole batch.
        """
        *_, last = self.looks(images, passes=passes, beams=beams, initials=initials)
        return last

    def looks(
        self,
        images: Sequence[np.ndarray],
        *,
        passes: int | None = None,
        beams: int | None = None,
        initials: Sequence[str] | None = None,
    ) -> Iterator[list[Caption]]:
        """Yield the captions of several pictures after each pass, those of the glance first.

        Takes and raises what `caption` does. Captions given are not yielded.
        """
        asked = self._passes if passes is None else self._check_passes(passes)
        if initials is not None:
            asked = self._check_passes(max(2, asked))
        width = self._beams if beams is None else _check_beams(beams)
        for image in images:
            _check_image(image)
        try:
            yield from self._looks(images, asked, width, initials)
        except torch.OutOfMemoryError as error:
            self._overreached = asked > 1 or width > 1
            torch.cuda.empty_cache()
            msg = f"{self.device} ran out of memory with {asked} passes and {width} beams"
            raise OutOfMemoryError(msg) from error

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

    @torch.inference_mode()
    def _looks(
        self, images: Sequence[np.ndarray], passes: int, beams: int, initials: Sequence[str] | None
    ) -> Iterator[list[Caption]]:
        model, config = self._specialist, self._specialist.config
        start = perf_counter()
        squares = [fit_square(one, config.vision.image_size, config.vision.fit) for one in images]
        pixels = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).to(self.device)
        levels = model.encode(pixels, self._dtype)
        times = {"encode": 1e3 * (perf_counter() - start)}
        tokens: list[list[int]] = []
        texts: list[str] = []
        if initials is not None:
            texts = list(initials)
            tokens = [self._read(text) for text in texts]
        first = texts
        glances: list[Caption] = []
        for number in range(1 if initials is None else 2, passes + 1):
            begun = perf_counter()
            if number == 1:
                decoded = self._decode(model.prompt(model.glance(levels)), beams)
            else:
                initial, mask = pad(tokens, self.device)
                prompt = model.prompt(model.refine(levels, initial, mask), initial, mask)
                decoded = self._decode(prompt, beams, tokens[0] if len(tokens) == 1 else None)
            tokens = [one.tokens for one in decoded]
            texts = [self._tokenizer.decode(one).strip() for one in tokens]
            first = first or texts
            now = perf_counter()
            step = "glance" if number == 1 else "refine"
            times[step] = times.get(step, 0.0) + 1e3 * (now - begun)
            times["total"] = 1e3 * (now - start)
            captions = [
                Caption(
                    text=text,
                    initial_text=initial_text,
                    confidence=one.confidence,
                    refined=number > 1,
                    model=self.name,
                    passes=number,
                    times_ms=dict(times),
                    log_probabilities=tuple(one.log_probabilities),
                )
                for text, initial_text, one in zip(texts, first, decoded, strict=True)
            ]
            glances = captions if number == 1 else glances
            # Of captions from elsewhere there are no probabilities to calibrate with.
            yield calibrated(config.calibrations, glances, captions) if glances else captions

    def _decode(
        self, prompt: Prompt, beams: int, draft: Sequence[int] | None = None
    ) -> list[Decoded]:
        language = self._specialist.language_model
        end, longest = self._specialist.end, self._specialist.config.max_caption_tokens
        if beams == 1:
            return greedy(language, prompt, end, longest, draft)
        rows = map(prompt.row, range(len(prompt)))
        return [beam_search(language, one, end, longest, beams) for one in rows]

    def _read(self, text: str) -> list[int]:
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids[: self._specialist.config.max_caption_tokens]

    def _move(self, device: str) -> None:
        self._specialist.to(device, self._dtype if device == "cpu" else None)
        self._specialist.vision.to(device, self._dtype if device == "cpu" else None)

    def _check_passes(self, passes: int) -> int:
        if 1 <= passes <= self.max_passes:
            return passes
        msg = f"passes is {passes}; {self.name} can make 1 to {self.max_passes}"
        if self.max_passes == 1:
            msg += " (it has no SeR-connector to look again with)"
        raise CaptionerError(msg)


def find_model(model: str) -> Path:
    """The checkpoint folder of a shipped model's name or of a path.

    Raises:
        CaptionerError: neither; the message lists the shipped models.
    """
    places = [Path(model).expanduser(), *(root / "models" / model for root in share_roots())]
    for place in places:
        if (place / CONFIG).is_file():
            return place
    msg = (
        f"no model {model!r}; expected one of {', '.join(shipped_models()) or 'none installed'}, "
        f"or a folder with {CONFIG}"
    )
    raise CaptionerError(msg)


def shipped_models() -> list[str]:
    """Names of the models that came with the package."""
    return sorted(
        {path.parent.name for r in share_roots() for path in r.glob(f"models/*/{CONFIG}")}
    )


def _device(device: str) -> str:
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        msg = f"unknown device {device!r}; expected auto, cpu, cuda or cuda:N"
        raise CaptionerError(msg) from error
    if kind == "cuda" and not torch.cuda.is_available():
        msg = f"device {device!r}: torch {torch.__version__} finds no CUDA device; use cpu or auto"
        raise CaptionerError(msg)
    return device


def _check_beams(beams: int) -> int:
    if beams >= 1:
        return beams
    msg = f"beams is {beams}; expected 1 (greedy) or more"
    raise CaptionerError(msg)


def _check_image(image: np.ndarray) -> None:
    shape = getattr(image, "shape", None)
    kind = getattr(image, "dtype", type(image).__name__)
    if kind != np.uint8 or shape is None or len(shape) != 3 or shape[2] != 3 or 0 in shape:  # noqa: PLR2004
        msg = f"got a picture of {kind} {shape}; expected uint8 (height, width, 3) RGB"
        raise CaptionerError(msg)
