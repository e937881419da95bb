# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a robot said and remembers of a home, as figures and as pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from mmser_ros.core.images import save_picture
from mmser_ros.demo.house_watcher import Sight
from mmser_ros.evaluation.house.captions import invented, references
from mmser_ros.evaluation.house.going import Trip
from mmser_ros.evaluation.house.one_home import run_figures
from mmser_ros.evaluation.house.reference import make_reference
from mmser_ros.evaluation.metrics import score_figures
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.simulator import Simulator
from mmser_ros.visualization.caption_overlay import draw_caption
from mmser_ros.visualization.scene_map import draw_map

FRAME_MS = 250
"""How long the recording shows each image."""


def score_house(
    home: Home, sights: Sequence[Sight], memory: SceneMemory, trips: Sequence[Trip]
) -> dict[str, float | None]:
    """The figures of `mmser evaluate house`, of one way; None: there is nothing to score."""
    parser = CaptionParser()
    with Simulator(home) as simulator:
        counts = [invented(one.caption, one.truth, parser, memory.words) for one in sights]
        figures = run_figures(memory, home, make_reference(simulator), counts, trips)
        truths = {
            str(number): references(home, simulator.camera, one.truth, one.pose, number)
            for number, one in enumerate(sights)
        }
    captions = {str(number): one.caption for number, one in enumerate(sights)}
    figures["CIDEr"] = score_figures(captions, truths)["CIDEr"].value
    return {
        name: round(value, 4) if math.isfinite(value) else None for name, value in figures.items()
    }


def draw_house(sights: Sequence[Sight], memory: SceneMemory, out: Path) -> dict[str, str]:
    """Draw the map of the memory, and record the images with their captions.

    Returns:
        Paths of the picture and of the recording.
    """
    picture, recording = out / "map.png", out / "home.webp"
    save_picture(draw_map(memory.graph()), picture)
    pages = [draw_caption(one.image, one.caption, one.initial) for one in sights]
    height = max(len(one) for one in pages)
    frames = []
    for page in pages:
        frame = Image.new("RGB", (page.shape[1], height), "white")
        frame.paste(Image.fromarray(page))
        frames.append(frame)
    frames[0].save(recording, save_all=True, append_images=frames[1:], duration=FRAME_MS)
    return {"picture": str(picture), "recording": str(recording)}
