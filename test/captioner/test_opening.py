# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of captioners that `model` can name."""

import pytest
import torch

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.opening import open_captioner
from mmser_ros.captioner.quantization.formats import QuantizationError
from mmser_ros.captioner.settings import ModelSettings

MODULE = """
from mmser_ros.captioner import Answer, AnsweringCaptioner

class Echo(AnsweringCaptioner):
    def __init__(self, *, device, quantize, passes, beams, settings):
        super().__init__(settings.prompt, device=device, passes=passes, beams=beams)
        self.quantize = quantize

    def answer(self, images, initials, beams):
        return [Answer(f"{beams} beams", (-0.5,)) for _ in images]

class Bare:
    name = "bare"
    def __init__(self, **options):
        pass

class Stubborn:
    def __init__(self, device):
        pass

number = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text(MODULE)
    (tmp_path / "broken_models.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_class_of_the_user_gets_the_options(module, picture):
    captioner = open_captioner(
        "python:own_models.Echo",
        device="cuda:7",
        quantize="int4",
        passes=2,
        beams=3,
        settings=ModelSettings("echo"),
    )
    assert (captioner.name, captioner.device, captioner.quantize) == ("echo", "cuda:7", "int4")
    caption = captioner.caption(picture)
    assert (caption.text, caption.passes, caption.model) == ("3 beams", 2, "echo")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Echo", "expected python:MODULE.CLASS"),
        ("..own_models.Echo", "expected python:MODULE.CLASS"),
        ("builtins.dict", "can't be called with device, .*no signature"),
        ("no_such_module.Echo", "can't import no_such_module.*PYTHONPATH"),
        ("broken_models.Echo", "no_such_package"),
        ("own_models.Gone", "own_models has no class Gone"),
        ("own_models.number", "own_models has no class number"),
        ("own_models.Bare", "has no device, quantize, max_passes, max_beams, threads, "),
        ("own_models.Stubborn", "can't be called with device, quantize, passes, beams, settings"),
    ],
)
def test_classes_that_can_not_be_used(module, path, words):
    with pytest.raises(CaptionerError, match=words):
        open_captioner(f"python:{path}")


@pytest.mark.parametrize("name", ["", "model", "@http://here", "model@here:8000"])
def test_servers_that_have_no_address(name):
    with pytest.raises(CaptionerError, match="expected openai:NAME@URL"):
        open_captioner(f"openai:{name}")


def test_a_model_of_this_package(tiny_checkpoint):
    before = torch.get_num_threads()
    captioner = open_captioner(str(tiny_checkpoint), quantize="none", threads=1)
    assert isinstance(captioner, Captioner)
    assert captioner.threads == 1
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"prompt": "What is it?"}, "prompt"),
        ({"crops": 1, "compile": True}, "crops and compile"),
        ({"style": "detailed", "max_tokens": 9}, "style and max_tokens"),
        ({"revision": "main", "refiner": "nano", "timeout_s": 1.0}, "revision and refiner and tim"),
    ],
)
def test_a_model_of_this_package_has_no_use_for_settings(tiny_checkpoint, settings, names):
    with pytest.raises(CaptionerError, match=f"no use for {names}"):
        open_captioner(str(tiny_checkpoint), settings=ModelSettings(**settings))
    with pytest.raises(QuantizationError, match=r"int4 is for .*use int8"):
        open_captioner(str(tiny_checkpoint), quantize="int4")
    with pytest.raises(CaptionerError, match="leave refine_below out"):
        open_captioner("hf:some", refine_below=0.5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"style": "long"}, "expected one of short, detailed"),
        ({"max_tokens": -1}, "expected 1 to 2048, or 0"),
        ({"max_tokens": 9999}, "expected 1 to 2048, or 0"),
        ({"crops": 6}, "expected 0 .the whole image alone. to 5"),
        ({"timeout_s": 0.0}, "seconds above 0"),
        ({"timeout_s": float("nan")}, "expected a finite number"),
        ({"crops": "two"}, "crops"),
        ({"crops": 1.5}, "crops"),
        ({"compile": "no"}, "compile"),
        ({"style": ["short"]}, "style"),
        ({"prompt": "a \udcff"}, "prompt"),
    ],
)
def test_settings_out_of_range_or_of_a_wrong_type(settings, words):
    with pytest.raises(CaptionerError, match=words):
        ModelSettings(**settings)


@pytest.mark.parametrize("model", ["hf:a/b", "openai:a@http://b", "python:a.B"])
def test_commands_that_need_a_model_of_this_package(model):
    with pytest.raises(CaptionerError, match="this command needs a model of this package"):
        Captioner.load(model)
