# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node with a model on a server, each in a process of its own."""

import os
import signal

import pytest
from mmser_ros.srv import CaptionImage

from test.core.chat_process import ChatProcess
from test.nodes.caption.test_node import adds_up
from test.nodes.conftest import (
    connect,
    make_image,
    node_process,
    set_parameter,
    values,
    wait_until,
)

FRAMES = int(os.environ.get("MMSER_FRAMES", "150"))
"""Images of the test with faults; 1000 take 100 s."""
KEY = "sk-very-secret"
OK, WARN, ERROR = b"\0", b"\1", b"\2"
JSON = {"Content-Type": "application/json"}
FAULTS = {
    "gave no answer within": {"never": True},
    "answered 401": {"status": 401, "body": f"what is {KEY}?"},
    "answered 429": {"status": 429, "headers": {"Retry-After": "1"}},
    "answered 500": {"status": 500, "body": "out of memory"},
    "wrote no sentence in 64 tokens; raise max_tokens": {
        "content": "A grey room with a",
        "finish_reason": "length",
    },
    "sent an answer that is no JSON": {"body": '{"choices": [', "headers": JSON},
    "sent no chat completion": {"body": '{"error": "busy"}', "headers": JSON},
    "answered without a caption": {"content": None},
}
"""What diagnostics say, and what the server does."""


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("MMSER_API_KEY", KEY)


@pytest.fixture
def server():
    with ChatProcess() as process:
        yield process


def remote_node(server, namespace, **parameters):
    return node_process(
        "caption_node",
        namespace,
        model=f"openai:vlm@{server.url}",
        qos_reliability="reliable",
        frozen_after=0.0,
        diagnostics_period=0.2,
        **parameters,
    )


class Camera:
    """Publishes numbered images at 10 Hz, until it is stopped."""

    def __init__(self, peer, publisher):
        self.sent = 0
        self._peer = peer
        self._publisher = publisher
        self._timer = peer.node.create_timer(0.1, self._send)

    def _send(self):
        self.sent += 1
        shade = 120 if self.sent % 2 else 40
        self._publisher.publish(make_image(shade, seconds=self.sent, size=(480, 640)))

    def stop(self):
        self._peer.node.destroy_timer(self._timer)


def test_whatever_the_server_does_no_image_is_lost_and_captions_come_again(make_peer, server):
    peer = make_peer("/faults")
    phases = len(FAULTS) + 3
    with remote_node(server, "/faults", request_timeout=1.0) as node:
        camera = Camera(peer, connect(peer))

        def recovers():
            before = len(peer.captions)
            wait_until(lambda: len(peer.captions) > before + 2, "captions again")
            status = peer.status(lambda one: one.level != ERROR, "recovery")
            assert " captions/s" in status.message

        def lasts(phase):
            wait_until(lambda: camera.sent >= FRAMES * phase / phases, "images enough")

        lasts(1)
        recovers()
        server.answer(delay=0.35)
        recovers()
        peer.status(lambda one: "dropped.overrun" in values(one), "images that are replaced")
        lasts(2)
        for phase, (words, fault) in enumerate(FAULTS.items(), start=3):
            server.answer(**fault)
            bad = peer.status(lambda one, words=words: words in one.message, words)
            assert bad.level in (WARN, ERROR)
            lasts(phase - 0.5)
            server.answer()
            recovers()
            lasts(phase)
        server.kill()
        words = "does not answer: Connection refused; is the server running?"
        peer.status(lambda one: one.level == ERROR and words in one.message, words)
        lasts(phases)
        server.start()
        recovers()
        camera.stop()
        status = peer.status(
            lambda one: adds_up(one) and int(values(one)["received"]) == camera.sent, "all images"
        )
        found = values(status)
        wait_until(lambda: len(peer.captions) == int(found["captioned"]), "all captions")
        node.send_signal(signal.SIGTERM)
        _, printed = node.communicate(timeout=60)
    assert node.returncode == 0
    stamps = [one.header.stamp.sec for one in peer.captions]
    assert stamps == sorted(set(stamps))
    assert int(found["dropped.inference"]) >= len(FAULTS) + 1
    print(
        {key: found[key] for key in found if key.startswith(("rec", "cap", "drop", "lat", "inf"))}
    )
    assert all(
        one.caption == f"A room of shade {2 + one.header.stamp.sec % 2}." for one in peer.captions
    )
    everything = printed + "".join(str(one) for one in peer.statuses)
    assert KEY not in everything
    assert "what is ***?" in everything


def test_a_node_ends_while_its_server_is_silent(make_peer, server):
    peer = make_peer("/silent_server")
    with remote_node(server, "/silent_server", request_timeout=3600.0) as node:
        publisher = connect(peer)
        publisher.publish(make_image())
        wait_until(lambda: peer.captions, "a caption")
        refused = set_parameter(peer, "beams", 2)
        assert not refused.successful
        assert "openai:vlm takes 1 to 1" in refused.reason
        server.answer(never=True)
        publisher.publish(make_image())
        peer.status(lambda one: values(one)["received"] == "2", "the image")
        node.send_signal(signal.SIGINT)
        _, printed = node.communicate(timeout=60)
    assert node.returncode == 0
    assert "Traceback" not in printed


def test_a_node_starts_before_its_server(make_peer, server):
    server.kill()
    peer = make_peer("/early")
    with remote_node(server, "/early", passes=2, publish_glance=True):
        publisher = connect(peer)
        publisher.publish(make_image(40, seconds=1))
        last_error(peer, "does not answer")
        server.start()
        wait_until(lambda: _captioned(peer, publisher), "a caption")
        first, second = peer.captions[:2]
        assert (first.caption, first.refined) == ("A room of shade 2.", False)
        assert (second.caption, second.refined) == ("A room of shade 2 with a door.", True)
        assert second.initial_caption == first.caption
        assert second.confidence == pytest.approx(0.7788, abs=1e-3)
        found = values(peer.status(lambda _: True, "a status"))
        assert (found["model"], found["device"]) == ("openai:vlm", server.url)
        request = CaptionImage.Request(image=make_image(40), initial_caption="a dog")
        answer = peer.call(CaptionImage, "caption_node/caption_image", request)
        assert answer.caption.caption == "A room of shade 2 with a door."
        assert answer.caption.initial_caption == "a dog"


def last_error(peer, words):
    peer.status(lambda one: words in values(one).get("last error", ""), words)


def _captioned(peer, publisher):
    publisher.publish(make_image(40, seconds=2))
    peer.status(lambda _: True, "the next status")
    return len(peer.captions) >= 2
