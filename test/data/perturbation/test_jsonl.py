# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.data.perturbation.jsonl import PlantedFileError, write_pseudo_initial_captions
from mmser_ros.data.perturbation.perturb import PlantedError, PseudoInitialCaption

ROWS = [(f"{number}.jpg", f"Un chien n° {number} — “là”") for number in range(4)]


class NumberingMaker:
    """Plants the caption's number, and notes which were asked for."""

    def __init__(self):
        self.asked = []

    def plant(self, captions, counts, seed, skip=0):
        for number in range(skip, len(captions)):
            self.asked.append(number)
            error = PlantedError("attribute", "n°", f"{number}/{counts[number]}")
            yield PseudoInitialCaption(captions[number].replace("n°", error.after), (error,))


def write(path, rows=ROWS, maker=None, name="numbering", **options):
    return write_pseudo_initial_captions(path, rows, maker or NumberingMaker(), name, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "new folder" / "made.jsonl"
    assert write(path) == 0
    return path.read_bytes()


def test_a_line_for_each(whole):
    records = [json.loads(line) for line in whole.decode().splitlines()]
    assert len(records) == 12
    assert [one["picture"] for one in records[:4]] == ["0.jpg"] * 3 + ["1.jpg"]
    first = records[0]
    assert first.keys() == {"picture", "caption", "maker", "seed", "text", "errors"}
    assert (first["caption"], first["maker"], first["seed"]) == (ROWS[0][1], "numbering", 0)
    (error,) = first["errors"]
    assert first["text"] == first["caption"].replace(error["before"], error["after"])


@given(st.data())
def test_cut_off_anywhere_it_goes_on_as_if_it_had_not_been(whole, data):
    cut = data.draw(st.integers(0, len(whole)))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.jsonl"
        path.write_bytes(whole[:cut])
        maker = NumberingMaker()
        done = write(path, maker=maker)
        assert path.read_bytes() == whole
    assert done == whole[:cut].count(b"\n")
    assert maker.asked == list(range(done, 12))


def test_a_line_is_in_the_file_before_the_next_is_made(tmp_path):
    lines = []

    class LookingMaker(NumberingMaker):
        def plant(self, *arguments):
            for one in super().plant(*arguments):
                lines.append((tmp_path / "made.jsonl").read_bytes().count(b"\n"))
                yield one

    write(tmp_path / "made.jsonl", maker=LookingMaker())
    assert lines == list(range(12))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seed": 1}, 1),
        ({"name": "other"}, 1),
        ({"each": 2}, 3),
        ({"rows": ROWS[:3]}, 10),
        ({"rows": [*ROWS[:3], ("3.jpg", "another")]}, 10),
    ],
)
def test_a_file_of_something_else_is_left_alone(tmp_path, whole, change, line):
    path = tmp_path / "made.jsonl"
    path.write_bytes(whole + b"torn")
    with pytest.raises(PlantedFileError, match=f"line {line} of .*made.jsonl"):
        write(path, **change)
    assert path.read_bytes() == whole + b"torn"


@pytest.mark.parametrize("text", ["a b\n", "[1]\n", "{}\n", "3\n", "\n"])
def test_a_file_that_is_none_of_ours(tmp_path, text):
    (tmp_path / "made.jsonl").write_text(text)
    with pytest.raises(PlantedFileError, match="line 1"):
        write(tmp_path / "made.jsonl")
