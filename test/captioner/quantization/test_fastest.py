# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What `auto` chooses; times are given, none is compared."""

import json
import logging
from dataclasses import replace

import pytest
import torch

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.config import LanguageConfig
from mmser_ros.captioner.quantization import fastest
from mmser_ros.captioner.quantization.fastest import MARGIN, cache_file, choose, measure_formats
from mmser_ros.captioner.quantization.formats import QuantizationError
from mmser_ros.captioner.untrained import build_untrained


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(type(torch.backends.quantized), "engine", "x86")


@pytest.fixture
def wide(tiny_config):
    """A configuration that is wide enough to be timed."""
    shape = {**tiny_config.language.architecture, "hidden_size": 256, "word_embed_proj_dim": 256}
    return replace(tiny_config, language=LanguageConfig("random", shape))


class Clock:
    """Gives times of formats, and counts how often it was asked."""

    def __init__(self, **times):
        self.times, self.asked = times, 0

    def __call__(self, candidates, device, language):
        self.asked += 1
        return {name: self.times[name] for name in candidates}


def never(*_):
    pytest.fail("it is measured")


@pytest.mark.parametrize(
    ("none", "bf16", "chosen"),
    [
        (12.0, 30.0, "int8"),
        (10.0 * MARGIN, 30.0, "int8"),  # not clearly faster
        (9.9 * MARGIN, 30.0, "none"),
        (5.0, 4.0, "bf16"),
    ],
)
def test_the_usual_format_unless_another_is_clearly_faster(wide, caplog, none, bf16, chosen):
    caplog.set_level(logging.INFO)
    assert choose("auto", "cpu", wide, Clock(int8=10.0, none=none, bf16=bf16)) == chosen
    assert f"tiny: weights in {chosen}" in caplog.text
    assert f"int8 10.0 ms, none {none:.1f} ms" in caplog.text


def test_a_format_that_is_given_is_taken(wide):
    assert choose("bf16", "cpu", wide, never) == "bf16"
    with pytest.raises(QuantizationError, match="int3"):
        choose("int3", "cpu", wide, never)
    assert not cache_file().exists()


def test_narrow_models_are_not_timed(tiny_config):
    assert choose("auto", "cpu", tiny_config, never) == "int8"


def test_it_is_measured_once(wide):
    assert choose("auto", "cpu", wide, Clock(int8=9.0, none=2.0, bf16=8.0)) == "none"
    assert choose("auto", "cpu", wide, never) == "none"


def test_other_machines_versions_threads_and_shapes_are_measured_again(wide, monkeypatch):
    clock = Clock(int8=2.0, none=3.0, bf16=4.0)
    other = replace(wide.language, architecture={**wide.language.architecture, "ffn_dim": 65})
    choose("auto", "cpu", wide, clock)
    choose("auto", "cpu", replace(wide, language=other), clock)
    for place, name, value in [
        (fastest, "processor_name", lambda: "abacus"),
        (torch, "__version__", "0.1"),
        (torch, "get_num_threads", lambda: 77),
        (type(torch.backends.quantized), "engine", "none"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, value)
            choose("auto", "cpu", wide, clock)
            choose("auto", "cpu", wide, never)
    assert clock.asked == 6


@pytest.mark.parametrize(
    "content", ["", "[]", '{"here": ', '{"here": {"int8": "quick"}}', '{"here": {"int8": -1}}']
)
def test_a_damaged_file_is_measured_again(wide, caplog, content):
    cache_file().parent.mkdir()
    cache_file().write_text(content)
    assert choose("auto", "cpu", wide, Clock(int8=2.0, none=3.0, bf16=4.0)) == "int8"
    assert "can't read which number format is fastest" in caplog.text
    assert choose("auto", "cpu", wide, never) == "int8"


def test_an_answer_that_lacks_a_format_is_measured_again(wide):
    clock = Clock(int8=2.0, none=1.0, bf16=4.0)
    choose("auto", "cpu", wide, clock)
    cache_file().write_text(json.dumps({key: {} for key in json.loads(cache_file().read_text())}))
    assert choose("auto", "cpu", wide, clock) == "none"
    assert clock.asked == 2


def test_a_folder_that_can_not_be_written_breaks_nothing(wide, caplog, tmp_path, monkeypatch):
    (tmp_path / "mmser_ros").write_text("in the way")
    assert choose("auto", "cpu", wide, Clock(int8=9.0, none=2.0, bf16=8.0)) == "none"
    assert "can't keep which number format is fastest" in caplog.text


@pytest.mark.parametrize("kind", ["opt", "llama"])
def test_formats_are_timed_without_touching_random_numbers(tiny_languages, kind):
    before = torch.random.get_rng_state()
    times = measure_formats(["int8", "none", "bf16"], "cpu", tiny_languages[kind])
    assert times.keys() == {"int8", "none", "bf16"}
    assert min(times.values()) > 0
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_captioner_has_the_format_that_was_measured(wide, picture, monkeypatch):
    monkeypatch.setattr(fastest, "measure_formats", Clock(int8=9.0, none=2.0, bf16=8.0))
    captioner = Captioner(*build_untrained(wide), device="cpu", quantize="auto")
    assert captioner.quantize == "none"
    assert captioner.caption(picture).model == "tiny"
