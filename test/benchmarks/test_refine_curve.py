# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from benchmarks.refine_curve import SHARES, curve, table
from mmser_ros.evaluation.evaluate import ConfidentCaption


def test_the_least_sure_captions_are_refined_first():
    human = {f"{n}": [f"a dog number{n} on grass", f"dog number{n} runs"] for n in range(10)}
    right = {name: ConfidentCaption(some[0], 1.0) for name, some in human.items()}
    glances = {  # of the five least sure captions the glance is wrong
        name: ConfidentCaption(human[name][0] if int(name) >= 5 else "a cat", int(name) / 10)
        for name in human
    }
    rows = curve(glances, right, human)
    assert [row["share"] for row in rows] == pytest.approx(SHARES)
    assert rows[0]["refine_below"] == 1.0
    assert [row["change"] for row in rows[:6]] == pytest.approx([0.0] * 6)
    assert [row["other"] for row in rows] == pytest.approx([0.5] * 6 + [0.4, 0.3, 0.2, 0.1, 0.0])
    fell = [row["CIDEr"] for row in rows[5:]]
    assert fell == sorted(fell, reverse=True)
    assert fell[0] > fell[-1]
    assert rows[-1]["high"] < 0
    assert table(rows).splitlines()[2].startswith("| 1.000 | 100% | 50% |")
