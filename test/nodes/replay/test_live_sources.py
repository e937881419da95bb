# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cameras of OpenCV: a stream over HTTP that is real, devices and RTSP through a stand-in."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from mmser_ros.nodes.common.image_conversions import to_rgb
from mmser_ros.nodes.replay import live_sources
from mmser_ros.nodes.replay.live_sources import Camera, CameraError, is_camera, shown
from mmser_ros.nodes.replay.sources import open_source
from test.nodes.conftest import node_process, stripes, wait_until


class StandIn:
    """What OpenCV would open: pictures of these shades, and then nothing more."""

    def __init__(self, *recordings):
        self.recordings, self.asked = list(recordings), []
        self.free = threading.Event()

    def __call__(self, source, backend, options=()):
        self.asked.append((source, backend))
        shades = self.recordings.pop(0) if self.recordings else None
        return Capture(shades, self.free)


class Capture:
    def __init__(self, shades, free):
        self.shades, self.free = shades, free

    def isOpened(self):
        return self.shades is not None

    def read(self):
        if not self.shades:
            return False, None
        self.free.wait()
        self.free.clear()
        return True, np.full((4, 6, 3), (self.shades.pop(0), 0, 0), np.uint8)

    def release(self):
        pass


@pytest.fixture
def opened(monkeypatch):
    def record(*recordings):
        stand_in = StandIn(*recordings)
        monkeypatch.setattr(live_sources.cv2, "VideoCapture", stand_in)
        monkeypatch.setattr(live_sources, "RETRY", 0.01)
        return stand_in

    return record


@pytest.mark.parametrize(
    ("source", "backend"),
    [("/dev/video2", cv2.CAP_V4L2), ("rtsp://camera.local/main", cv2.CAP_FFMPEG)],
)
def test_a_camera_that_stops_is_opened_again(opened, source, backend):
    stand_in, said = opened([10, 20], None, None, [30]), []
    pictures = Camera(source, said.append).pictures()
    shades = []
    for _ in range(3):
        stand_in.free.set()  # the next picture, when this one was taken
        shades.append(int(next(pictures)[1][0, 0, 2]))
    pictures.close()
    assert shades == [10, 20, 30]
    assert stand_in.asked == [(source, backend)] * 4
    assert said == [f"the camera {source} has stopped; it is opened again until it is back"]


@pytest.mark.parametrize("recording", [None, []])
def test_what_gives_no_picture_says_so(opened, recording):
    opened(recording)
    with pytest.raises(CameraError, match=r"opened by OpenCV; is it plugged|no image"):
        next(Camera("/dev/video7", print).pictures())


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("/dev/video0", True),
        ("/dev/video12", True),
        ("rtsp://user:word@eye.local:554/main?x=1", True),
        ("http://127.0.0.1:80/stream", True),
        ("/dev/video", False),
        ("/dev/video0/film.mp4", False),
        ("film.mp4", False),
        ("photos", False),
        ("", False),
    ],
)
def test_what_is_a_camera(source, is_one):
    assert is_camera(source) == is_one


def test_a_password_is_not_shown():
    assert shown("rtsp://user:p@ss@eye.local/main") == "rtsp://…@eye.local/main"
    assert shown("rtsp://eye.local/main") == "rtsp://eye.local/main"
    assert shown("/dev/video0") == "/dev/video0"
    with pytest.raises(CameraError) as raised:
        next(Camera("rtsp://user:secret@127.0.0.1:9/main", print).pictures())
    assert "secret" not in str(raised.value)


@pytest.fixture
def stream():
    """The URL of a stream of JPEGs that goes on for as long as it is watched."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=eye")
            self.end_headers()
            picture = cv2.imencode(".jpg", stripes(90, (48, 64)))[1].tobytes()
            head = f"--eye\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            try:
                while not ended.wait(0.02):
                    self.wfile.write(head.encode() + picture + b"\r\n")
            except OSError:
                pass  # nobody watches any more

        def log_message(self, *_):
            pass

    ended = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/stream.mjpg"
    ended.set()
    server.shutdown()
    serving.join()
    server.server_close()


def test_a_stream_of_the_network(stream):
    shots = open_source(stream, topic="", compressed=False, on_bad=print)()
    first, second = next(shots), next(shots)
    shots.close()
    assert (first.moment, second.moment > 0) == (0.0, True)
    rgb = to_rgb(second.message)
    assert rgb.shape == (48, 64, 3)
    assert (rgb[20, 10, 0], rgb[20, 50, 0]) == pytest.approx((90, 218), abs=4)


def test_replay_node_is_a_camera_of_it(stream, make_peer):
    peer = make_peer("/stream")
    peer.hear_images()
    parameters = {"source": stream, "frame_id": "eye", "qos_reliability": "reliable"}
    with node_process("replay_node", "/stream", **parameters) as node:
        wait_until(lambda: len(peer.images) >= 3, "images")
        node.terminate()
        _, printed = node.communicate(timeout=60)
    assert node.returncode == 0, printed
    assert peer.images[0].header.frame_id == "eye"


def test_a_camera_that_is_not_there_ends_it():
    with node_process("replay_node", "/stream", source="/dev/video97") as node:
        _, printed = node.communicate(timeout=60)
    assert node.returncode == 1
    assert "the camera /dev/video97 can't be opened by OpenCV; is it plugged in" in printed
    assert "Traceback" not in printed
