# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Progress bars and errors on stderr, for commands."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import track

errors = Console(stderr=True, soft_wrap=True, highlight=False)


def show_progress(items: Iterable[Any], description: str, total: int) -> Iterator[Any]:
    """Show a progress bar on stderr while iterating, in the first of several processes only."""
    first = os.environ.get("RANK", "0") == "0"
    yield from track(items, description=description, total=total, console=errors, disable=not first)
