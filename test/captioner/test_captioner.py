# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.quantization.formats import QuantizationError, resolve
from mmser_ros.captioner.shipped import find_model, shipped_models
from mmser_ros.core.errors import OutOfMemoryError
from mmser_ros.core.images import PictureError
from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.core.types import Region
from test.photographs import photograph


@pytest.fixture(scope="module")
def captioner(tiny_checkpoint):
    return Captioner.load(str(tiny_checkpoint), quantize="none")


def test_a_caption_says_all_of_itself(captioner, picture):
    caption = captioner.caption(picture)
    assert caption.text == caption.initial_text
    assert not caption.refined
    assert (caption.model, caption.passes) == ("tiny", 1)
    assert 0 < caption.confidence < 1
    assert caption.times_ms.keys() == {"encode", "glance", "total"}
    assert caption.as_dict()["caption"] == caption.text
    assert captioner.caption(picture).text == caption.text


def test_a_batch_says_what_single_pictures_do(captioner, picture):
    pictures = [picture, picture[::-1].copy(), np.zeros((30, 20, 3), np.uint8)]
    together = [one.text for one in captioner.caption_batch(pictures)]
    assert together == [captioner.caption(one).text for one in pictures]


@pytest.fixture(scope="module")
def refining(refining_checkpoint):
    return Captioner.load(str(refining_checkpoint), quantize="none", passes=3)


@pytest.fixture(scope="module", params=["opt", "llama"])
def either(refining_checkpoints, request):
    """Of either kind of language model."""
    # int8 rounds by what is in a batch, so only float32 is the same in any company.
    return Captioner.load(str(refining_checkpoints[request.param]), quantize="none", passes=3)


def test_each_pass_refines_the_caption_of_the_one_before(refining, picture):
    passes = [one[0] for one in refining.caption_passes([picture])]
    assert [one.passes for one in passes] == [1, 2, 3]
    assert [one.refined for one in passes] == [False, True, True]
    assert {one.initial_text for one in passes} == {passes[0].text}
    assert passes[2].times_ms.keys() == {"encode", "glance", "refine", "total"}
    assert passes[2].times_ms["total"] > passes[1].times_ms["total"]
    assert refining.caption(picture).text == passes[2].text
    assert refining.caption(picture, passes=1).text == passes[0].text
    again = refining.caption(picture, passes=2, initial=passes[1].text)
    assert again.text == passes[2].text
    assert again.initial_text == passes[1].text


def test_a_caption_from_elsewhere_is_refined(refining, captioner, picture):
    caption = refining.caption(picture, passes=1, initial="a dog on a chair " * 9)
    assert (caption.passes, caption.refined) == (2, True)
    assert caption.initial_text == "a dog on a chair " * 9
    assert caption.times_ms.keys() == {"encode", "refine", "total"}
    assert refining.caption(picture, initial="").refined
    with pytest.raises(CaptionerError, match="no SeR-connector"):
        captioner.caption(picture, initial="a dog")


@pytest.mark.parametrize("beams", [1, 2])
def test_a_batch_is_refined_as_single_pictures_are(either, picture, beams):
    pictures = [picture, picture[::-1].copy(), np.zeros((30, 20, 3), np.uint8)]
    initials = ["a", "a dog on a chair", ""]
    together = either.caption_batch(pictures, beams=beams, initials=initials)
    for one, image, initial in zip(together, pictures, initials, strict=True):
        alone = either.caption(image, beams=beams, initial=initial)
        # Random weights make near ties, so words may differ; how likely they are does not.
        if beams == 1:
            first = alone.log_probabilities[0]
            assert one.log_probabilities[0] == pytest.approx(first, abs=1e-3)
        assert one.confidence == pytest.approx(alone.confidence, rel=0.1)


def test_grounding_changes_nothing_but_adds_phrases(either, picture):
    for passes in (1, 2):
        plain = either.caption(picture, passes=passes)
        grounded = either.caption(picture, passes=passes, ground=True)
        assert (grounded.text, grounded.confidence) == (plain.text, plain.confidence)
        assert plain.phrases == ()
        assert all(phrase.text in grounded.text for phrase in grounded.phrases)
        assert grounded.times_ms.keys() - plain.times_ms.keys() == {"ground"}
        assert grounded.times_ms["total"] > grounded.times_ms["ground"] > 0
    assert [len(one) for one in either.caption_passes([picture] * 2, passes=2, ground=True)] == [
        2,
        2,
    ]


