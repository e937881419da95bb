# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A model behind an OpenAI-compatible endpoint, with retries, a rate limit and a time limit."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Any

from mmser_ros.core.chat_errors import (
    KEY_VARIABLE,
    ChatError,
    cause,
    check_address,
    check_key,
    retry_after,
)
from mmser_ros.core.errors import CancelledError, MmserError

try:
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI, Omit
except ModuleNotFoundError as error:
    msg = f"a model at an endpoint needs the package {error.name}: pip install '.[llm]'"
    raise MmserError(msg) from error

OK = 200
RETRIED = {408, 409, 425, 429}
"""HTTP status codes, beside 5xx, after which a request is sent again."""
LONGEST_WAIT = 300.0
"""Seconds. A longer Retry-After is an error."""
LONGEST_BACKOFF = 60.0
"""Seconds between two attempts, where the endpoint sends no Retry-After."""
REPLY_FORMATS = ("json_schema", "json_object", "text")

Message = Mapping[str, Any]
logger = logging.getLogger(__name__)


class _RetryableError(ChatError):
    """An error that another attempt may not have."""


@dataclass
class Usage:
    """What was used so far.

    Attributes:
        replies: number of answers, unusable ones included.
        tokens_in: tokens of the questions, as the endpoint counts them.
        tokens_out: tokens of the answers.
        uncounted: number of answers without a token count.
    """

    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    uncounted: int = 0

    def cost(self, price_in: float, price_out: float) -> float:
        """The cost, at prices per million tokens."""
        return (self.tokens_in * price_in + self.tokens_out * price_out) / 1e6


