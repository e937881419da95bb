# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What models that follow instructions are asked, and how their answers become captions."""

from __future__ import annotations

import re

from mmser_ros.captioner.settings import ModelSettings

QUESTIONS = {
    "short": "Describe this image in one short sentence: the place, the main objects, their "
    "colours and where they are. Answer with the sentence alone.",
    "detailed": "Describe this image in three to five sentences: the place, the objects, their "
    "colours and materials, how many they are, and where they are. Answer with the sentences "
    "alone.",
}
"""The first pass, by style."""
LENGTHS = {"short": 64, "detailed": 256}
"""Maximum number of tokens, by style."""
LOOK_AGAIN = """{question}

Your first caption was: "{caption}"
Look at the image again. What is wrong or missing in this caption? Answer with the corrected caption
alone. If nothing is wrong or missing, repeat the caption."""
THOUGHTS = re.compile(r"<think>.*?(</think>|$)", re.DOTALL)
LABEL = re.compile(
    r"^(the |an? )?(corrected |short )?(caption|description|sentence)( is)?\s*:\s*", re.I
)
SENTENCES = re.compile(r".*[.!?](?=[\s\"'”]|$)", re.DOTALL)


def question(settings: ModelSettings, initial: str | None = None) -> str:
    """What to ask of an image.

    Args:
        settings: whose prompt or style say what.
        initial: a caption to look at again; None in the first pass.
    """
    asked = settings.prompt or QUESTIONS[settings.style]
    return asked if initial is None else LOOK_AGAIN.format(question=asked, caption=initial)


def longest(settings: ModelSettings) -> int:
    """Maximum number of tokens of a caption."""
    return settings.max_tokens or LENGTHS[settings.style]


def tidy(answer: str) -> str:
    """The caption in an answer: one line, without thoughts, a label or quotation marks."""
    text = " ".join(THOUGHTS.sub("", answer).split())
    text = LABEL.sub("", text)
    if len(text) > 1 and text[0] + text[-1] in ('""', "''", "“”"):
        text = text[1:-1].strip()
    return text


def whole_sentences(caption: str) -> str:
    """The whole sentences of a caption that was cut off; empty if it has none."""
    found = SENTENCES.match(caption)
    return found[0] if found else ""
