# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captioners behind a server, against a stub of it."""

import json
import logging
import math
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mmser_ros.captioner.answers import tidy, whole_sentences
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.model.vision import crops
from mmser_ros.captioner.opening import open_captioner
from mmser_ros.captioner.remote import PARALLEL
from mmser_ros.captioner.settings import ModelSettings
from mmser_ros.core.chat_endpoint import KEY_VARIABLE, ChatError
from mmser_ros.core.errors import CancelledError, MmserError
from test.core.chat_process import describe, picture_in, pictures_in, text_in
from test.core.chat_stub import Answer, ChatStub
from test.photographs import cat_and_cup

IMAGE = np.full((48, 64, 3), 130, np.uint8)
FINE = Answer(content="a room", logprobs=[{"token": "a", "logprob": -0.5}])


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def open_remote(stub, *, passes=1, name="vlm", **settings):
    return open_captioner(
        f"openai:{name}@{stub.url}", passes=passes, settings=ModelSettings(**settings)
    )


def caption(*script, image=IMAGE, **settings):
    with ChatStub(*script, answer=describe) as stub:
        return open_remote(stub, **settings).caption(image), stub.requests


def test_a_caption_and_what_is_known_of_it():
    with ChatStub(answer=describe) as stub:
        captioner = open_remote(stub, name="org/vlm:7b")
        made = captioner.caption(IMAGE)
    assert (made.text, made.initial_text) == ("A room of shade 2.", "A room of shade 2.")
    assert (made.model, made.passes, made.refined) == ("openai:org/vlm:7b", 1, False)
    assert made.confidence == pytest.approx(math.exp(-0.25))
    assert made.log_probabilities == (-0.25,) * 5
    assert made.times_ms["total"] > 0
    assert (captioner.device, captioner.max_passes) == (stub.url, 10)
    assert captioner.degrade() is None
    ((_, body),) = stub.requests
    assert (body["model"], body["temperature"], body["logprobs"]) == ("org/vlm:7b", 0, True)


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((1536, 2048), (768, 576)),
        ((3000, 1000), (256, 768)),
        ((48, 64), (64, 48)),
        ((1, 1), (1, 1)),
    ],
)
def test_images_are_scaled_down_before_they_leave(size, sent):
    _, [(_, body)] = caption(image=np.full((*size, 3), 130, np.uint8))
    assert picture_in(body).size == sent


def test_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    _, [(headers, _)] = caption()
    assert headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("settings", "asked", "tokens"),
    [
        ({}, "one short sentence", 64),
        ({"style": "detailed"}, "three to five sentences", 256),
        ({"prompt": "Which {doors} are open?", "max_tokens": 9}, "Which {doors} are open?", 9),
    ],
)
def test_what_is_asked(settings, asked, tokens):
    _, [(_, body)] = caption(**settings)
    assert asked in text_in(body)
    assert body["max_tokens"] == tokens
    _, requests = caption(passes=2, **settings)
    assert asked in text_in(requests[1][1])


def test_a_further_pass_looks_again_at_the_caption_before():
    with ChatStub(answer=describe) as stub:
        captioner = open_remote(stub)
        (first,), (second,), (third,) = captioner.caption_passes([IMAGE], passes=3)
        given = captioner.caption(IMAGE, initial="a {red} dog")
    assert (first.text, first.refined) == ("A room of shade 2.", False)
    assert (second.text, second.refined) == ("A room of shade 2 with a door.", True)
    assert third.initial_text == second.initial_text == first.text
    assert (given.initial_text, given.passes) == ("a {red} dog", 2)
    asked = [text_in(body) for _, body in stub.requests]
    assert "earlier answer" not in asked[0]
    assert first.text in asked[1]
    assert second.text in asked[2]
    assert "a {red} dog" in asked[3]
    assert all(picture_in(body).size == (64, 48) for _, body in stub.requests)


def close(sent, image):
    """Whether a JPEG picture shows an image."""
    difference = np.abs(np.asarray(sent, int) - image) if sent.size == image.shape[1::-1] else 255
    return np.mean(difference) < 8


def test_a_further_pass_gets_the_crops_that_the_caption_points_to():
    image = cat_and_cup()
    top_left, _, _, bottom_right, middle = crops(image)
    with ChatStub(Answer(content="A cat."), FINE, FINE, FINE, FINE) as stub:
        captioner = open_remote(stub)
        captioner.caption(image, passes=2)
        captioner.caption(image, initial="a cat and a cup of coffee")
        captioner.caption(image, initial="a thingummy")
        open_remote(stub, crops=0).caption(image, initial="a cat")
    sent = [list(pictures_in(body)) for _, body in stub.requests]
    expected = [[], [top_left], [middle, bottom_right], [], []]
    for some, parts in zip(sent, expected, strict=True):
        assert [*map(close, some, [image, *parts])] == [True] * (1 + len(parts))
        assert len(some) == 1 + len(parts)
    told = ["further image shows a part" in text_in(body) for _, body in stub.requests]
    assert told == [False, True, True, False, False]


