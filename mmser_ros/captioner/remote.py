# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A captioner behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama or a cloud."""

from __future__ import annotations

import logging
import math
import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from time import monotonic
from typing import Any

import numpy as np
from PIL import Image

from mmser_ros.captioner.answers import Answer, tidy, whole_sentences
from mmser_ros.captioner.checks import CaptionerError, check_images
from mmser_ros.captioner.crops import CropFinder
from mmser_ros.captioner.protocol import AnsweringCaptioner
from mmser_ros.captioner.settings import ModelSettings
from mmser_ros.core.chat_endpoint import KEY_VARIABLE, LONGEST_WAIT, ChatEndpoint, ChatError
from mmser_ros.core.images import ImageInput
from mmser_ros.core.types import Caption

LONGEST_SIDE = 768
"""Pixels of the images that are sent; larger ones are scaled down."""
QUALITY = 85
"""Of their JPEG encoding, 0 to 100."""
PARALLEL = 8
"""Requests at the same time, for several images at once."""
OF_LOAD = (0, 408, 409, 425, 429, 502, 503, 504)
"""HTTP status codes, and 0 for no answer, that say nothing of the images of a request."""
ATTEMPTS = 3
PAUSE = 1.0
"""Seconds after a failed request in which no other one is sent."""
REFUSALS = (400, 403, 422)
"""HTTP status codes of servers that do not know a field of a request."""
OF_ONE_IMAGE = (400, 413, 422)
"""HTTP status codes with which a server refuses an image and may take the next one."""

logger = logging.getLogger(__name__)


