# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Observations that can't be are refused before they size or break anything."""

import math
from dataclasses import replace

import pytest

from benchmarks.made_scenes import open_memory, view
from mmser_ros.core.types import DepthGrid, GroundedPhrase, Region
from mmser_ros.memory.observation_checks import ObservationError

GOOD = view("a mug", 10, [("mug", (2.0, 0.0, 0.3))], depth=2.0)


def posed(**changes):
    return {"pose": replace(GOOD.pose, **changes)}


def said(**changes):
    return {"caption": replace(GOOD.caption, **changes)}


def phrased(**changes):
    return said(phrases=(replace(GroundedPhrase("mug", "mug", 0.5), **changes),))


def seen_by(**changes):
    return {"camera": replace(GOOD.camera, **changes)}


@pytest.mark.parametrize(
    "change",
    [
        {"stamp_ns": 0},
        posed(position=(math.nan, 0.0, 0.0)),
        posed(position=(1e300, 0.0, 0.0)),
        posed(orientation=(0.0, 0.0, 0.0, 0.0)),
        posed(orientation=(1e200, 0.0, 0.0, 1e200)),
        posed(orientation=(0.0, 0.0, math.nan, 1.0)),
        posed(position_sigma=-1.0),
        posed(heading_sigma=math.inf),
        said(text="mug " * 1000),
        said(initial_text="mug " * 1000),
        said(confidence=math.nan),
        said(phrases=(GroundedPhrase("mug", "mug", 0.5),) * 1000),
        phrased(confidence=1.5),
        phrased(text="mug " * 1000),
        phrased(point=(0.0, math.inf, 1.0)),
        phrased(region=Region(0.0, 0.0, float(2**32), 1.0)),
        seen_by(fx=1e-30),
        seen_by(width=2**32 - 1),
        seen_by(cy=math.nan),
        seen_by(mount=replace(GOOD.pose, position=(0.0, 0.0, 1e9))),
        {"depth": DepthGrid(0, 0, ())},
        {"depth": DepthGrid(3, 2, (1,) * 5)},
        {"depth": DepthGrid(1000, 1000, (1,) * 10**6)},
    ],
)
def test_it_is_refused_in_words_and_leaves_no_trace(change):
    memory = open_memory()
    with pytest.raises(
        ObservationError, match=r"got .* in an observation; expected .*: correct its source"
    ):
        memory.add(replace(GOOD, **change))
    assert memory.status().observations == 0
    assert memory.add(GOOD)
