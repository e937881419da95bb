# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captioners of transformers: any image-text-to-text model, from the hub or a folder."""

from __future__ import annotations

import gc
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image

from mmser_ros.captioner.answers import Answer, tidy
from mmser_ros.captioner.checks import CaptionerError, check_device
from mmser_ros.captioner.crops import CropFinder
from mmser_ros.captioner.hub_files import (
    compile_decoding,
    is_folder,
    load_model,
    load_processor,
    read_config,
    resolve,
)
from mmser_ros.captioner.protocol import AnsweringCaptioner
from mmser_ros.captioner.settings import ModelSettings
from mmser_ros.core.errors import MmserError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """How a model without a chat template is asked for a caption.

    Attributes:
        texts: its input text for each style that it knows.
        prompted: its input text for a prompt.
        begins: whether its captions begin with the prompt.
        options: of its processor, for a text.
    """

    texts: dict[str, str]
    prompted: str
    begins: bool
    options: Mapping[str, Any] = field(default_factory=dict)


TASKS = {
    "florence2": Task(
        {"short": "<CAPTION>", "detailed": "<MORE_DETAILED_CAPTION>"}, "{}", begins=False
    ),
    "git": Task(
        {"short": ""},
        "[CLS]{}",  # without the end that its tokenizer adds
        begins=True,
        options={"add_special_tokens": False, "return_token_type_ids": False},
    ),
    "paligemma": Task(
        {"short": "<image>caption en", "detailed": "<image>describe en"},
        "<image>{}",
        begins=False,
    ),
}
"""By the type of the model."""
CAPTION_BEGINS = Task({"short": ""}, "{}", begins=True)
"""Of other models, such as BLIP: without a text they write a caption, with one they go on."""