@pytest.mark.parametrize("status", [200, 400, 404, 413, 415, 422, 500, 501])
def test_a_server_of_one_image_is_asked_again_without_crops(status, caplog, monkeypatch):
    monkeypatch.setattr("mmser_ros.captioner.remote.ATTEMPTS", 1)

    def answer(body):
        return FINE if len(list(pictures_in(body))) == 1 else Answer(status, body="1 image!")

    images, captions = [cat_and_cup()] * 2, ["a cat", "a cat"]
    with ChatStub(answer=answer) as stub, caplog.at_level(logging.WARNING):
        captioner = open_remote(stub)
        for _ in range(2):
            (made,) = captioner.caption_passes(images, initials=captions)
            assert [one.text for one in made] == ["a room"] * 2
        after = len(stub.requests)
        captioner.caption(images[0], initial="a cat")
    assert "refuses crops, and gets the whole image alone from now on: " in caplog.text
    assert len(stub.requests) == after + 1


def test_a_server_that_fails_keeps_its_crops():
    image = cat_and_cup()
    with ChatStub(Answer(503), answer=lambda _: FINE) as stub:
        open_remote(stub).caption(image, initial="a cat")
    assert [len(list(pictures_in(body))) for _, body in stub.requests] == [2, 2]


@pytest.mark.parametrize("status", [429, 503])
def test_an_overload_is_no_refusal_of_crops(status, monkeypatch):
    monkeypatch.setattr("mmser_ros.captioner.remote.ATTEMPTS", 1)
    with ChatStub(Answer(status), answer=lambda _: FINE) as stub:
        with pytest.raises(ChatError, match=f"answered {status}"):
            open_remote(stub).caption(cat_and_cup(), initial="a cat")
        assert len(stub.requests) == 1


def test_a_model_of_this_package_refines(refining_checkpoint):
    with ChatStub(answer=describe) as stub:
        made = open_remote(stub, passes=2, refiner=str(refining_checkpoint)).caption(IMAGE)
        assert len(stub.requests) == 1
    assert (made.initial_text, made.refined, made.passes) == ("A room of shade 2.", True, 2)
    assert made.text != made.initial_text


def test_one_image_is_no_list_of_images(tmp_path):
    captioner = open_captioner("openai:vlm@http://a/v1")
    with pytest.raises(CaptionerError, match="expected a list of images"):
        next(captioner.caption_passes(tmp_path / "photo.jpg"))


def test_images_of_a_batch_keep_their_captions():
    images = [np.full((48, 64, 3), 64 * (number % 4), np.uint8) for number in range(20)]
    with ChatStub(answer=describe) as stub:
        first, second = open_remote(stub).caption_passes(images, passes=2)
    assert [one.text for one in first] == [f"A room of shade {n % 4}." for n in range(20)]
    assert [one.initial_text for one in second] == [one.text for one in first]


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_server_without_log_probabilities_is_asked_once(status, caplog):
    def answer(body):
        return Answer(status, body="logprobs?") if "logprobs" in body else describe(body)

    with ChatStub(answer=answer) as stub, caplog.at_level(logging.WARNING):
        captioner = open_remote(stub)
        made = [captioner.caption(IMAGE) for _ in range(3)]
    assert {(one.text, one.confidence) for one in made} == {("A room of shade 2.", 0.0)}
    assert ["logprobs" in body for _, body in stub.requests] == [True, False, False, False]
    assert caplog.text.count("no log probabilities") == 1


def test_images_of_a_batch_find_together_what_the_server_takes():
    at_once = threading.Barrier(PARALLEL)

    def answer(body):
        if "logprobs" in body:
            return Answer(400, wait=at_once.wait)
        return describe(body)

    with ChatStub(answer=answer) as stub:
        captioner = open_remote(stub)
        for _ in range(2):
            (captions,) = captioner.caption_passes([IMAGE] * PARALLEL)
            assert [one.text for one in captions] == ["A room of shade 2."] * PARALLEL
    assert all("max_tokens" in body for _, body in stub.requests)


def test_a_server_that_knows_another_name_for_the_length():
    def answer(body):
        return Answer(400) if "max_tokens" in body else describe(body)

    with ChatStub(answer=answer) as stub:
        captioner = open_remote(stub)
        assert [captioner.caption(IMAGE).passes for _ in range(2)] == [1, 1]
    assert [body.get("max_completion_tokens") for _, body in stub.requests] == [None, None, 64, 64]


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        [],
        [{"token": "a"}],
        [{"token": "a", "logprob": None}],
        [{"token": "a", "logprob": math.nan}],
        [{"token": "a", "logprob": -math.inf}],
        "yes",
        [3],
    ],
)
def test_what_are_no_log_probabilities(logprobs):
    made, _ = caption(Answer(content="a room", logprobs=logprobs))
    assert (made.text, made.confidence, made.log_probabilities) == ("a room", 0.0, ())