def test_each_look_is_explained(either, picture):
    passes = either.explain(picture, passes=2)
    assert [caption.passes for caption, _ in passes] == [1, 2]
    for caption, explanation in passes:
        assert explanation.words == tuple(caption.text.split())
        assert explanation.maps.shape == (len(explanation.words), 7, 7)
        np.testing.assert_allclose(explanation.maps.sum(axis=(1, 2)), 1, rtol=1e-4)
        assert explanation.view == Region(0, 0, 64, 48)
    glance, second = (explanation.maps for _, explanation in passes)
    assert glance.shape != second.shape or not np.allclose(glance, second)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        "photo.jpg",
    ],
)
def test_what_is_no_picture_is_refused(captioner, image):
    with pytest.raises(PictureError, match=r"expected \(height, width, 3\)|no such image: photo"):
        captioner.caption(image)


def test_images_come_in_any_form(captioner, picture, tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(picture).save(path)
    forms = [picture, Image.fromarray(picture), path, str(path)]
    (text,) = {one.text for one in captioner.caption_batch(forms)}
    assert {captioner.caption(one).text for one in forms} == {text}
    for (one,) in captioner.caption_passes([path]):
        assert one.text == text
    assert [one.text for one, _ in captioner.explain(path)] == [text]


def test_one_image_is_no_list_of_images(captioner, picture):
    for image in ("photo.jpg", Path("photo.jpg"), Image.fromarray(picture)):
        with pytest.raises(CaptionerError, match="expected a list of images"):
            captioner.caption_batch(image)


def test_from_pretrained_is_load(tiny_checkpoint, picture):
    assert Captioner.from_pretrained.__func__ is Captioner.load.__func__
    assert Captioner.from_pretrained(tiny_checkpoint).caption(picture).model == "tiny"


def test_more_passes_than_the_model_can_make_are_refused(captioner, picture, tiny_checkpoint):
    with pytest.raises(CaptionerError, match="1 to 1"):
        captioner.caption(picture, passes=2)
    with pytest.raises(CaptionerError, match="1 to 1"):
        Captioner.load(str(tiny_checkpoint), passes=2)
    with pytest.raises(CaptionerError, match="beams"):
        captioner.caption(picture, beams=0)


def test_unknown_models_and_devices(tiny_checkpoint):
    with pytest.raises(CaptionerError, match="expected one of nano"):
        Captioner.load("gigantic")
    for device in ("abacus", "meta", "mps"):
        with pytest.raises(CaptionerError, match="expected auto, cpu"):
            Captioner.load(str(tiny_checkpoint), device=device)
    if not torch.cuda.is_available():
        with pytest.raises(CaptionerError, match="finds no CUDA device"):
            Captioner.load(str(tiny_checkpoint), device="cuda")


def sometimes(checkpoint, refine_below):
    return Captioner.load(str(checkpoint), quantize="none", passes=3, refine_below=refine_below)


@pytest.fixture(scope="module")
def several(refining):
    """Pictures whose glances differ in confidence, and all their passes."""
    rows, columns = np.mgrid[0:48, 0:64]
    steps = [(5, 3), (1, 9), (40, 2), (0, 0)]
    pictures = [
        np.stack([rows * n, columns * m, rows + columns], axis=-1).astype(np.uint8)
        for n, m in steps
    ]
    return pictures, list(refining.caption_passes(pictures))


def texts(captions):
    return [one.text for one in captions]


def test_only_captions_that_are_not_sure_are_refined(refining_checkpoint, several):
    pictures, (glance, second, third) = several
    *_, below, most = sorted(one.confidence for one in glance)
    least = (below + most) / 2
    captioner = sometimes(refining_checkpoint, least)
    made = list(captioner.caption_passes(pictures))
    assert texts(made[0]) == texts(glance)
    sure = [one.confidence == most for one in glance]
    assert sum(sure) == 1
    assert [one.refined for one in made[1]] == [not it for it in sure]
    assert [one.passes for one in made[1]] == [1 if it else 2 for it in sure]
    expected = [a if it else b for it, a, b in zip(sure, glance, second, strict=True)]
    assert texts(made[1]) == texts(expected)
    assert [one.initial_text for one in made[-1]] == texts(glance)
    last = [a if a.confidence >= least else b for a, b in zip(made[1], third, strict=True)]
    assert texts(captioner.caption_batch(pictures)) == texts(last)


def test_where_all_are_sure_there_is_one_pass(refining_checkpoint, several):
    pictures, (glance, *_) = several
    (only,) = sometimes(refining_checkpoint, 0.0).caption_passes(pictures)
    assert texts(only) == texts(glance)
    assert not any(one.refined for one in only)


def test_what_is_not_refined_is_explained_by_its_glance(refining_checkpoint, picture, refining):
    sure = sometimes(refining_checkpoint, 0.0)
    ((caption, explanation),) = sure.explain(picture)
    (_, expected), *_ = refining.explain(picture)
    assert not caption.refined
    assert np.array_equal(explanation.maps, expected.maps)


def test_a_caption_from_elsewhere_is_refined_once_at_least(refining_checkpoint, picture):
    caption = sometimes(refining_checkpoint, 0.0).caption(picture, initial="a dog")
    assert (caption.passes, caption.refined) == (2, True)


def test_a_confidence_that_is_none_is_refused(refining_checkpoint):
    with pytest.raises(CaptionerError, match=r"refine_below is 1\.5; expected a confidence"):
        sometimes(refining_checkpoint, 1.5)


@pytest.mark.parametrize("mode", ["int8", "bf16"])
def test_quantized_models_stay_close(captioner, tiny_checkpoint, picture, mode):
    quantized = Captioner.load(str(tiny_checkpoint), quantize=mode, device="cpu")
    assert quantized.quantize == mode
    expected, got = captioner.caption(picture), quantized.caption(picture)
    assert got.confidence == pytest.approx(expected.confidence, rel=0.1)


@pytest.mark.parametrize(("engine", "mode"), [(None, "int8"), ("none", "none")])
def test_by_default_it_runs_as_is_fastest_here(tiny_checkpoint, picture, monkeypatch, engine, mode):
    if engine:
        monkeypatch.setattr(type(torch.backends.quantized), "engine", engine)
    captioner = Captioner.load(str(tiny_checkpoint), device="cpu")
    assert captioner.quantize == mode
    given = Captioner.load(str(tiny_checkpoint), quantize=mode, device="cpu")
    assert captioner.caption(picture).log_probabilities == given.caption(picture).log_probabilities


def test_on_a_gpu_auto_is_fp16():
    assert resolve("auto", "cuda:1") == "fp16"
    assert resolve("bf16", "cuda:1") == "bf16"


def test_there_is_one_default_model():
    assert find_model(DEFAULT_MODEL).is_dir()
    model = inspect.signature(Captioner.load).parameters["model"]
    assert model.default == DEFAULT_MODEL


@pytest.mark.parametrize("mode", ["fp16", "int3"])
def test_quantizations_that_make_no_sense_on_a_cpu(tiny_checkpoint, mode):
    with pytest.raises(QuantizationError, match=r"use|expected"):
        Captioner.load(str(tiny_checkpoint), quantize=mode, device="cpu")


def test_out_of_memory_is_told_and_degrades(tiny_checkpoint, picture, monkeypatch):
    captioner = Captioner.load(str(tiny_checkpoint))

    def exhausted(*_args, **_options):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(captioner._specialist, "encode", exhausted)
        with pytest.raises(OutOfMemoryError, match="3 beams"):
            captioner.caption(picture, beams=3)
        assert captioner.degrade() == "one pass, greedy"
        with pytest.raises(OutOfMemoryError, match="1 beams"):
            captioner.caption(picture)
    assert captioner.degrade() is None  # it is on the CPU already
    assert captioner.caption(picture).text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("astronaut.png", {"man", "woman", "person", "people", "girl", "boy", "astronaut"}),
        ("chelsea.png", {"cat"}),
        ("coffee.png", {"cup", "coffee", "mug"}),
    ],
)
def test_small_names_what_is_there(small, name, words):
    caption = small.caption(photograph(name), ground=True)
    assert words & set(caption.text.split())
    assert words & {word for word, probability in caption.support if probability > 0.3}
    assert caption.confidence > 0.05


