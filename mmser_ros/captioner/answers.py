# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From the answer of a model that follows instructions to a caption."""

from __future__ import annotations

import re

THOUGHTS = re.compile(r"<think>.*?(</think>|$)", re.DOTALL)
LABEL = re.compile(r"^(the |an? )?(corrected |short )?(caption|description|answer)( is)?:\s*", re.I)
QUOTATION_MARKS = ('""', "''", "“”")
SENTENCES = re.compile(r".*[.!?](?=[\s\"'”]|$)", re.DOTALL)


def tidy(answer: str) -> str:
    """The caption in an answer: one line, without thoughts, a label or quotation marks."""
    text = " ".join(THOUGHTS.sub("", answer).split())
    text = LABEL.sub("", text)
    if len(text) > 1 and text[0] + text[-1] in QUOTATION_MARKS:
        text = text[1:-1].strip()
    return text


def whole_sentences(caption: str) -> str:
    """The whole sentences of a caption that was cut off; empty if it has none."""
    found = SENTENCES.match(caption)
    return found[0] if found else ""