def test_a_probability_is_at_most_one():
    made, _ = caption(Answer(content="a", logprobs=[{"token": "a", "logprob": 1e-6}]))
    assert (made.confidence, made.log_probabilities) == (1.0, (0.0,))


def test_a_refusal_for_another_reason_is_told_as_it_came():
    with ChatStub(*[Answer(400, body=f"no images {n}") for n in range(3)], FINE) as stub:
        captioner = open_remote(stub)
        with pytest.raises(ChatError, match="answered 400: 'no images 0'"):
            captioner.caption(IMAGE)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_image_is_no_reason_to_drop_the_next_one(status):
    refusals = 1 if status == 413 else 3  # else each form of the request is tried
    with ChatStub(*[Answer(status)] * refusals, FINE) as stub:
        captioner = open_remote(stub)
        with pytest.raises(ChatError, match=f"answered {status}"):
            captioner.caption(IMAGE)
        assert captioner.caption(IMAGE).text == "a room"


def test_a_failing_server_is_asked_again_within_the_time_limit():
    made, requests = caption(Answer(500), FINE)
    assert (made.text, len(requests)) == ("a room", 2)


def test_all_passes_share_a_time_limit(monkeypatch):
    clock, late = [100.0], threading.Event()
    monkeypatch.setattr("mmser_ros.captioner.remote.monotonic", lambda: clock[0])

    def take_nine_seconds():
        clock[0] += 9.0

    slow = Answer(content="a room", wait=take_nine_seconds)
    with ChatStub(slow, Answer(wait=late.wait)) as stub:
        passes = open_remote(stub, timeout_s=10.0).caption_passes([IMAGE], passes=2)
        assert next(passes)[0].text == "a room"
        with pytest.raises(ChatError, match=r"gave no answer within 1\.0 s"):
            next(passes)
        late.set()


def test_a_failed_server_is_left_in_peace_for_as_long_as_it_asks(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("mmser_ros.captioner.remote.monotonic", lambda: clock[0])
    busy = Answer(429, body="busy", headers={"Retry-After": "40"})
    with ChatStub(busy, Answer(401, body="who?"), answer=describe) as stub:
        captioner = open_remote(stub)
        asked = []
        for now in (100.0, 101.0, 139.9, 140.1, 140.2, 141.2):
            clock[0] = now
            try:
                asked.append((captioner.caption(IMAGE).text, len(stub.requests)))
            except MmserError as error:
                asked.append((str(error).split(": ")[1], len(stub.requests)))
    assert [number for _, number in asked] == [1, 1, 1, 2, 2, 3]
    assert all("busy" in words for words, _ in asked[:3])
    assert all("who?" in words for words, _ in asked[3:5])
    assert asked[5][0] == "A room of shade 2."


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("A room.\n", "A room."),
        ('"A room."', "A room."),
        ("Caption: A room.", "A room."),
        ("The corrected caption is: “A room.”", "A room."),
        ("<think>It is\nbig.</think>\n\nA room.", "A room."),
        ("A room\n\nwith a door.", "A room with a door."),
        ('A sign that says "A"', 'A sign that says "A"'),
        ('"Stop" beside "Go"', '"Stop" beside "Go"'),
        ("It is\nbig.</think>A room.", "A room."),
        ("A\0room \ud800\x1bhere.", "A room here."),
    ],
)
def test_what_is_the_caption_in_an_answer(content, text):
    made, _ = caption(Answer(content=content))
    assert made.text == text
    assert tidy(text) == text


@pytest.mark.parametrize(
    "choice",
    [{"message": {"content": "a room"}}, {"message": {"content": "a room"}, "logprobs": 3}],
)
def test_an_answer_may_have_no_more_than_a_caption(choice):
    made, _ = caption(Answer(body=json.dumps({"choices": [choice]})))
    assert (made.text, made.confidence) == ("a room", 0.0)


def odd(**fields):
    """Mostly an object with these fields, each of which may be missing or be anything."""
    objects = st.fixed_dictionaries(fields)
    return objects | st.fixed_dictionaries({}, optional=fields) | objects | anything