class HubCaptioner(AnsweringCaptioner):
    """A model of transformers.

    A model with a chat template follows instructions: it is asked for a caption, and in further
    passes to look at its caption again, with crops if its processor takes several images. Others
    make one pass, unless there is a refiner.

    Args:
        source: name of a model on the Hugging Face hub, or path of a folder.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        quantize: `auto`, `none`, `bf16`, `fp16`, `int8` or `int4`.
        passes: default number of passes.
        beams: default number of beams.
        settings: prompt, style, length, revision, refiner, crops and compile.

    Raises:
        CaptionerError: the model can't be loaded, reads no images, or can't do what is asked.
        QuantizationError: the quantization does not run on the device.
    """

    def __init__(
        self,
        source: str,
        *,
        device: str = "auto",
        quantize: str = "auto",
        passes: int = 1,
        beams: int = 1,
        settings: ModelSettings | None = None,
    ) -> None:
        self._settings = settings or ModelSettings()
        useless = ["timeout_s", "revision"] if is_folder(source) else ["timeout_s"]
        self._settings.refuse(f"hf:{source}", *useless)
        device = check_device(device)
        self.quantize = resolve(quantize, device)
        self._source = source
        self._config = read_config(source, self._settings.revision)
        self._processor = load_processor(source, self._settings.revision, self._config)
        self._chats = bool(getattr(self._processor, "chat_template", None))
        self._task = TASKS.get(self._config.model_type, CAPTION_BEGINS)
        if not (self._chats or self._settings.prompt or self._settings.style in self._task.texts):
            msg = f"hf:{source} writes one sentence; style {self._settings.style} needs a model "
            msg += "with a chat template, Florence-2 or PaliGemma"
            raise CaptionerError(msg)
        if not self._chats:
            self._check_length()
        super().__init__(
            f"hf:{source}",
            device=device,
            passes=passes,
            beams=beams,
            refiner=self._settings.refiner,
            one_pass=""
            if self._chats
            else "it has no chat template, so it can't be asked to look again; set refiner, such "
            "as nano",
        )
        several = self._chats and not self._settings.refiner and self._takes_several_images()
        self._crops = CropFinder(self._settings.crops if several else 0)
        if passes > 1:
            self._crops.load()
        self._model = self._load(device, self.quantize)
        if self._settings.compile:
            self._compile()

    def degrade(self) -> str | None:
        """Use less memory after an OutOfMemoryError: first 1 pass and 1 beam, then the CPU."""
        given_up = super().degrade()
        if given_up or self.device == "cpu":
            return given_up
        try:
            self._model = self._load("cpu", "none")
        except MmserError as error:
            logger.warning("%s can't move to the CPU: %s", self.name, error)
            return None
        gone, self.device, self.quantize = self.device, "cpu", "none"
        gc.collect()
        torch.cuda.empty_cache()
        return f"moved from {gone} to the CPU"

    @torch.inference_mode()
    def answer(
        self, images: Sequence[np.ndarray], initials: Sequence[str] | None, beams: int
    ) -> list[Answer]:
        """Generate captions of a batch of images, with the log probabilities of their tokens."""
        crops = self._crops.find(images, initials) if initials else [[] for _ in images]
        pictures = [
            [Image.fromarray(one) for one in (whole, *parts)]
            for whole, parts in zip(images, crops, strict=True)
        ]
        try:
            inputs = self._chat(pictures, initials) if self._chats else self._task_inputs(pictures)
        except ValueError as error:  # such as of an image much wider than high
            msg = f"{self.name} can't read an image of {images[0].shape[1]}x{images[0].shape[0]} "
            asked = f" with the prompt {self._settings.prompt!r}" if self._settings.prompt else ""
            msg += f"pixels{asked}: {error}"
            raise CaptionerError(msg) from error
        result = self._model.generate(
            **inputs.to(self._model.device, dtype=self._model.dtype),
            max_new_tokens=self._settings.longest,
            num_beams=beams,
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
        )
        scores = self._model.compute_transition_scores(
            result.sequences,
            result.scores,
            result.get("beam_indices"),
            normalize_logits=beams == 1,  # beam search scores are log probabilities already
        )
        new = result.sequences[:, -scores.shape[1] :]
        begins = not self._chats and self._task.begins
        texts = self._processor.batch_decode(
            result.sequences if begins else new, skip_special_tokens=True
        )
        return [
            Answer(tidy(text) if self._chats else text, some[: self._length(tokens)])
            for text, some, tokens in zip(texts, scores.tolist(), new.tolist(), strict=True)
        ]

    def _check_length(self) -> None:
        """Refuse what has more tokens than positions: on a GPU that ends its use by the process."""
        positions = getattr(self._config.get_text_config(), "max_position_embeddings", None)
        prompt, longest = self._settings.prompt, self._settings.longest
        given = len(self._processor.tokenizer(prompt).input_ids) if prompt else 1
        if positions and given + longest - 1 > positions:  # nothing comes after the last one
            msg = f"hf:{self._source} has {positions} positions; a prompt of {given} tokens and a "
            msg += f"caption of {longest} need more: lower max_tokens, or shorten the prompt"
            raise CaptionerError(msg)

    def _load(self, device: str, quantize: str) -> Any:
        model = load_model(self._source, self._settings.revision, device, quantize)
        if model.generation_config.pad_token_id is None:
            model.generation_config.pad_token_id = self._processor.tokenizer.pad_token_id
        return model

    def _compile(self) -> None:
        """Compile by captioning an image, so that errors come now and no first image waits."""
        from torch._dynamo.exc import TorchDynamoException

        try:
            compile_decoding(self._model)
            with torch._dynamo.config.patch(suppress_errors=False):
                self.answer([np.zeros((64, 64, 3), np.uint8)], None, self._beams)
        except Exception as error:  # compilers raise any kind
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            msg = f"{self.name} can't be compiled on {self.device}: {reason}; leave compile out"
            if isinstance(error, TorchDynamoException):
                msg += ". A CPU needs a C++ compiler such as g++, a GPU a C compiler and triton"
            raise CaptionerError(msg) from error
        torch._dynamo.config.suppress_errors = True  # what does not compile later runs as it is

    def _takes_several_images(self) -> bool:
        """Whether chat template and processor do: with one more image, a prompt is longer."""
        blank = Image.new("RGB", (64, 64))
        try:
            one, two = (self._chat([[blank] * count], None).input_ids for count in (1, 2))
        except Exception:  # templates and processors raise any kind
            return False
        return bool(two.shape[1] > one.shape[1])

    def _chat(
        self, pictures: Sequence[Sequence[Image.Image]], initials: Sequence[str] | None
    ) -> Any:
        """The input of a chat template; `pictures` has the images of each question."""
        captions = initials or [""] * len(pictures)
        questions = [
            self._settings.ask(self._plain(caption), crops=len(some) - 1)
            for caption, some in zip(captions, pictures, strict=True)
        ]
        chats = [
            [
                {
                    "role": "user",
                    "content": [
                        *({"type": "image", "image": one} for one in some),
                        {"type": "text", "text": question},
                    ],
                }
            ]
            for some, question in zip(pictures, questions, strict=True)
        ]
        return self._processor.apply_chat_template(
            chats,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True},
        )

    def _plain(self, caption: str) -> str:
        """A caption without tokens that have a meaning of their own, such as <image>."""
        for token in self._processor.tokenizer.get_added_vocab():
            caption = caption.replace(token, " ")
        return " ".join(caption.split())

    def _task_inputs(self, pictures: Sequence[Sequence[Image.Image]]) -> Any:
        whole = [some[0] for some in pictures]
        prompt, task = self._settings.prompt, self._task
        text = task.prompted.format(prompt) if prompt else task.texts[self._settings.style]
        if not text:
            return self._processor(images=whole, return_tensors="pt")
        texts = [text] * len(whole)
        return self._processor(images=whole, text=texts, return_tensors="pt", **task.options)

    def _length(self, tokens: list[int]) -> int:
        """Number of tokens up to the end; the rest of a batch's row is padding."""
        used = self._model.generation_config
        ends = used.eos_token_id if isinstance(used.eos_token_id, list) else [used.eos_token_id]
        length = len(tokens)
        while length and tokens[length - 1] == used.pad_token_id:
            length -= 1
        return min(len(tokens), length + (used.pad_token_id in ends))