class ChatEndpoint:
    """Asks one model; several threads may use it at once.

    The client of `openai` sends the requests. Its own retries are off: they wait for 8 s at most
    and ignore a Retry-After above 60 s. So is its own time limit, which is one for each read: a
    server that sends a byte now and then would never reach it.

    Args:
        url: base URL of the API, such as http://localhost:8000/v1.
        model: name of the model at the endpoint.
        key: sent as the bearer token; None or an empty one sends none. No message shows it.
        per_minute: the most requests per minute, evenly spaced; None: no limit.
        reply_format: how the endpoint is made to answer in JSON: one of REPLY_FORMATS.
        attempts: the most attempts per request. The waits between them are 1, 2, 4, … 60 s, or
            what the endpoint asks for (Retry-After).
        timeout: seconds that one attempt may take.
        now: a clock, in seconds.
        sleep: waits for a number of that clock's seconds; default: until `cancel`, at most.

    Raises:
        ChatError: the URL is not an HTTP address, the reply format is unknown, or no header can
            carry the key.
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
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        check_address(url)
        if reply_format not in REPLY_FORMATS:
            msg = f"unknown reply format {reply_format!r}; expected {', '.join(REPLY_FORMATS)}"
            raise ChatError(msg)
        self.model = model
        self.usage = Usage()
        self._url = url
        self._reply_format = reply_format
        self._attempts = attempts
        self._timeout = timeout
        self._key = check_key(key)
        options: dict[str, Any] = {"api_key": self._key or "none", "timeout": None}
        try:
            client = AsyncOpenAI(base_url=url, max_retries=0, **options)
        except Exception as error:  # of httpx, or of httpx2 where openai uses that
            msg = f"endpoint {url!r} is no address: {error}; expected one like "
            raise ChatError(msg + "http://localhost:8000/v1") from error
        self._create = client.chat.completions.create
        self._headers: dict[str, Any] = {} if self._key else {"Authorization": Omit()}
        self._loop = _event_loop()
        self._lock = threading.Lock()
        self._spacing = 60.0 / per_minute if per_minute else 0.0
        self._next_start = now()
        self._now, self._sleep = now, sleep
        self._running: set[_Call] = set()

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """Send a conversation; return the model's answer, text that should follow a JSON schema.

        Raises:
            ChatError: the endpoint refuses the request, or no attempt gets an answer.
        """
        options: dict[str, Any] = {}
        if self._reply_format == "json_object":
            options["response_format"] = {"type": "json_object"}
        elif self._reply_format == "json_schema":
            named = {"name": "reply", "strict": True, "schema": schema}
            options["response_format"] = {"type": "json_schema", "json_schema": named}
        return str(self.complete(messages, options).message.content or "")

    def complete(
        self, messages: Sequence[Message], options: Mapping[str, Any], within: float = math.inf
    ) -> Any:
        """Send a conversation; return the first choice of the answer, as `openai` gives it.

        Args:
            messages: the conversation.
            options: further fields of the request, such as `max_tokens`.
            within: seconds for all attempts together, the waits between them included.

        Raises:
            ChatError: the endpoint refuses the request, or no attempt gets an answer in time.
            CancelledError: `cancel` was called.
        """
        call = _Call({"model": self.model, "messages": list(messages), **options})
        with self._lock:
            self._running.add(call)
        try:
            return self._attempt(call, within)
        finally:
            with self._lock:
                self._running.remove(call)

    def cancel(self) -> None:
        """Abort what other threads are waiting for: they get a CancelledError."""
        with self._lock:
            for call in self._running:
                call.cancel()

    def _attempt(self, call: _Call, within: float) -> Any:
        end = self._now() + within
        for attempt in range(self._attempts - 1):
            try:
                return self._complete_once(call, end)
            except _RetryableError as error:
                backoff = min(2.0**attempt, LONGEST_BACKOFF)
                wait = backoff if error.wait is None else error.wait
                if self._now() + wait >= end:
                    raise
                # Who sets a time limit hears of the failure soon.
                level = logging.WARNING if math.isinf(within) else logging.INFO
                logger.log(level, "attempt %d failed, next in %.0f s: %s", attempt + 1, wait, error)
                self._wait(call, wait)
        return self._complete_once(call, end)

    def _complete_once(self, call: _Call, end: float) -> Any:
        self._wait_for_turn(call)
        seconds = max(0.0, min(self._timeout, end - self._now()))
        sending = self._send(call.body, seconds)
        call.request = asyncio.run_coroutine_threadsafe(sending, self._loop)
        if call.cancelled.is_set():
            call.request.cancel()
        try:
            answer = call.request.result()
        except FutureCancelledError as error:
            msg = f"the request to {self._url} was cancelled"
            raise CancelledError(msg) from error
        except asyncio.TimeoutError as error:
            msg = f"{self._url} gave no answer within {seconds:.1f} s; allow more time, or take a "
            raise _RetryableError(msg + "faster model or server") from error
        except APIConnectionError as error:
            msg = f"{self._url} does not answer: {cause(error)}; is the server running?"
            raise _RetryableError(msg) from error
        except APIStatusError as error:
            raise self._refusal(error) from error
        except (ValueError, RecursionError) as error:  # of a JSON parser
            msg = f"{self._url} sent an answer that is no JSON: {error}; expected a chat completion"
            raise _RetryableError(msg, OK) from error
        try:
            choice = answer.choices[0]
            _ = choice.message.content
        except (LookupError, TypeError, AttributeError) as error:
            sent = self._excerpt(str(answer))
            msg = f"{self._url} sent no chat completion: {sent!r}; expected choices"
            raise _RetryableError(msg, OK) from error
        self._count(answer.usage)
        return choice

    async def _send(self, body: Mapping[str, Any], seconds: float) -> Any:
        answer = self._create(**body, extra_headers=self._headers)
        return await asyncio.wait_for(answer, seconds)

    def _refusal(self, error: APIStatusError) -> ChatError:
        code = error.status_code
        msg = f"{self._url} answered {code}: {self._excerpt(error.response.text)!r}"
        wait = retry_after(error.response.headers)
        if code not in RETRIED and not error.response.is_server_error:
            msg += f"; check the address, the model, the reply format and the key in {KEY_VARIABLE}"
            return ChatError(msg, code)
        if wait is not None and wait > LONGEST_WAIT:
            msg += f", and asks to wait for {wait:.0f} s; run this again then"
            return ChatError(msg, code, wait)
        return _RetryableError(msg, code, wait)

    def _excerpt(self, text: str) -> str:
        return (text.replace(self._key, "***") if self._key else text)[:200]

    def _count(self, usage: Any) -> None:
        with self._lock:
            self.usage.replies += 1
            try:
                tokens = int(usage.prompt_tokens), int(usage.completion_tokens)
            except (AttributeError, TypeError, ValueError, OverflowError):
                self.usage.uncounted += 1
                return
            self.usage.tokens_in += tokens[0]
            self.usage.tokens_out += tokens[1]

    def _wait(self, call: _Call, seconds: float) -> None:
        (self._sleep or call.cancelled.wait)(seconds)

    def _wait_for_turn(self, call: _Call) -> None:
        with self._lock:
            start = max(self._next_start, self._now())
            self._next_start = start + self._spacing
        if start > self._now():
            self._wait(call, start - self._now())


class _Call:
    """A conversation that is being sent, with its waits and further attempts."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.cancelled = threading.Event()
        self.request: Future[Any] | None = None

    def cancel(self) -> None:
        self.cancelled.set()
        if self.request:
            self.request.cancel()


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """A loop in a thread of its own: it cancels a request at its time limit, wherever it waits."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="requests", daemon=True).start()
    return loop
