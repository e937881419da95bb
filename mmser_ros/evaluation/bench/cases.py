# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is timed: our captioner, plain transformers, LLaVA-1.5-7B, models of the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.caption_words import caption_words
from mmser_ros.captioner.checkpoint import load_checkpoint, read_config
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.config import SpecialistConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.opening import open_captioner
from mmser_ros.captioner.passes import run_passes
from mmser_ros.captioner.quantization.fastest import choose
from mmser_ros.captioner.quantization.formats import is_int8, quantize
from mmser_ros.captioner.settings import ModelSettings
from mmser_ros.captioner.shipped import find_model, shipped_models
from mmser_ros.captioner.threads import use_threads
from mmser_ros.captioner.untrained import build_untrained, random_weights, read_architecture
from mmser_ros.evaluation.bench.stopwatch import Stopwatch

NEVER = -1
"""An end token that no model generates."""
UNTRAINED = "specialist"
"""The architecture that has no trained weights; it gets random ones, which take the same time."""


@dataclass(frozen=True)
class Case:
    """One thing to time.

    Attributes:
        name: its key in the result.
        kind: `ours`, `transformers`, `llava` or `hub`.
        model: a shipped model, a checkpoint folder, `specialist`, or `hf:NAME`.
        longest: the most tokens that a caption will have; 0: as many as the model makes.
        quantize: number format, as `Captioner.load` takes it; of transformers `none` or `int8`.
        device: such as `cpu` or `cuda:0`.
        threads: number of threads, as `use_threads` takes it.
        drafts: whether further passes verify the caption before them.
    """

    name: str
    kind: str
    model: str
    longest: int = 0
    quantize: str = "auto"
    device: str = "cpu"
    threads: str = "auto"
    drafts: bool = True


def choose_cases(ours: Case, compare: Sequence[str], each_off: bool) -> list[Case]:
    """Ours, and what it is compared with.

    Args:
        ours: the case of the model.
        compare: `transformers` and `hf:NAME`.
        each_off: whether to time ours with each optimisation off, too.

    Raises:
        CaptionerError: a name is neither.
    """
    cases = [ours]
    if each_off:
        cases += [replace(ours, name="ours in float32", quantize="none")]
        cases += [replace(ours, name="ours without drafts", drafts=False)]
    for name in compare:
        if name == "transformers":
            plain = replace(ours, name=name, kind="transformers", quantize="none")
            cases.append(plain)
            if ours.device == "cpu":
                cases.append(replace(plain, name="transformers_int8", quantize="int8"))
            cases.append(replace(ours, name="llava", kind="llava"))
        elif name.startswith("hf:"):
            cases.append(replace(ours, name=name, kind="hub", model=name))
        else:
            msg = f"nothing to compare with is called {name!r}; expected transformers or hf:NAME"
            raise CaptionerError(msg)
    return cases


class Candidate(Protocol):
    """A case that is ready."""

    max_passes: int
    facts: dict[str, Any]

    def caption(self, image: np.ndarray, passes: int, tokens: int) -> dict[str, float]:
        """Caption an image (height, width, 3); milliseconds by stage, `whole` for all of it.

        `tokens` is the number of tokens, 0 for as many as the model makes. `accepted` and `drafted`
        count the tokens of the draft.
        """


def open_case(case: Case) -> Candidate:
    """Build what a case describes.

    Raises:
        MmserError: the model can't be opened, or does not make captions of this length.
    """
    use_threads(case.threads)
    if case.kind == "llava":
        from mmser_ros.evaluation.bench.llava import Llava

        return Llava(case.device)
    if case.kind == "hub":
        return _Hub(case)
    if case.kind == "transformers":
        return _Transformers(case, *build(case.model, case.longest))
    case = replace(case, quantize=choose(case.quantize, case.device, _config(case.model)))
    int8 = is_int8(case.quantize, case.device)
    return Ours(case, *build(case.model, case.longest, int8=int8))


def build(model: str, longest: int, *, int8: bool = False) -> tuple[Specialist, Tokenizer]:
    """A model for captions of up to `longest` tokens; 0: as it is. `int8` as in `load_checkpoint`.

    Raises:
        CaptionerError: it can't make captions that long.
    """
    if model == UNTRAINED:
        torch.manual_seed(0)
        config = _config(model)
        specialist, tokenizer = build_untrained(
            replace(config, max_caption_tokens=max(longest, config.max_caption_tokens))
        )
        return specialist.eval(), tokenizer
    specialist, tokenizer = load_checkpoint(_folder(model), int8=int8)
    config = specialist.config
    fixed = config.ser_connector and config.ser_connector.architecture is not None
    if fixed and longest > config.max_caption_tokens:
        msg = f"tokens is {longest}; the captions of {model} have {config.max_caption_tokens} at "
        msg += "most, give fewer"
        raise CaptionerError(msg)
    return specialist, tokenizer


