# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/memory_house.py with a model's own confusions, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def benchmark(*arguments, status=0):
    command = [sys.executable, "benchmarks/memory_house.py", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_model_is_counted_and_then_played(tmp_path):
    captions, truth = tmp_path / "captions.json", tmp_path / "truth.json"
    said = {
        "1.jpg": {"caption": "a bench next to a table", "confidence": 0.4},
        "2.jpg": {"caption": "two chairs at a table", "confidence": 0.8},
        "3.jpg": "a mug on a table",
    }
    there = {"1.jpg": ["chair", "table"], "2.jpg": ["chair", "table"], "3.jpg": ["mug", "table"]}
    captions.write_text(json.dumps(said))
    truth.write_text(json.dumps(there))
    counted = json.loads(benchmark("--make-confusions", captions, truth).stdout)
    assert counted["confusions"]["chair"] == {"bench": 1, "chair": 1}
    assert counted["confidences"] == {"right": [0.8], "wrong": [0.4]}
    words = tmp_path / "words.txt"
    words.write_text("table\nmug\n")
    listed = benchmark("--make-confusions", captions, truth, "--words", words).stdout
    assert json.loads(listed)["missed"] == {"chair": 2}

    model = tmp_path / "model.json"
    model.write_text(json.dumps(counted))
    short = ("--whole-only", "--plain-parser", "--keyframes", 60, "--seeds", 11)
    weights = ("--confidence-weights", 0.0, 1.0)
    result = json.loads(benchmark("--confusions", model, *short, *weights, "--json").stdout)
    assert result["object_f1"].keys() == {"model"}
    by_weight = result["by_confidence_weight"]
    assert by_weight.keys() == {"0.0", "1.0"}
    assert by_weight["0.0"]["object_f1"] != by_weight["1.0"]["object_f1"]


def test_a_file_of_something_else_is_refused(tmp_path):
    odd = tmp_path / "odd.json"
    odd.write_text("[]")
    assert "is no file of confusions" in benchmark("--confusions", odd, status=1).stderr
