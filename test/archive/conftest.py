# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recordings, and `mmser caption` in a process of its own that may be killed."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from rosbags.rosbag2 import StoragePlugin

from test.archive.fatal_captioner import DEADLY
from test.nodes.bags import write_bag, write_mcap

MODEL = "python:test.archive.fatal_captioner.FatalCaptioner"


@pytest.fixture
def archive(tmp_path):
    """A folder with five images, two bags of six images in MCAP, and one of three in SQLite."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for number in range(5):
        pixels = np.full((8, 8, 3), 40 * number, np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    for number in range(2):
        bag = folder / f"bag_{number}"
        bag.mkdir()
        write_mcap(bag / "0.mcap", start=100 * number)
    write_bag(folder / "bag_2", StoragePlugin.SQLITE3)
    return folder


@pytest.fixture
def run_caption(tmp_path):
    """Runs `mmser caption` with the fatal captioner; it is killed once if `deadly`."""

    def run(*arguments, deadly=False):
        command = [sys.executable, "-m", "mmser_ros.cli", "caption", "--model", MODEL]
        environment = dict(os.environ)
        if deadly:
            environment[DEADLY] = str(tmp_path / "deadly")
        return subprocess.run(
            [*command, *map(str, arguments)], env=environment, capture_output=True, text=True,
            timeout=600, check=False,
        )  # fmt: skip

    return run
