# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
import threading

import pytest

from mmser_ros.core.chat_endpoint import ChatEndpoint, ChatError
from mmser_ros.data.perturbation.llm_errors import GIVEN_UP_IN_A_ROW, REPLIES, LlmErrorMaker
from mmser_ros.data.perturbation.perturb import pseudo_initial_captions
from mmser_ros.data.perturbation.substitutions import CATEGORIES
from test.core.chat_stub import Answer, ChatStub, Clock

CAPTIONS = [f"a{number} dog runs on sand" for number in range(6)]
COUNTS = [2, 0, 1, 3, 1, 2]
LIE = Answer(content=json.dumps({"caption": "a cat", "errors": []}))


def maker(stub, parallel=1):
    clock = Clock()
    return LlmErrorMaker(ChatEndpoint(stub.url, "m", now=clock.now, sleep=clock.sleep), parallel)


def plant(*script, captions=CAPTIONS, counts=COUNTS, seed=0, skip=0):
    with ChatStub(*script) as stub:
        made = list(maker(stub).plant(captions, counts, seed, skip))
    return made, stub


def test_as_many_errors_as_asked_for():
    made, stub = plant()
    assert [len(one.errors) for one in made] == COUNTS
    assert made[1].text == CAPTIONS[1]
    assert made[3].text == "other0 other1 other2 on sand"
    assert [one["caption"] for one in stub.questions] == [CAPTIONS[at] for at in (0, 2, 3, 4, 5)]
    assert [len(one["errors"]) for one in stub.questions] == [2, 1, 3, 1, 2]


def test_the_categories_are_drawn_from_the_seed():
    asked = [plant(seed=seed)[1].questions for seed in (0, 0, 1)]
    assert asked[0] == asked[1] != asked[2]
    named = {category for one in asked[0] + asked[2] for category in one["errors"]}
    assert named == set(CATEGORIES)


@pytest.mark.parametrize("bad", [Answer(content="{not JSON"), Answer(content=""), LIE])
def test_a_bad_answer_is_asked_for_again_with_the_reason(bad):
    made, stub = plant(bad, captions=["a dog"], counts=[1])
    assert made[0].text == "other0 dog"
    (_, first), (_, second) = stub.requests
    assert second["messages"][:2] == first["messages"]
    said, complaint = second["messages"][2:]
    assert (said["role"], said["content"]) == ("assistant", bad.content)
    assert "not accepted" in complaint["content"]


def test_a_caption_without_a_valid_answer_stays_as_it_is():
    with ChatStub(*[LIE] * REPLIES) as stub:
        one = maker(stub)
        made = list(one.plant(["a dog", "a cat"], [1, 1], 0))
    assert [pseudo.text for pseudo in made] == ["a dog", "other0 cat"]
    assert one.given_up == 1
    assert len(stub.requests) == REPLIES + 1


def test_a_model_that_never_gives_a_valid_answer_is_not_paid_for_long():
    lies = [LIE] * (REPLIES * GIVEN_UP_IN_A_ROW)
    with ChatStub(*lies) as stub:
        with pytest.raises(ChatError, match="m gave no valid answer for 10 captions"):
            list(maker(stub).plant(["a dog"] * 99, [1] * 99, 0))
        assert len(stub.requests) == len(lies)


def test_what_is_skipped_is_not_asked_and_the_others_are_as_without():
    whole, stub = plant()
    rest, asked = plant(skip=3)
    assert rest == whole[3:]
    assert asked.questions == stub.questions[2:]


def test_several_at_a_time_come_in_order():
    together = threading.Barrier(3)  # each waits until three have come
    first_three = [
        Answer(wait=lambda: together.wait(20), content=json.dumps({"caption": text, "errors": []}))
        for text in "abc"
    ]
    with ChatStub(*first_three) as stub:
        captions = [f"{letter} dog" for letter in "abcdefgh"]
        made = list(maker(stub, parallel=3).plant(captions, [1] * 8, 0))
    assert not together.broken
    assert [one.text for one in made] == ["other0 dog"] * 8
    assert [one.errors[0].before for one in made] == list("abcdefgh")


def test_a_failing_endpoint_ends_the_run():
    with pytest.raises(ChatError, match="answered 401"):
        plant(Answer(401))


def test_it_is_a_maker_like_the_other():
    with ChatStub() as stub:
        made = list(pseudo_initial_captions(CAPTIONS, maker(stub, 2), each=2))
    assert [caption for caption, _ in made] == [one for one in CAPTIONS for _ in range(2)]
