# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a benchmark: each case in a process of its own, all in turn, and sum it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import product
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch

from mmser_ros.captioner.threads import use_threads
from mmser_ros.core.console import errors, show_progress
from mmser_ros.core.errors import MmserError, format_error
from mmser_ros.evaluation.bench.cases import Candidate, Case, open_case
from mmser_ros.evaluation.bench.limit import Costs, count
from mmser_ros.evaluation.bench.machine import energy_meter, machine, peak_memory

MEGABYTE = 1e6
WARM_UP = 1
COUNTED = ("tokens decoded", "drafted", "accepted")
Taken = list[dict[str, float]]
"""What one kind of caption took, by iteration."""


def run(
    cases: Sequence[Case],
    images: Sequence[np.ndarray],
    tokens: Sequence[int],
    iterations: int,
) -> dict[str, Any]:
    """Time the cases, the first of which is ours.

    Args:
        cases: what to time.
        images: (height, width, 3) uint8 RGB, captioned one after the other.
        tokens: lengths of captions; 0: as many tokens as the model makes.
        iterations: captions of each case, number of passes and length.

    Returns:
        The result of `mmser bench`, see docs/performance.md.

    Raises:
        MmserError: ours can't be timed. Other cases that can't are named on stderr and left out.
    """
    with ExitStack() as stack:
        workers: dict[str, _Worker] = {}
        for case in show_progress(cases, "opening", len(cases)):
            worker = stack.enter_context(_Worker(case))
            try:
                worker.open()
                workers[case.name] = worker
            except MmserError as error:
                if case is cases[0]:
                    raise
                errors.print(f"error: {case.name} is left out: {error}", markup=False, style="red")
        _time(workers, images, tokens, iterations)
        sums = {name: one.summary(tokens) for name, one in workers.items()}
    with _Worker(cases[0]) as fresh:  # so that counting is not in the memory of ours
        here, costs = fresh.count(sums["ours"]["quantize"])
    by_tokens = {
        str(length): _compare({n: s["by_tokens"][length] for n, s in sums.items()}, costs)
        for length in tokens
    }
    common = {name: {k: v for k, v in s.items() if k != "by_tokens"} for name, s in sums.items()}
    first = by_tokens[str(tokens[0])]
    merged = {name: {**first[name], **facts} for name, facts in common.items()}
    return {
        "model": cases[0].model,
        "device": cases[0].device,
        "batch": 1,
        "iterations": iterations,
        "tokens": list(tokens),
        "machine": {**here, **costs.as_dict()},
        **{**first, **merged},
        "by_tokens": by_tokens,
    }


def _time(
    workers: Mapping[str, _Worker],
    images: Sequence[np.ndarray],
    tokens: Sequence[int],
    iterations: int,
) -> None:
    steps = list(product(range(WARM_UP + iterations), tokens, workers.values()))
    for number, length, worker in show_progress(steps, "captions", len(steps)):
        worker.caption(images[number % len(images)], length, keep=number >= WARM_UP)