class RemoteCaptioner(AnsweringCaptioner):
    """Sends images to a vision-language model on a server. `open_captioner` makes one.

    The environment variable MMSER_API_KEY holds the key of the server, if it needs one. Nothing is
    sent before the first image, so the server may start later, stop and come back.

    Args:
        name: name of the model at the server.
        url: base URL of the API, such as http://localhost:8000/v1.
        passes: default number of passes.
        beams: 1; servers take no other number.
        settings: what is asked, and for how long a caption is waited for.

    Raises:
        CaptionerError: a setting is of no use, or `passes` or `beams` is out of range.
        ChatError: the URL is not an HTTP address, or the key can't be one.
    """

    quantize = "chosen by the server"

    def __init__(
        self,
        name: str,
        url: str,
        *,
        passes: int = 1,
        beams: int = 1,
        settings: ModelSettings | None = None,
    ) -> None:
        self._settings = settings or ModelSettings()
        self._settings.refuse(f"openai:{name}", "revision", "compile")
        key = os.environ.get(KEY_VARIABLE)
        self._endpoint = ChatEndpoint(
            url, name, key=key, attempts=ATTEMPTS, timeout=self._settings.timeout_s
        )
        refiner = self._settings.refiner
        options: dict[str, Any] = {"passes": passes, "beams": beams, "refiner": refiner}
        super().__init__(f"openai:{name}", device=url, max_beams=1, **options)
        self._crops = CropFinder(0 if refiner else self._settings.crops)
        if passes > 1:
            self._crops.load()
        length = self._settings.longest
        self._forms: list[dict[str, Any]] = [
            {"max_tokens": length, "temperature": 0.0, "logprobs": True},
            {"max_tokens": length, "temperature": 0.0},
            {"max_completion_tokens": length},  # newer models of OpenAI know no other field
        ]
        self._end = math.inf
        self._paused_until = -math.inf
        self._failure = ""
        self._warned = False  # that there are no log probabilities

    def caption_passes(
        self, images: Sequence[ImageInput], **options: Any
    ) -> Iterator[list[Caption]]:
        """Yield captions as `AnsweringCaptioner` does; the time limit is one for all passes.

        Several images have several times as long.
        """
        arrays = check_images(images)
        if options.get("initials") or (options.get("passes") or self._passes) > 1:
            self._crops.load()  # takes seconds, once, that are not the server's
        self._end = monotonic() + self._settings.timeout_s * len(arrays)
        yield from super().caption_passes(arrays, **options)

    def answer(
        self, images: Sequence[np.ndarray], initials: Sequence[str] | None, beams: int
    ) -> list[Answer]:
        """Caption images, or look again at their captions; see `AnsweringCaptioner.answer`.

        Raises:
            CaptionerError: an answer is no caption.
            ChatError: the server does not answer in time, or refuses the request.
            CancelledError: `cancel` was called.
        """
        captions = initials or [""] * len(images)
        crops = self._crops.find(images, initials) if initials else [[] for _ in images]
        with ThreadPoolExecutor(min(PARALLEL, len(images))) as threads:
            return list(threads.map(self._ask, images, captions, crops))

    def cancel(self) -> None:
        """Abort the requests that are being answered; see `CaptionModel.cancel`."""
        self._endpoint.cancel()

    def _ask(self, image: np.ndarray, caption: str, crops: Sequence[np.ndarray]) -> Answer:
        if monotonic() < self._paused_until:
            raise CaptionerError(self._failure)
        try:
            choice = self._complete_with_crops(image, caption, crops)
        except ChatError as error:
            if error.status in OF_ONE_IMAGE:
                raise
            self._failure = str(error)
            self._paused_until = monotonic() + min(max(PAUSE, error.wait or 0.0), LONGEST_WAIT)
            raise
        log_probabilities = _log_probabilities(choice)
        if not log_probabilities and not self._warned:
            self._warned = True
            msg = "%s at %s gives no log probabilities: the confidence of its captions is 0, so "
            logger.warning(msg + "leave min_confidence at 0", self.name, self.device)
        return Answer(self._caption_in(choice), log_probabilities)

    def _complete_with_crops(
        self, image: np.ndarray, caption: str, crops: Sequence[np.ndarray]
    ) -> Any:
        """Ask with crops; if the server takes one image only, ask without, and go on so."""
        if not crops:
            return self._complete(self._question([image], caption))
        try:
            return self._complete(self._question([image, *crops], caption))
        except ChatError as error:
            if error.status in OF_LOAD:
                raise
            refusal = error
        choice = self._complete(self._question([image], caption))
        self._crops = CropFinder(0)
        msg = "%s refuses crops, and gets the whole image alone from now on: %s"
        logger.warning(msg, self.name, refusal)
        return choice

    def _question(self, images: Sequence[np.ndarray], caption: str) -> list[dict[str, Any]]:
        text = self._settings.ask(caption, crops=len(images) - 1)
        pictures = [{"type": "image_url", "image_url": {"url": _data_url(one)}} for one in images]
        return [{"role": "user", "content": [{"type": "text", "text": text}, *pictures]}]

    def _complete(self, messages: Sequence[dict[str, Any]]) -> Any:
        """Ask in the first form of a request that the server takes, and go on with it."""
        refused, forms = None, self._forms  # which other threads may shorten meanwhile
        for number, form in enumerate(forms):
            try:
                choice = self._endpoint.complete(messages, form, self._end - monotonic())
            except ChatError as error:
                if error.status not in REFUSALS:
                    raise
                refused = refused or error
            else:
                self._forms = forms[number:]
                return choice
        assert refused
        raise refused

    def _caption_in(self, choice: Any) -> str:
        """The caption that the server sent.

        Raises:
            CaptionerError: there is none.
        """
        content, reason = choice.message.content, getattr(choice, "finish_reason", None)
        caption = tidy(content) if isinstance(content, str) else ""
        if caption and reason == "length":
            caption = whole_sentences(caption)
        if caption:
            return caption
        if reason == "length":
            most = self._settings.longest
            msg = f"{self.name} wrote no sentence in {most} tokens; raise max_tokens"
            raise CaptionerError(f"{msg}, or ask for less in the prompt")
        refusal = getattr(choice.message, "refusal", None)
        msg = f"{self.name} answered without a caption (finish_reason {reason!r}"
        msg += f", refusal {str(refusal)[:200]!r})" if refusal else ")"
        raise CaptionerError(f"{msg}; does the model see images? Try another prompt or model")


def _data_url(image: np.ndarray) -> str:
    """An image as the address of a JPEG file, scaled down to `LONGEST_SIDE`."""
    picture, file = Image.fromarray(image), BytesIO()
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture.save(file, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + b64encode(file.getvalue()).decode()


def _log_probabilities(choice: Any) -> tuple[float, ...]:
    """Those of the tokens of an answer; empty if the server gives none, or what can be none."""
    try:
        found = [float(token.logprob) for token in choice.logprobs.content]
    except (AttributeError, TypeError, ValueError):
        return ()
    return tuple(min(0.0, one) for one in found) if all(map(math.isfinite, found)) else ()
