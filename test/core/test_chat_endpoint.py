# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mmser_ros.core.chat_endpoint import KEY_VARIABLE, ChatEndpoint, ChatError
from mmser_ros.core.errors import CancelledError
from test.core.chat_stub import Answer, ChatStub, Clock

SCHEMA = {"type": "object"}
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]
FINE = Answer(content="fine")


@pytest.fixture
def clock():
    return Clock()


def endpoint(stub, clock, **options):
    return ChatEndpoint(stub.url, "small", now=clock.now, sleep=clock.sleep, **options)


def ask(script, clock, **options):
    with ChatStub(*script) as stub:
        text = endpoint(stub, clock, **options).ask(MESSAGES, SCHEMA)
    return text, stub.requests


def test_what_is_sent_and_answered(clock):
    text, [(headers, body)] = ask([FINE], clock, key="secret\n")
    assert text == "fine"
    assert headers["Authorization"] == "Bearer secret"
    assert (body["model"], body["messages"]) == ("small", MESSAGES)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


def test_without_a_key_none_is_sent(clock):
    _, [(headers, _)] = ask([FINE], clock)
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("reply_format", "sent"), [("json_object", {"type": "json_object"}), ("text", None)]
)
def test_reply_formats(reply_format, sent, clock):
    _, [(_, body)] = ask([FINE], clock, reply_format=reply_format)
    assert body.get("response_format") == sent


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        (
            {
                "Date": "Sat, 21 Nov 2026 10:00:00 GMT",
                "Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT",
            },
            30,
        ),
        ({"Retry-After": "soon"}, 1),
        ({}, 1),
    ],
)
def test_who_asks_too_often_waits_as_long_as_told(headers, seconds, clock):
    text, requests = ask([Answer(429, headers=headers), FINE], clock)
    assert (text, len(requests)) == ("fine", 2)
    assert clock.slept == [seconds]


def test_who_is_told_to_come_back_much_later_is_told(clock):
    with pytest.raises(ChatError, match=r"429.*wait for 3600 s"):
        ask([Answer(429, headers={"Retry-After": "3600"})], clock)
    assert clock.slept == []


def test_waits_double_while_the_server_fails(clock):
    text, requests = ask([Answer(500), Answer(503), Answer(502), Answer(500), FINE], clock)
    assert (text, len(requests)) == ("fine", 5)
    assert clock.slept == [1, 2, 4, 8]


def test_waits_are_a_minute_at_most(clock):
    ask([Answer(500)] * 9 + [FINE], clock, attempts=10)
    assert max(clock.slept) == 60


def test_attempts_end(clock):
    with ChatStub(*[Answer(500, body="overloaded")] * 9) as stub:
        with pytest.raises(ChatError, match=r"answered 500.*overloaded"):
            endpoint(stub, clock, attempts=3).ask(MESSAGES, SCHEMA)
        assert len(stub.requests) == 3


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body", ['{"choices": [{"mess', "\0", "", pytest.param("[" * 99_999, id="deep")]
)
def test_what_is_no_json_is_asked_for_again(body, clock):
    text, requests = ask([Answer(body=body, headers=JSON), FINE], clock)
    assert (text, len(requests)) == ("fine", 2)
    with pytest.raises(ChatError, match=r"no JSON.*expected a chat completion"):
        ask([Answer(body=body, headers=JSON)], clock, attempts=1)


def test_a_server_that_sends_a_byte_now_and_then_is_given_up():
    """Each read gets its byte in time; the answer never ends."""
    with ChatStub(Answer(drip=0.05, headers={"Content-Length": 9999})) as stub:
        chat = ChatEndpoint(stub.url, "m", attempts=1, timeout=0.5)
        with pytest.raises(ChatError, match=r"no answer within 0\.5 s; allow more time"):
            chat.ask(MESSAGES, SCHEMA)


def test_all_attempts_share_a_time_limit(clock):
    """Waits of 1, 2 and 4 s end before 8 s; that of 8 s would not."""
    with ChatStub(*[Answer(503)] * 9) as stub:
        with pytest.raises(ChatError, match="answered 503") as caught:
            endpoint(stub, clock).complete(MESSAGES, {}, within=8.0)
        assert (clock.slept, len(stub.requests)) == ([1, 2, 4], 4)
    assert caught.value.status == 503


def test_a_wait_beyond_the_time_limit_is_for_the_caller(clock):
    with ChatStub(Answer(429, headers={"Retry-After": "20"})) as stub:
        with pytest.raises(ChatError, match="answered 429") as caught:
            endpoint(stub, clock).complete(MESSAGES, {}, within=8.0)
        assert (clock.slept, len(stub.requests)) == ([], 1)
    assert (caught.value.status, caught.value.wait) == (429, 20.0)


def test_an_answer_that_does_not_come_is_asked_for_again(clock):
    given_up = threading.Event()
    with ChatStub(Answer(wait=given_up.wait), FINE) as stub:
        assert endpoint(stub, clock, timeout=0.2).ask(MESSAGES, SCHEMA) == "fine"
        given_up.set()
    assert (len(stub.requests), clock.slept) == (2, [1])


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"choices": []}', '{"choices": 3}'])
def test_what_is_no_chat_completion_is_asked_for_again(body, clock):
    text, requests = ask([Answer(body=body), FINE], clock)
    assert (text, len(requests)) == ("fine", 2)


