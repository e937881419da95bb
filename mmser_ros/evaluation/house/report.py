# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Run the task in several homes, and report means and paired tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from mmser_ros.core.errors import MmserError
from mmser_ros.data.set_files import read_json
from mmser_ros.evaluation.house.captions import GLANCE, PERFECT, REFINED, Eyes
from mmser_ros.evaluation.house.one_home import HouseSettings, evaluate_home
from mmser_ros.evaluation.metrics import score_figures
from mmser_ros.evaluation.permutation import paired_test

FIGURES = (
    "object_f1", "object_precision", "object_recall", "relation_f1", "room_accuracy",
    "position_error_m", "invented", "goto_success", "spl",
)  # fmt: skip
"""Of a home; CIDEr is one of all its views."""
ORDER = (GLANCE, REFINED, PERFECT)


class HouseFolderError(MmserError):
    """A folder of results that a run can't continue."""


def evaluate_homes(
    seeds: Sequence[int],
    settings: HouseSettings,
    eyes: Eyes,
    out: Path | None = None,
    progress: Callable[[Iterable, str, int], Iterable] = lambda items, description, total: items,
) -> list[dict[str, Any]]:
    """Run the task in homes; results that are in the folder are not made again.

    Args:
        seeds: of the homes.
        settings: of the task.
        eyes: make the captions.
        out: folder for the result of each home, as `<explorer>_<seed>.json`; None: none.
        progress: wraps an iterable with a description and a total.

    Raises:
        HouseFolderError: the folder has results of other settings.
        SimulatorError: nothing can be rendered here.
    """
    from mmser_ros.language.caption_parser import CaptionParser
    from mmser_ros.language.taxonomy import Taxonomy

    parser, words = CaptionParser(), Taxonomy()
    results: list[dict[str, Any]] = []
    for seed in progress(seeds, f"homes, explorer {settings.explorer}", len(seeds)):
        asked = json.loads(json.dumps(asdict(settings) | {"sources": eyes.sources}))
        path = None if out is None else out / f"{settings.explorer}_{seed}.json"
        if path is not None and path.exists():
            done = read_json(path)
            if done["settings"] != asked:
                msg = f"{path} was made with {json.dumps(done['settings'])}, and "
                msg += f"{json.dumps(asked)} was asked for; give another folder for --out"
                raise HouseFolderError(msg)
        else:
            done = {"settings": asked, "seed": seed}
            done["sources"] = evaluate_home(seed, settings, eyes, parser, words)
            if path is not None:
                _write(path, done)
        results.append(done["sources"])
    return results


def summarize(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over homes of each source, and tests of each pair of sources.

    Returns:
        {source: {figure: mean}, "tests": {"refined less glance": {figure: {value, p, n}}}}.
    """
    sources = [one for one in ORDER if one in results[0]]
    table = {source: figures_of(results, source) for source in sources}
    summary: dict[str, Any] = {
        source: {
            name: round(float(np.nanmean(values)), 4) if np.isfinite(values).any() else None
            for name, values in table[source].items()
        }
        for source in sources
    }
    summary["tests"] = {
        f"{after} less {before}": compare(table[before], table[after])
        for before, after in combinations(sources, 2)
    }
    return summary


def figures_of(results: Sequence[dict[str, Any]], source: str) -> dict[str, np.ndarray]:
    """Figure → its value in each home, (homes,)."""
    homes = [one[source] for one in results]
    table = {
        name: np.array([one["figures"][name] for one in homes], dtype=float) for name in FIGURES
    }
    table["driven_m"] = np.array([one["driven"] for one in homes])
    table["looks"] = np.array([one["looks"] for one in homes], dtype=float)
    return table | {"CIDEr": _cider(homes)}


def compare(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> dict[str, Any]:
    """A paired test of each figure over the homes."""
    return {
        name: {
            key: round(value, 5) if isinstance(value, float) else value
            for key, value in paired_test(before[name].tolist(), after[name].tolist()).items()
        }
        for name in before
        if name not in {"driven_m", "looks"}
    }


def _cider(homes: Sequence[dict[str, Any]]) -> np.ndarray:
    """Mean CIDEr of each home; the document frequencies are those of all views of all homes."""
    names = [(home, view) for home, one in enumerate(homes) for view in range(len(one["captions"]))]
    captions = {f"{home}/{view}": homes[home]["captions"][view] for home, view in names}
    truth = {f"{home}/{view}": homes[home]["references"][view] for home, view in names}
    scores = score_figures(captions, truth)["CIDEr"].above
    of = np.array([home for home, _ in names])
    if scores is None:
        return np.full(len(homes), np.nan)
    return np.array([scores[of == home].mean() for home in range(len(homes))])


def _write(path: Path, content: dict[str, Any]) -> None:
    """Replace a file at once, so that a stopped run leaves no half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(json.dumps(content), encoding="utf-8")
    os.replace(temporary, path)
