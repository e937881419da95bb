# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An OpenAI-compatible chat endpoint in a thread, and a clock that only sleeping moves."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep


@dataclass
class Answer:
    """What the stub says instead of an honest answer; `wait` is called before.

    `drip` are seconds between spaces that come, for ever, in place of the body.
    """

    status: int = 200
    body: str | None = None
    content: str | None = "{}"
    finish_reason: str = "stop"
    logprobs: list | None = None
    usage: dict | None = field(
        default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 20}
    )
    headers: dict = field(default_factory=dict)
    wait: Callable = lambda: None
    drip: float = 0.0

    def text(self) -> str:
        if self.body is not None:
            return self.body
        choice = {
            "message": {"role": "assistant", "content": self.content},
            "finish_reason": self.finish_reason,
            "logprobs": self.logprobs and {"content": self.logprobs},
        }
        return json.dumps({"choices": [choice], "usage": self.usage})


def honest(question: dict) -> str:
    """The first words of the caption replaced, one for each category that is asked for."""
    words = question["caption"].split()
    errors = []
    for at, category in enumerate(question["errors"][: len(words)]):
        errors.append({"category": category, "before": words[at], "after": f"other{at}"})
        words[at] = f"other{at}"
    return json.dumps({"caption": " ".join(words), "errors": errors})


class ChatStub:
    """Answers by its script, then honestly; a context manager.

    Attributes:
        script: Answers to give first, in the order that requests come.
        requests: (headers, body) of each request.

    Args:
        script: as above.
        answer: what to answer the body of a request honestly.
        port: of the server; 0: any that is free.
    """

    def __init__(self, *script, answer=None, port=0):
        self.script = list(script)
        self._answer = answer or (lambda body: Answer(content=honest(self.question(body))))
        self.requests = []
        self._lock = threading.Lock()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.title(): value for name, value in self.headers.items()}
                answer = stub.next_answer(headers, body)
                answer.wait()
                data = answer.text().encode()
                try:
                    self.send_response_only(answer.status)
                    for name, value in {"Content-Length": len(data), **answer.headers}.items():
                        self.send_header(name, str(value))
                    self.end_headers()
                    while answer.drip:
                        self.wfile.write(b" ")
                        sleep(answer.drip)
                    self.wfile.write(data)
                except ConnectionError:
                    pass  # who asked is gone: a test of just that

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def next_answer(self, headers, body):
        with self._lock:
            self.requests.append((headers, body))
            if self.script:
                return self.script.pop(0)
        return self._answer(body)

    @staticmethod
    def question(body):
        return json.loads(body["messages"][1]["content"])

    @property
    def questions(self):
        return [self.question(body) for _, body in self.requests]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Clock:
    """Seconds, and how long was slept."""

    def __init__(self):
        self.time = 0.0
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds
