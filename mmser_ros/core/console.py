# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Output of the commands: captions on stdout, progress bars and errors on stderr."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.text import Text

from mmser_ros.core.word_diff import word_changes

STYLES = {"kept": "", "removed": "strike red", "added": "bold green"}

errors = Console(stderr=True, soft_wrap=True, highlight=False)


def show_progress(items: Iterable[Any], description: str, total: int) -> Iterator[Any]:
    """Show a progress bar on stderr while iterating, in the first of several processes only.

    Where stderr is a file, print ten lines instead.
    """
    first = os.environ.get("RANK", "0") == "0"
    if errors.is_terminal or not first:
        bar = track(items, description=description, total=total, console=errors, disable=not first)
        yield from bar
        return
    for number, item in enumerate(items, start=1):
        yield item
        if is_tenth(number, total):
            errors.print(f"{description}: {number} of {total}", markup=False)


def is_tenth(number: int, total: int) -> bool:
    """Whether a further tenth of `total` is complete with this one."""
    return 10 * number // total > 10 * (number - 1) // total


def marked(initial: str, caption: str) -> Text:
    """A caption with added words in bold and removed words struck through."""
    words = [Text(one.text, STYLES[one.kind]) for one in word_changes(initial, caption)]
    return Text(" ").join(words)


def print_caption(initial: str, caption: str, before: str = "", after: str = "") -> None:
    """Print a caption on one line; in a terminal with its changes marked.

    Args:
        initial: the caption of the first pass; the caption itself after one pass.
        caption: the caption.
        before: what to print before it.
        after: what to print after it.
    """
    console = Console(soft_wrap=True, highlight=False)
    if console.is_terminal:
        console.print(Text.assemble(before, marked(initial, caption), after))
    else:
        print(before + caption + after, flush=True)
