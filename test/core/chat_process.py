# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A stub of a server with a vision-language model, also in a process of its own.

As a program it serves until it is killed, on the port given. Each line of its input is an Answer in
JSON that all requests get from then on: `{}` for honest ones, which come late by `delay` seconds,
`{"never": true}` for none. It prints a line when it is ready.
"""

import base64
import json
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from io import BytesIO
from time import sleep

from PIL import Image

from test.core.chat_stub import Answer, ChatStub


def pictures_in(body):
    """The pictures of a request."""
    content = body["messages"][-1]["content"]
    for part in content:
        if part["type"] == "image_url":
            kind, _, data = part["image_url"]["url"].partition(",")
            assert kind == "data:image/jpeg;base64"
            yield Image.open(BytesIO(base64.b64decode(data)))


def picture_in(body):
    """The only picture of a request."""
    (picture,) = pictures_in(body)
    return picture


def text_in(body):
    """The words of a request."""
    content = body["messages"][-1]["content"]
    return " ".join(part["text"] for part in content if part["type"] == "text")


def describe(body):
    """The brightness of the first picture, 0 to 4, and what only a further pass sees."""
    shade = round(sum(next(pictures_in(body)).resize((1, 1)).getpixel((0, 0))) / 3 / 64)
    words = ["A", " room", " of", f" shade {shade}"]
    words += [" with", " a", " door", "."] if "earlier answer" in text_in(body) else ["."]
    tokens = [{"token": word, "logprob": -0.25} for word in words]
    return Answer(content="".join(words), logprobs=tokens if body.get("logprobs") else None)


class ChatProcess:
    """The program; a context manager.

    Attributes:
        url: base URL of its API, the same after `start`.
    """

    def __init__(self):
        with ChatStub() as free:
            self.url = free.url

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        command = [sys.executable, "-m", __name__, self.url.split(":")[2].split("/")[0]]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self._process.stdout.readline()

    def kill(self):
        self._process.kill()
        self._process.communicate()

    def answer(self, **fields):
        """Let it give this Answer to all requests; without fields: answer honestly."""
        self._process.stdin.write(json.dumps(fields) + "\n")
        self._process.stdin.flush()
        self._process.stdout.readline()


def main():
    given = {}

    def answer(body):
        if given.get("never"):
            return Answer(wait=threading.Event().wait)
        if given.keys() <= {"delay"}:
            return replace(describe(body), wait=partial(sleep, given.get("delay", 0.0)))
        return Answer(**given)

    with ChatStub(answer=answer, port=int(sys.argv[1])):
        print("ready", flush=True)
        for line in sys.stdin:
            given = json.loads(line)
            print("ready", flush=True)


if __name__ == "__main__":
    main()