@pytest.mark.parametrize("value", [0, 128, 255])
def test_small_is_not_sure_of_pictures_without_content(small, value):
    assert small.caption(np.full((480, 640, 3), value, np.uint8)).confidence <= 0.1
    noise = np.random.default_rng(value).integers(0, 1 + value, (480, 640, 3)).astype(np.uint8)
    assert small.caption(noise).confidence <= 0.1


def test_small_is_small():
    folder = find_model("small")
    sizes = [path.stat().st_size for path in folder.iterdir()]
    assert max(sizes) <= 45e6
    assert sum(sizes) <= 90e6


@pytest.fixture(scope="module")
def small():
    """The shipped model, as it runs by default."""
    return Captioner.load("small", device="cpu")


def test_the_shipped_model_says_what_it_sees():
    """nano on photographs that every installation has."""
    assert "nano" in shipped_models()
    folder = find_model("nano")
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 60e6
    captioner = Captioner.load("nano", device="cpu")
    astronaut = photograph("astronaut.png")
    people = {"man", "woman", "boy", "girl", "person", "people"}
    for passes in (1, 2):
        caption = captioner.caption(astronaut, passes=passes, ground=True)
        assert people & {one.head for one in caption.phrases}  # coarse, but not by chance
        assert caption.refined == (passes > 1)
    parameters = sum(one.numel() for one in load_checkpoint(folder)[0].parameters())
    assert 5e6 <= parameters <= 25e6
