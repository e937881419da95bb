# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From the answer of a model to a caption: its text, and what it may contain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import category

from mmser_ros.captioner.checks import CaptionerError

THOUGHTS = re.compile(r"<think>.*?(</think>|$)", re.DOTALL)
LABEL = re.compile(r"^(the |an? )?(corrected |short )?(caption|description|answer)( is)?:\s*", re.I)
UNSENDABLE = ("Cc", "Cs")
"""Unicode categories of control characters and surrogates."""
QUOTATION_MARKS = ('""', "''", "“”")
SENTENCES = re.compile(r".*[.!?](?=[\s\"'”]|$)", re.DOTALL)

ROUNDING = 1e-3
"""How far above 0 a log probability may be."""


@dataclass(frozen=True)
class Answer:
    """What a model says of one image.

    Attributes:
        text: the caption.
        log_probabilities: of its tokens; empty if the model gives none.
    """

    text: str
    log_probabilities: Sequence[float] = ()


def tidy(answer: str) -> str:
    """The caption in an answer: one line, without thoughts, a label or quotation marks."""
    said = THOUGHTS.sub("", answer).rpartition("</think>")[2]  # some servers send the end alone
    text = LABEL.sub("", one_line(said))
    inner = text[1:-1]
    if text[:1] + text[-1:] in QUOTATION_MARKS and not {text[0], text[-1]} & {*inner}:
        text = inner.strip()
    return text


def one_line(text: str) -> str:
    """A text on one line, without control characters and surrogates, which no message carries."""
    return " ".join("".join(" " if category(one) in UNSENDABLE else one for one in text).split())


def whole_sentences(caption: str) -> str:
    """The whole sentences of a caption that was cut off; empty if it has none."""
    found = SENTENCES.match(caption)
    return found[0] if found else ""


def check_answers(answers: Any, images: int, name: str) -> list[Answer]:
    """The answers to a number of images, with texts and numbers that a message can carry.

    Raises:
        CaptionerError: they are not what `AnsweringCaptioner.answer` returns.
    """
    expected = f"expected a list with one Answer for each of {images} images: a text, and numbers "
    expected += "as log_probabilities"
    try:
        found = [
            Answer(one_line(one.text), tuple(map(float, one.log_probabilities))) for one in answers
        ]
    except (AttributeError, TypeError, ValueError) as error:
        msg = f"{name} answered {str(answers)[:200]} ({error}); {expected}"
        raise CaptionerError(msg) from error
    if len(found) != images:
        msg = f"{name} answered {len(found)} times; {expected}"
        raise CaptionerError(msg)
    wrong = [number for one in found for number in one.log_probabilities if not number <= ROUNDING]
    if wrong:
        msg = f"{name} answered with log_probabilities of {wrong[0]}; expected logarithms of "
        msg += "probabilities, at most 0. An hf: model may need quantize none or bf16"
        raise CaptionerError(msg)
    return found
