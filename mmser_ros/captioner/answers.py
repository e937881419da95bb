# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From the answer of a model to a caption."""

from __future__ import annotations

import re
from unicodedata import category

THOUGHTS = re.compile(r"<think>.*?(</think>|$)", re.DOTALL)
LABEL = re.compile(r"^(the |an? )?(corrected |short )?(caption|description|answer)( is)?:\s*", re.I)
UNSENDABLE = ("Cc", "Cs")
"""Unicode categories of control characters and surrogates."""
QUOTATION_MARKS = ('""', "''", "“”")
SENTENCES = re.compile(r".*[.!?](?=[\s\"'”]|$)", re.DOTALL)


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
