# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import replace

import pytest

from mmser_ros.core.resources import share_path
from mmser_ros.data.home_sets import HomeSetSettings, write_home_set
from mmser_ros.data.picture_sets import open_sets
from mmser_ros.data.tar_pictures import DatasetError
from mmser_ros.evaluation.naming import WordTable
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.simulation.home.make_home import check_split, make_home
from mmser_ros.simulation.home.mujoco_gl import SimulatorError
from mmser_ros.simulation.home.split import Split
from test.simulation.home.rooms import NO_GL

pytestmark = pytest.mark.skipif(bool(NO_GL), reason=NO_GL)
SETTINGS = HomeSetSettings(split="train", homes=2, views=4, captions=2, width=160)


class Stopped(Exception):
    pass


def stop_after(count):
    def progress(items, _description, _total):
        for number, item in enumerate(items):
            if number == count:
                raise Stopped
            yield item

    return progress


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "homes"
    assert write_home_set(path, SETTINGS) == 2
    return path


def test_a_set_is_read_like_the_others(folder):
    (homes,) = open_sets(folder.parent, "train", ["homes"])
    assert 6 <= len(homes.examples) <= 8
    scenes = WordTable.read(share_path("config/lexicon/room_words.yaml")).things
    for name, example in homes.examples.items():
        assert len(example.captions) == 2
        assert example.scene is None or example.scene in scenes
        assert homes.picture(name).shape == (120, 160, 3)
    assert any(one.scene for one in homes.examples.values())
    assert any(" on a" in phrase for one in homes.examples.values() for phrase in one.phrases)
    assert "left out" not in homes.report()


def test_a_stopped_run_continues_to_the_same_files(folder, tmp_path):
    with pytest.raises(Stopped):
        write_home_set(tmp_path / "homes", SETTINGS, stop_after(1))
    assert len([*(tmp_path / "homes").glob("train.parts/*.json")]) == 1
    (tmp_path / "homes/train.parts/1.tar").write_bytes(b"half of it")
    assert write_home_set(tmp_path / "homes", SETTINGS) == 1
    for one in folder.iterdir():
        assert (tmp_path / "homes" / one.name).read_bytes() == one.read_bytes(), one.name
    assert sorted(one.name for one in (tmp_path / "homes").iterdir()) == sorted(
        one.name for one in folder.iterdir()
    )


def test_a_complete_set_is_not_made_again_and_other_settings_are_refused(folder):
    assert write_home_set(folder, SETTINGS) == 0
    with pytest.raises(DatasetError, match="give the same settings, or another folder"):
        write_home_set(folder, replace(SETTINGS, homes=3))


def test_planted_errors_are_not_true_of_the_view(folder):
    words = Taxonomy()
    objects = json.loads((folder / "train_objects.json").read_text())
    lines = [json.loads(one) for one in (folder / "train_planted.jsonl").read_text().splitlines()]
    captions = json.loads((folder / "train_captions.json").read_text())
    assert [one["caption"] for one in lines] == [
        text for some in captions.values() for text in some
    ]
    assert any(one["errors"] for one in lines)
    for line in lines:
        assert bool(line["errors"]) == (line["text"] != line["caption"])
        for error in line["errors"]:
            seen = objects.get(line["picture"], ())
            assert all(words.similarity(error["after"], name) < 0.6 for name in seen)


def test_homes_of_the_two_splits_share_no_design():
    for seed in range(3):
        check_split(make_home(seed))
        check_split(make_home(seed, Split.EVALUATION))
        swapped = replace(make_home(seed), split=Split.EVALUATION)
        with pytest.raises(SimulatorError, match="is for evaluation and has the variants"):
            check_split(swapped)
