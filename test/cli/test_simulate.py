# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from mmser_ros.cli.main import app
from test.simulation.home.rooms import NO_GL


@pytest.mark.skipif(bool(NO_GL), reason=NO_GL)
def test_look_writes_an_image_of_each_room_and_what_is_in_it(tmp_path):
    done = CliRunner().invoke(
        app, ["simulate", "look", "--seed", "1", "--width", "160", "--out", str(tmp_path / "home")]
    )
    assert done.exit_code == 0, done.output
    pictures = sorted((tmp_path / "home").glob("*.png"))
    assert [str(one) for one in pictures] == done.output.split()
    assert len(pictures) >= 4
    for path in pictures:
        assert Image.open(path).size == (160, 120)
        truth = json.loads(path.with_suffix(".json").read_text())
        assert path.stem.split("_", 1)[1] == truth["room"].replace(" ", "_")
        numbers = {one["number"] for one in truth["objects"]}
        assert numbers
        assert all({one["subject"], one["object"]} <= numbers for one in truth["relations"])


@pytest.mark.skipif(bool(NO_GL), reason=NO_GL)
def test_dataset_writes_a_set_and_says_what_it_did(tmp_path):
    command = ["simulate", "dataset", "--homes", "1", "--views", "3", "--width", "160"]
    command += ["--split", "dev", "--out", str(tmp_path)]
    first, second = (CliRunner().invoke(app, command) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert "homes dev: " in first.stdout
    assert "1 homes made now, 0 were there" in first.stdout
    assert "0 homes made now, 1 were there" in second.stdout
    assert (tmp_path / "homes/dev.tar").exists()