def _config(model: str) -> SpecialistConfig:
    if model == UNTRAINED:
        return random_weights(read_architecture(model))
    return read_config(_folder(model))


def _folder(model: str) -> Path:
    try:
        return find_model(model)
    except CaptionerError as error:
        msg = f"no model {model!r} to time; expected {UNTRAINED}, one of "
        msg += f"{', '.join(shipped_models())}, or a checkpoint folder"
        raise CaptionerError(msg) from error


def stage_of(embeddings: Any = None, *_more: Any, **options: Any) -> str:
    """Whether a call of a language model reads a prompt or one more token."""
    embeddings = options.get("inputs_embeds", embeddings)
    return "token" if embeddings is None or embeddings.shape[1] == 1 else "prefill"


class Ours:
    """The captioner of this package, with a stopwatch in its parts; see `Candidate`."""

    def __init__(self, case: Case, specialist: Specialist, tokenizer: Tokenizer) -> None:
        """Quantize a model and move it to the device; it is changed."""
        config = specialist.config
        self._specialist, self._tokenizer = specialist, tokenizer
        self._ends, self._usual = specialist.end, config.max_caption_tokens
        self._drafts = case.drafts
        self._dtype = quantize(specialist, case.quantize, case.device)
        specialist.to(case.device)
        specialist.vision.to(case.device)
        self._words = caption_words(specialist, tokenizer)
        self.max_passes = 2 if config.ser_connector else 1
        self.facts = {"quantize": case.quantize}
        self._watch = Stopwatch(case.device)
        language: Any = specialist.language_model
        parts: Any = specialist  # functions take the place of methods
        parts.encode = self._watch.timed(specialist.encode, lambda *_: "vision")
        if config.words:
            parts.detect = self._watch.timed(specialist.detect, lambda *_: "words")
        if config.ser_connector:
            parts.refine = self._watch.timed(specialist.refine, lambda *_: "connector")
        language.forward = self._watch.timed(language.forward, stage_of)

    def caption(self, image: np.ndarray, passes: int, tokens: int) -> dict[str, float]:
        """See `Candidate`."""
        specialist = self._specialist
        specialist.end = NEVER if tokens else self._ends
        longest = tokens or self._usual
        specialist.config = replace(specialist.config, max_caption_tokens=longest)
        before = self._watch.calls["token"]
        begun = perf_counter()
        *_, last = run_passes(
            specialist,
            self._tokenizer,
            [image],
            dtype=self._dtype,
            passes=passes,
            beams=1,
            caption_words=self._words,
            drafts=self._drafts,
        )
        taken = {"whole": 1e3 * (perf_counter() - begun), **self._watch.take()}
        taken["tokens decoded"] = self._watch.calls["token"] - before
        if last.initial:
            taken["second pass"] = last.captions[0].times_ms["refine"]
            taken["drafted"] = len(last.initial[0]) if self._drafts else 0
            taken["accepted"] = last.decoded[0].accepted
        return taken


class _Transformers:
    def __init__(self, case: Case, specialist: Specialist, tokenizer: Tokenizer) -> None:
        from mmser_ros.evaluation.bench.plain import Plain  # its transformers is no part of ours

        self._watch = Stopwatch(case.device)
        int8 = case.quantize == "int8"
        self._plain = Plain(specialist, tokenizer, self._watch, int8=int8)
        self._plain.to(case.device)
        self.max_passes = 2 if specialist.config.ser_connector else 1
        self._usual = specialist.config.max_caption_tokens
        self.facts = {"quantize": case.quantize}
        language: Any = self._plain.language
        language.forward = self._watch.timed(language.forward, stage_of)

    def caption(self, image: np.ndarray, passes: int, tokens: int) -> dict[str, float]:
        before = self._watch.calls["token"]
        begun = perf_counter()
        self._plain.caption(image, passes, tokens or self._usual)
        taken = {"whole": 1e3 * (perf_counter() - begun), **self._watch.take()}
        return {**taken, "tokens decoded": self._watch.calls["token"] - before}


class _Hub:
    def __init__(self, case: Case) -> None:
        settings = ModelSettings(max_tokens=case.longest)
        options: dict[str, Any] = {"device": case.device, "quantize": case.quantize}
        self._captioner = open_captioner(case.model, settings=settings, **options)
        self.max_passes = 1
        self.facts = {"quantize": self._captioner.quantize, "tokens": "as many as it makes"}

    def caption(self, image: np.ndarray, passes: int, tokens: int) -> dict[str, float]:
        begun = perf_counter()
        self._captioner.caption(image)
        return {"whole": 1e3 * (perf_counter() - begun)}