anything = st.sampled_from([None, True, 0, -1.5, math.nan, math.inf, "", "odd", [], [[]], {}])
texts = st.sampled_from(["a room", "A room. It"]) | anything
tokens = odd(token=anything, logprob=st.floats(max_value=0.0) | anything)
choices = odd(
    message=odd(content=texts | st.lists(odd(text=texts), max_size=2), refusal=anything),
    finish_reason=st.sampled_from(["stop", "length"]) | anything,
    logprobs=odd(content=st.lists(tokens, max_size=3) | anything),
)
completions = odd(choices=st.lists(choices, min_size=1, max_size=2) | anything, usage=anything)


def test_any_json_is_a_caption_or_an_error_in_words(monkeypatch):
    monkeypatch.setattr("mmser_ros.captioner.remote.PAUSE", 0.0)
    sent, confidences, errors = [], [], []

    def answer(_):
        return Answer(body=json.dumps(sent[-1]), headers={"Content-Type": "application/json"})

    with ChatStub(answer=answer) as stub:
        captioner = open_remote(stub, timeout_s=0.9)  # a wait between attempts would be longer

        @examples(max_examples=300, deadline=None, derandomize=True, database=None)
        @given(completions)
        def send(completion):
            sent.append(completion)
            try:
                made = captioner.caption(IMAGE)
            except MmserError as error:
                errors.append(str(error))
            else:
                assert made.text
                confidences.append(made.confidence)

        send()
    assert all(errors)
    assert all(0.0 <= one <= 1.0 for one in confidences)
    assert min(len(errors), len(confidences)) > 30


@examples(derandomize=True, database=None)
@given(st.text(alphabet="ab .!?\"'<think>/\n", max_size=60))
def test_any_answer_becomes_one_line(answer):
    text = tidy(answer)
    assert text == " ".join(text.split())
    kept = whole_sentences(text)
    assert text.startswith(kept)
    assert not kept or kept[-1] in ".!?"


def test_a_caption_that_is_cut_ends_with_a_sentence():
    made, _ = caption(Answer(content="A room. It has 2.5 m. A red", finish_reason="length"))
    assert made.text == "A room. It has 2.5 m."
    assert whole_sentences("It has 2.5") == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(content="A red", finish_reason="length"), "no sentence in 64 tokens; raise max_t"),
        (Answer(content="<think>Hm", finish_reason="length"), "no sentence in 64 tokens; raise"),
        (Answer(content=""), "without a caption .finish_reason 'stop'.; does the model see"),
        (Answer(content=None, finish_reason="content_filter"), "'content_filter'"),
        (Answer(content=[{"type": "text"}]), "without a caption"),
    ],
)
def test_an_answer_without_a_caption(answer, said):
    with pytest.raises(MmserError, match=said):
        caption(answer)


@pytest.mark.parametrize(
    ("model", "settings", "said"),
    [
        ("openai:vlm", {}, "expected openai:NAME@URL"),
        ("openai:vlm@localhost:8000", {}, "expected openai:NAME@URL"),
        ("openai:vlm@http://a:b", {}, "is no address"),
        ("openai:vlm@http://me:secret@a/v1", {}, f"put a key into {KEY_VARIABLE}"),
        ("openai:vlm@http://a/v1", {"revision": "main"}, "no use for revision"),
        ("openai:vlm@http://a/v1", {"compile": True}, "no use for compile"),
    ],
)
def test_what_can_not_be_opened(model, settings, said):
    with pytest.raises(MmserError, match=said) as caught:
        open_captioner(model, settings=ModelSettings(**settings))
    assert "secret" not in str(caught.value)


def test_a_name_may_have_signs_of_its_own():
    assert open_captioner("openai:@cf/llava@http://a/v1").name == "openai:@cf/llava"


def test_beams_are_not_for_servers():
    with ChatStub() as stub, pytest.raises(MmserError, match=r"beams is 4.*use 1"):
        open_remote(stub).caption(IMAGE, beams=4)


def test_a_cancelled_caption_is_no_reason_to_drop_the_next_one():
    begun, never = threading.Event(), threading.Event()

    def wait():
        begun.set()
        never.wait()

    with ChatStub(Answer(wait=wait), answer=describe) as stub, ThreadPoolExecutor(1) as pool:
        captioner = open_remote(stub, timeout_s=600.0)
        made = pool.submit(captioner.caption, IMAGE)
        begun.wait()
        captioner.cancel()
        assert isinstance(made.exception(), CancelledError)
        never.set()
        assert captioner.caption(IMAGE).text == "A room of shade 2."
    with pytest.raises(MmserError, match=r"beams is 4.*use 1"):
        open_captioner("openai:vlm@http://a/v1", beams=4)


def test_without_the_package_openai(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "openai", None)
    for module in ("mmser_ros.core.chat_endpoint", "mmser_ros.captioner.remote"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(MmserError, match=r"needs the package openai: pip install '.\[llm\]'"):
        open_captioner("openai:vlm@http://a/v1")