def test_a_refusal_is_final_and_does_not_tell_the_key(clock):
    with ChatStub(Answer(401, body="who are you?")) as stub:
        with pytest.raises(ChatError, match=rf"401.*who are you.*{KEY_VARIABLE}") as caught:
            endpoint(stub, clock, key="secret").ask(MESSAGES, SCHEMA)
        assert len(stub.requests) == 1
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_server_that_says_the_key_is_not_repeated(status, clock):
    answer = Answer(status, body="the key secret is wrong")
    with pytest.raises(ChatError, match=r"the key \*\*\* is wrong"):
        ask([answer], clock, key="secret", attempts=1)
    long = Answer(status, body="." * 197 + "secret")  # of an excerpt that ends within the key
    with pytest.raises(ChatError) as caught:
        ask([long], clock, key="secret", attempts=1)
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize("key", ["sec ret", "sec\nret", "secrét"])
def test_what_can_be_no_key_is_not_repeated(key):
    with pytest.raises(ChatError, match=f"{KEY_VARIABLE} has spaces or signs") as caught:
        ChatEndpoint("http://a", "m", key=key)
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://me:secret@a/v1", "ftp://me:secret@a", "http://me@a:b"])
def test_credentials_are_not_for_addresses(url):
    with pytest.raises(ChatError, match=f"user or a password.*{KEY_VARIABLE}") as caught:
        ChatEndpoint(url, "m")
    assert "me" not in str(caught.value).split()
    assert "secret" not in str(caught.value)


def test_nobody_there(clock):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ChatError, match=f"127.0.0.1:{port}.*does not answer: Connection refused"):
        ChatEndpoint(f"http://127.0.0.1:{port}/v1", "m", attempts=2, sleep=clock.sleep).ask(
            MESSAGES, SCHEMA
        )
    assert clock.slept == [1]


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000/v1",
        "ftp://a/v1",
        "http://",
        "http://a:b",
        "http://a\0",
        "http://\u2603",
        "http://a/\ud800",
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(ChatError, match="is no address"):
        ChatEndpoint(url, "m")


def test_an_unknown_reply_format():
    with pytest.raises(ChatError, match="'xml'; expected json_schema"):
        ChatEndpoint("http://a", "m", reply_format="xml")


def test_requests_a_minute(clock):
    """Evenly spaced; time that passes otherwise is not waited again."""
    with ChatStub(*[FINE] * 4) as stub:
        chat = endpoint(stub, clock, per_minute=30)
        for passing in (0, 0, 1.5, 9):
            clock.time += passing
            chat.ask(MESSAGES, SCHEMA)
    assert clock.slept == [2, 0.5]


def test_requests_a_minute_from_several_threads(clock):
    slept = []  # the clock stands still: all four ask at the same time
    with ChatStub(*[FINE] * 4) as stub, ThreadPoolExecutor(4) as threads:
        chat = ChatEndpoint(stub.url, "m", per_minute=30, now=clock.now, sleep=slept.append)
        answers = [threads.submit(chat.ask, MESSAGES, SCHEMA) for _ in range(4)]
        assert [one.result() for one in answers] == ["fine"] * 4
    assert sorted(slept) == [2, 4, 6]


def test_another_try_waits_its_turn_too(clock):
    ask([Answer(500), FINE], clock, per_minute=6)
    assert clock.slept == [1, 9]


def test_what_was_used_and_what_it_costs(clock):
    script = [
        FINE,
        Answer(500),
        FINE,
        Answer(usage=None),
        Answer(usage={"prompt_tokens": None}),
        Answer(usage={"prompt_tokens": math.inf}),
    ]
    with ChatStub(*script) as stub:
        chat = endpoint(stub, clock)
        for _ in range(5):
            chat.ask(MESSAGES, SCHEMA)
    assert (chat.usage.replies, chat.usage.uncounted) == (5, 3)
    assert (chat.usage.tokens_in, chat.usage.tokens_out) == (200, 40)
    assert chat.usage.cost(price_in=2.0, price_out=10.0) == pytest.approx(0.0008)


def test_cancelled_requests_and_waits_end_at_once():
    begun, never = threading.Semaphore(0), threading.Event()

    def answer(body):
        begun.release()
        silent = Answer(wait=never.wait)
        return silent if body["messages"] else Answer(503, headers={"Retry-After": "200"})

    with ChatStub(answer=answer) as stub, ThreadPoolExecutor(2) as pool:
        asked = ChatEndpoint(stub.url, "small")
        running = [pool.submit(asked.complete, some, {}) for some in (MESSAGES, [])]
        begun.acquire()
        begun.acquire()
        while not all(one.done() for one in running):  # the second may not wait yet
            asked.cancel()
        for one in running:
            assert isinstance(one.exception(), CancelledError)
        never.set()
        assert asked.complete(MESSAGES, {}).message.content == "{}"  # it goes on
