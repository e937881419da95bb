# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sets of images of simulated homes, as `open_sets` reads them; a stopped run continues.

Each home is a part on disk until all are there. Then the parts become one tar and its JSON files.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2

from mmser_ros.core.resources import share_path
from mmser_ros.data.home_views import FalseCaptions, HomeView, home_views
from mmser_ros.data.perturbation.perturb import Lexicon, LexiconErrorMaker
from mmser_ros.data.set_files import read_json
from mmser_ros.data.tar_pictures import DatasetError
from mmser_ros.simulation.description.describe import Style
from mmser_ros.simulation.home.make_home import check_split, make_home
from mmser_ros.simulation.home.split import Split

QUALITY = 90
"""Of WebP."""
KINDS = ("captions", "labels", "objects", "phrases")
SPLITS = {"train": Split.TRAIN, "dev": Split.EVALUATION}
"""Which homes the splits of a set show."""


@dataclass(frozen=True, kw_only=True)
class HomeSetSettings:
    """What a set is made of.

    Attributes:
        split: `train`, or `dev`, whose homes have other designs and textures.
        homes: number of homes, from `seed` on.
        views: of each home.
        seed: of the first home.
        captions: of each view.
        style: of the captions.
        width: of the images, in pixels.
        attributes: whether captions may name colours and materials.
    """

    split: str
    homes: int
    views: int
    seed: int = 0
    captions: int = 5
    style: Style = "short"
    width: int = 320
    attributes: bool = True


def write_home_set(
    folder: Path,
    settings: HomeSetSettings,
    progress: Callable[[Iterable, str, int], Iterable] = lambda items, description, total: items,
) -> int:
    """Write a set, or what is missing of it; `mmser train` and `mmser evaluate` read it.

    Files of the folder are `<split>.tar`, `<split>_captions.json` and the like, and
    `<split>_planted.jsonl`: a pseudo-initial caption of each caption, in the format of
    `mmser perturb`.

    Args:
        folder: of the set; it is created.
        settings: what to write.
        progress: wraps an iterable with a description and a total.

    Returns:
        The number of homes that were made now.

    Raises:
        DatasetError: the folder holds this split with other settings.
        SimulatorError: nothing can be rendered here.
    """
    split, record = settings.split, folder / f"{settings.split}_settings.json"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = asdict(settings)
    if record.exists() and read_json(record) != wanted:
        msg = f"{record} says {json.dumps(read_json(record))}, and {json.dumps(wanted)} was asked "
        msg += "for; give the same settings, or another folder"
        raise DatasetError(msg)
    _write(record, json.dumps(wanted) + "\n")
    if (folder / f"{split}.tar").exists():
        return 0
    parts = folder / f"{split}.parts"
    parts.mkdir(exist_ok=True)
    seeds = range(settings.seed, settings.seed + settings.homes)
    missing = [seed for seed in seeds if not (parts / f"{seed}.json").exists()]
    maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/household_errors.yaml")))
    for seed in progress(missing, f"homes of {folder.name} {split}", len(missing)):
        home = make_home(seed, SPLITS[split])
        check_split(home)
        views = home_views(
            home, settings.views, captions=settings.captions, style=settings.style,
            width=settings.width, attributes=settings.attributes,
        )  # fmt: skip
        _write_part(parts / str(seed), list(views), FalseCaptions(maker, settings.seed))
    _join(folder, split, [parts / str(seed) for seed in seeds])
    shutil.rmtree(parts)
    return len(missing)


def _write_part(part: Path, views: list[HomeView], false: FalseCaptions) -> None:
    """The tar of a home, then its JSON file, which says that both are complete."""
    with tarfile.open(part.with_suffix(".tar"), "w") as archive:
        for view in views:
            bgr = cv2.cvtColor(view.image, cv2.COLOR_RGB2BGR)
            _, data = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
            entry = tarfile.TarInfo(view.name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data.tobytes()))
    facts: dict[str, Any] = {kind: {} for kind in KINDS} | {"planted": []}
    for view in views:
        for kind in KINDS:
            value = getattr(view, kind)
            if value:
                facts[kind][view.name] = value
        made = zip(view.captions, false.of(view, view.captions), strict=True)
        facts["planted"] += [
            {"picture": view.name, "caption": caption, "maker": "household", **asdict(one)}
            for caption, one in made
        ]
    _write(part.with_suffix(".json"), json.dumps(facts))


def _join(folder: Path, split: str, parts: list[Path]) -> None:
    """One tar and one file of each kind; the tar, which says that all is complete, comes last."""
    facts = [read_json(part.with_suffix(".json")) for part in parts]
    for kind in KINDS:
        joined = {name: value for one in facts for name, value in one[kind].items()}
        _write(folder / f"{split}_{kind}.json", json.dumps(joined))
    lines = [json.dumps(line) + "\n" for one in facts for line in one["planted"]]
    _write(folder / f"{split}_planted.jsonl", "".join(lines))
    temporary = folder / f"{split}.tar.part"
    with tarfile.open(temporary, "w") as archive:
        for part in parts:
            with tarfile.open(part.with_suffix(".tar")) as some:
                for entry in some:
                    archive.addfile(entry, some.extractfile(entry))
    temporary.replace(folder / f"{split}.tar")


def _write(path: Path, text: str) -> None:
    """Replace a file at once, so that a stopped run leaves no half of it."""
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