class _Worker:
    """A process that captions for one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._pool = ProcessPoolExecutor(1, get_context("spawn"))
        self._taken: dict[tuple[int, int], Taken] = {}
        self._facts: dict[str, Any] = {}
        self.passes = 1

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def _ask(self, function: Any, *arguments: Any) -> Any:
        try:
            return self._pool.submit(_guarded, function, *arguments).result()
        except BrokenProcessPool as error:
            msg = f"the process of {self.case.name} was killed; if memory ran out, compare less"
            raise MmserError(msg) from error

    def open(self) -> None:
        self.passes, self._facts = self._ask(_open, self.case)

    def caption(self, image: np.ndarray, tokens: int, *, keep: bool) -> None:
        for passes in range(1, self.passes + 1):
            taken = self._ask(_caption, image, passes, tokens)
            if keep:
                self._taken.setdefault((tokens, passes), []).append(taken)

    def count(self, quantize: str) -> tuple[dict[str, Any], Costs]:
        return self._ask(_count, self.case, quantize)

    def summary(self, tokens: Sequence[int]) -> dict[str, Any]:
        """Figures by length of the caption, memory, and facts."""
        by_tokens = {length: self._summary_of(length) for length in tokens}
        return {"by_tokens": by_tokens, **self._facts, **self._ask(_memory)}

    def _summary_of(self, tokens: int) -> dict[str, Any]:
        glances, captions = self._taken[tokens, 1], self._taken[tokens, self.passes]
        return {
            "passes": self.passes,
            **_figures("glance", glances),
            **_figures("caption", captions),
            "stages_ms": _stages(captions),
            **{name: _total(captions, name) for name in COUNTED},
        }


def _figures(name: str, taken: Taken) -> dict[str, Any]:
    middle, most = np.percentile([one["whole"] for one in taken], [50, 99])
    used = [one["joules"] for one in taken if "joules" in one]
    return {
        f"{name}_ms": round(float(middle), 3),
        f"{name}_p99_ms": round(float(most), 3),
        f"{name}_joules": round(float(np.mean(used)), 3) if used else None,
    }


def _stages(taken: Taken) -> dict[str, float]:
    """Median milliseconds by stage; `per token` is of one token that is decoded by itself."""
    names = dict.fromkeys(name for one in taken for name in one)
    others = ("whole", "joules", "token", *COUNTED)
    stages = {
        name: round(float(np.median([one.get(name, 0.0) for one in taken])), 3)
        for name in names
        if name not in others
    }
    single = [one["token"] / one["tokens decoded"] for one in taken if one.get("token")]
    return {**stages, **({"per token": round(float(np.median(single)), 3)} if single else {})}


def _compare(figures: Mapping[str, dict[str, Any]], costs: Costs) -> dict[str, Any]:
    """Add the figures that compare ours with the others."""
    ours = figures["ours"]
    second = ours["passes"] > 1
    overhead = ours["caption_ms"] / ours["glance_ms"] - 1 if second else None
    share = ours["accepted"] / ours["drafted"] if ours["drafted"] else None
    limit = costs.limit_ms(ours["tokens decoded"])
    return {
        **{
            name: {key: value for key, value in one.items() if key not in COUNTED}
            for name, one in figures.items()
        },
        "speedup": {
            name: round(one["caption_ms"] / ours["caption_ms"], 3)
            for name, one in figures.items()
            if name != "ours"
        },
        "refinement_overhead": None if overhead is None else round(overhead, 4),
        "accepted_share": None if share is None else round(share, 4),
        "refinement": "measured" if second else "none: the model makes one pass",
        "limit_ms": round(limit, 3),
        "times_the_limit": round(ours["caption_ms"] / limit, 3),
    }


def _total(taken: Taken, name: str) -> float:
    """Mean per caption of what is counted."""
    return float(np.mean([one.get(name, 0) for one in taken]))


_state: dict[str, Any] = {}
"""Of a worker's process: its candidate, and its energy meter."""


def _guarded(function: Any, *arguments: Any) -> Any:
    """Call a function; errors of any kind become one that can be sent."""
    try:
        return function(*arguments)
    except Exception as error:
        raise MmserError(format_error(error)) from None


def _open(case: Case) -> tuple[int, dict[str, Any]]:
    candidate: Candidate = open_case(case)
    _state["candidate"] = candidate
    _state["energy"] = energy_meter(case.device)
    name = _state["energy"][0] if _state["energy"] else None
    return candidate.max_passes, {**candidate.facts, "energy_meter": name}


def _caption(image: np.ndarray, passes: int, tokens: int) -> dict[str, float]:
    meter = _state["energy"]
    before = meter[1]() if meter else 0.0
    taken: dict[str, float] = _state["candidate"].caption(image, passes, tokens)
    return {**taken, **({"joules": meter[1]() - before} if meter else {})}


def _memory() -> dict[str, float | None]:
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    used = None if gpu is None else round(gpu / MEGABYTE, 1)
    return {"rss_mb": round(peak_memory() / MEGABYTE, 1), "vram_mb": used}


def _count(case: Case, quantize: str) -> tuple[dict[str, Any], Costs]:
    use_threads(case.threads)
    return machine(), count(case, quantize)
