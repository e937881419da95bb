# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import csv
import json
from signal import SIGKILL

import cv2
import numpy as np
import pytest

from mmser_ros.archive.run import caption_archive
from mmser_ros.archive.shares import Job, locked
from mmser_ros.archive.sources import find_sources
from mmser_ros.core.errors import MmserError
from test.archive.conftest import MODEL


def table(path):
    """Rows of a table of JSON lines, without the times, which are never the same."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(row.pop("ms") > 0 for row in rows)
    return rows


def caption(folder, out, **options):
    return caption_archive(Job(MODEL, **{"batch": 2, **options}), find_sources([folder]), out)


def test_a_folder_of_images_and_bags(archive, tmp_path):
    assert caption(archive, tmp_path / "out.jsonl") == (20, 0)
    rows = table(tmp_path / "out.jsonl")
    assert [row["caption"] for row in rows[:5]] == [
        "0 of 2",
        "40 of 2",
        "80 of 2",
        "120 of 2",
        "160 of 1",
    ]
    assert rows[1] == {
        "source": str(archive / "1.png"), "frame": 0, "stamp_ns": None, "caption": "40 of 2",
        "initial_caption": "40 of 2", "confidence": 0.0, "model": "fatal", "passes": 1,
    }  # fmt: skip
    bag = rows[5 + 6 + 2]
    assert (bag["source"], bag["frame"]) == (str(archive / "bag_1"), 2)
    assert bag["stamp_ns"] == 102_000_000_005
    assert not (tmp_path / "out.jsonl.parts").exists()


def test_a_video(tmp_path):
    writer = cv2.VideoWriter(
        str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48)
    )
    for shade in (0, 100, 200):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    caption(tmp_path, tmp_path / "out.jsonl", batch=1)
    rows = table(tmp_path / "out.jsonl")
    assert [row["stamp_ns"] for row in rows] == [0, 100_000_000, 200_000_000]
    assert [int(row["caption"].split()[0]) for row in rows] == pytest.approx([0, 100, 200], abs=2)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_all_formats_have_the_same_rows(archive, tmp_path, kind):
    if kind == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    out = tmp_path / f"out.{kind}"
    for path in (out, tmp_path / "out.jsonl"):
        caption(archive, path)
    if kind == "parquet":
        rows = parquet.read_table(out).to_pylist()
    else:
        with out.open(newline="") as file:
            rows = list(csv.DictReader(file))
    same = [{**row, "ms": 0} for row in rows]
    expected = [{**row, "ms": 0} for row in table(tmp_path / "out.jsonl")]
    if kind == "csv":
        same = [{name: str(value) for name, value in row.items()} for row in same]
        expected = [
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in expected
        ]
    assert same == expected


def test_a_killed_run_ends_with_the_same_table(archive, tmp_path, run_caption):
    out = tmp_path / "out.jsonl"
    killed = run_caption(archive, "--out", out, "--batch", 2, deadly=True)
    assert killed.returncode == -SIGKILL
    assert not out.exists()
    parts = sorted(one.name for one in (tmp_path / "out.jsonl.parts").glob("*.jsonl"))
    with (tmp_path / "out.jsonl.parts" / parts[-1]).open("a") as file:
        file.write('{"rows": [{"source": "half a li')
    done = run_caption(archive, "--out", out, "--batch", 2, deadly=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"20 captions in {out}\n"
    assert "captions: 16 of 16" in done.stderr  # two batches were there
    caption(archive, tmp_path / "whole.jsonl")
    assert table(out) == table(tmp_path / "whole.jsonl")


def test_the_batch_is_measured_once_and_kept(archive, tmp_path, run_caption):
    out = tmp_path / "out.jsonl"
    assert run_caption(archive, "--out", out, deadly=True).returncode == -SIGKILL
    agreed = tmp_path / "out.jsonl.parts" / "batch"
    agreed.write_text("3")  # as if measured before it was killed
    assert run_caption(archive, "--out", out, deadly=True).returncode == 0
    assert [row["caption"].split()[-1] for row in table(out)[:5]] == ["3", "3", "3", "2", "2"]


def test_what_can_not_be_read_is_told_and_left_out(archive, tmp_path, capsys):
    (archive / "1.png").write_bytes(b"no image")
    (archive / "bag_1" / "0.mcap").write_bytes(b"no bag")
    assert caption(archive, tmp_path / "out.jsonl") == (4 + 9, 3)
    said = capsys.readouterr().err
    assert "1.png is not an image" in said
    assert "0.mcap has no whole message" in said
    assert "bag_1 can't be read as a bag" in said


def test_a_run_with_other_settings_does_not_go_on(archive, tmp_path, run_caption):
    out = tmp_path / "out.jsonl"
    run_caption(archive, "--out", out, "--batch", 2, deadly=True)
    with pytest.raises(MmserError, match=r"is of a run with another batch: give the same options"):
        caption(archive, out, batch=4)
    with (
        locked(tmp_path / "out.jsonl.parts" / "settings.json"),
        pytest.raises(MmserError, match="another process writes to"),
    ):
        caption(archive, out)
    out.touch()
    with pytest.raises(MmserError, match="is there already, and complete"):
        caption(archive, out)


def test_sources_are_folders_bags_and_patterns_each_once(archive):
    found = find_sources([archive, archive / "*.png", archive / "bag_0" / "0.mcap"])
    assert [one.name for one in found] == [
        *(f"{number}.png" for number in range(5)), "bag_0", "bag_1", "bag_2", "0.mcap",
    ]  # fmt: skip
    with pytest.raises(MmserError, match="nothing to caption there"):
        find_sources([archive / "*.jpg"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--batch", "2"], "--batch, --topic and --workers are for tables"),
        (["--out", "o.csv", "--batch", "0"], "--batch is '0'; expected auto, or a whole number"),
        (["--out", "o.csv", "--ground"], "--initial and --ground are not for tables"),
    ],
)
def test_options_that_can_not_be(archive, arguments, said, monkeypatch, capsys):
    from mmser_ros.cli.main import main

    monkeypatch.setattr("sys.argv", ["mmser", "caption", str(archive / "0.png"), *arguments])
    with pytest.raises(SystemExit):
        main()
    assert said in capsys.readouterr().err
