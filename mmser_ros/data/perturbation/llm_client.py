# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A language model behind an OpenAI-compatible chat endpoint: retries, rate limit, what it cost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from mmser_ros.core.errors import MmserError

KEY_VARIABLE = "MMSER_API_KEY"
PASSING = {408, 409, 425, 429}
"""Answers beside 5xx that another try may better."""
LONGEST_WAIT = 300.0
"""Seconds; who is told to come back later than this is better told so."""
REPLY_FORMATS = ("json_schema", "json_object", "text")

Message = Mapping[str, str]


class ChatError(MmserError):
    """An endpoint that can't be reached, refuses, or answers something else."""


class _PassingError(ChatError):
    """What may be better at the next try; the endpoint may have said in how many seconds."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass
class Usage:
    """What was asked and answered.

    Attributes:
        replies: answers, those of no use among them.
        tokens_in: tokens of the questions, as the endpoint counts them.
        tokens_out: tokens of the answers.
        uncounted: answers that came without a count.
    """

    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    uncounted: int = 0

    def cost(self, price_in: float, price_out: float) -> float:
        """Money, at prices of a million tokens."""
        return (self.tokens_in * price_in + self.tokens_out * price_out) / 1e6


class ChatEndpoint:
    """Asks one model, from any number of threads.

    Args:
        url: base of the API, such as http://localhost:8000/v1.
        model: its name there.
        key: sent as bearer token; None sends none.
        per_minute: requests begun a minute at most, evenly spaced; None for no limit.
        reply_format: one of REPLY_FORMATS: how the endpoint can be held to JSON, if at all.
        attempts: of one request, with waits of 1, 2, 4, … 60 s, or as long as the endpoint
            says (Retry-After).
        timeout: seconds for an answer.
        now: a clock in seconds.
        sleep: waits so many of its seconds.

    Raises:
        ChatError: the address is no http address, or the reply format unknown.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str | None = None,
        per_minute: float | None = None,
        reply_format: str = "json_schema",
        attempts: int = 8,
        timeout: float = 120.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        try:
            self._url = httpx.URL(f"{url.rstrip('/')}/chat/completions")
        except httpx.InvalidURL as error:
            msg = f"endpoint {url!r} is no address: {error}"
            raise ChatError(msg) from error
        if self._url.scheme not in ("http", "https") or not self._url.host:
            msg = f"endpoint {url!r} is no address; expected such as http://localhost:8000/v1"
            raise ChatError(msg)
        if reply_format not in REPLY_FORMATS:
            msg = f"unknown reply format {reply_format!r}; expected {', '.join(REPLY_FORMATS)}"
            raise ChatError(msg)
        self.model = model
        self.usage = Usage()
        self._reply_format = reply_format
        headers = {"Authorization": f"Bearer {key.strip()}"} if key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout)
        self._lock = threading.Lock()
        self._spacing = 60.0 / per_minute if per_minute else 0.0
        self._next_start = now()
        self._now, self._sleep = now, sleep
        self._retrying = Retrying(
            stop=stop_after_attempt(attempts),
            retry=retry_if_exception_type(_PassingError),
            wait=_wait,
            sleep=sleep,
            before_sleep=before_sleep_log(logging.getLogger(__name__), logging.WARNING),
            reraise=True,
        )

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """Give the model's answer to a conversation, as text that should follow a JSON schema.

        Raises:
            ChatError: the endpoint refuses, or doesn't answer in all attempts.
        """
        body: dict[str, Any] = {"model": self.model, "messages": list(messages)}
        if self._reply_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        elif self._reply_format == "json_schema":
            named = {"name": "reply", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return self._retrying(self._ask_once, body)

    def _ask_once(self, body: Mapping[str, Any]) -> str:
        self._take_turn()
        try:
            response = self._client.post(self._url, json=body)
        except httpx.RequestError as error:
            msg = f"{self._url} does not answer: {error or type(error).__name__}"
            raise _PassingError(msg) from error
        if not response.is_success:
            raise self._refusal(response)
        try:
            answer = response.json()
            text = str(answer["choices"][0]["message"]["content"] or "")
        except (ValueError, LookupError, TypeError) as error:
            msg = f"{self._url} answered no chat completion: {response.text[:200]!r}"
            raise _PassingError(msg) from error
        self._count(answer.get("usage"))
        return text

    def _refusal(self, response: httpx.Response) -> ChatError:
        msg = f"{self._url} answered {response.status_code}: {response.text[:200]!r}"
        if response.status_code not in PASSING and not response.is_server_error:
            msg += f"; check the address, the model, the reply format and the key in {KEY_VARIABLE}"
            return ChatError(msg)
        wait = _retry_after(response.headers)
        if wait is not None and wait > LONGEST_WAIT:
            return ChatError(f"{msg}, and to come back in {wait:.0f} s; run this again then")
        return _PassingError(msg, wait)

    def _count(self, usage: Any) -> None:
        with self._lock:
            self.usage.replies += 1
            try:
                tokens = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
            except (KeyError, TypeError, ValueError):
                self.usage.uncounted += 1
                return
            self.usage.tokens_in += tokens[0]
            self.usage.tokens_out += tokens[1]

    def _take_turn(self) -> None:
        with self._lock:
            start = max(self._next_start, self._now())
            self._next_start = start + self._spacing
        if start > self._now():
            self._sleep(start - self._now())


_backoff = wait_exponential(max=60)


def _wait(state: RetryCallState) -> float:
    assert state.outcome is not None  # a try has just failed
    error = state.outcome.exception()
    told = error.wait if isinstance(error, _PassingError) else None
    return _backoff(state) if told is None else told


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date by the server's clock."""
    value = headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        now = headers.get("Date")
        since = parsedate_to_datetime(now) if now else datetime.now(timezone.utc)
        return max(0.0, (parsedate_to_datetime(value) - since).total_seconds())
    except (ValueError, TypeError):  # a naive date, or none
        return None
