# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A stopwatch for the stages of a caption."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import torch


class Stopwatch:
    """Adds up the milliseconds, and the number of calls, of named stages.

    On a GPU it waits at both ends of a stage until all work is done.
    """

    def __init__(self, device: str) -> None:
        self._cuda = device != "cpu"
        self._times: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what is within `with`."""
        self._wait()
        begun = perf_counter()
        yield
        self._wait()
        self._times[stage] += 1e3 * (perf_counter() - begun)
        self.calls[stage] += 1

    def timed(self, function: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        """A function that does the same, timed; `name` gives the stage from its arguments."""

        def call(*args: Any, **options: Any) -> Any:
            with self(name(*args, **options)):
                return function(*args, **options)

        return call

    def take(self) -> dict[str, float]:
        """The milliseconds by stage since the last call, and forget them."""
        taken = dict(self._times)
        self._times.clear()
        return taken

    def _wait(self) -> None:
        if self._cuda:
            torch.cuda.synchronize()
