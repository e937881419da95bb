# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A model behind an OpenAI-compatible endpoint, with retries, a rate limit and a time limit."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from mmser_ros.core.errors import MmserError

try:
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI, Omit
except ModuleNotFoundError as error:
    msg = f"a model at an endpoint needs the package {error.name}: pip install '.[llm]'"
    raise MmserError(msg) from error

KEY_VARIABLE = "MMSER_API_KEY"
RETRIED = {408, 409, 425, 429}
"""HTTP status codes, beside 5xx, after which a request is sent again."""
LONGEST_WAIT = 300.0
"""Seconds. A longer Retry-After is an error."""
LONGEST_BACKOFF = 60.0
"""Seconds between two attempts, where the endpoint sends no Retry-After."""
REPLY_FORMATS = ("json_schema", "json_object", "text")

Message = Mapping[str, Any]
logger = logging.getLogger(__name__)


class ChatError(MmserError):
    """An endpoint that can't be reached, refuses a request, or sends an unusable answer.

    Attributes:
        status: the HTTP status code; 0 without an answer.
        wait: seconds that the endpoint asks to wait (Retry-After); None if it does not.
    """

    def __init__(self, message: str, status: int = 0, wait: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.wait = wait


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
        sleep: waits for a number of that clock's seconds.

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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        _check_address(url)
        if reply_format not in REPLY_FORMATS:
            msg = f"unknown reply format {reply_format!r}; expected {', '.join(REPLY_FORMATS)}"
            raise ChatError(msg)
        self.model = model
        self.usage = Usage()
        self._url = url
        self._reply_format = reply_format
        self._attempts = attempts
        self._timeout = timeout
        self._key = _check_key(key)
        client = AsyncOpenAI(base_url=url, api_key=self._key or "none", timeout=None, max_retries=0)
        self._create = client.chat.completions.create
        self._headers: dict[str, Any] = {} if self._key else {"Authorization": Omit()}
        self._loop = _event_loop()
        self._lock = threading.Lock()
        self._spacing = 60.0 / per_minute if per_minute else 0.0
        self._next_start = now()
        self._now, self._sleep = now, sleep

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
        """
        body = {"model": self.model, "messages": list(messages), **options}
        end = self._now() + within
        for attempt in range(self._attempts - 1):
            try:
                return self._complete_once(body, end)
            except _RetryableError as error:
                backoff = min(2.0**attempt, LONGEST_BACKOFF)
                wait = backoff if error.wait is None else error.wait
                if self._now() + wait >= end:
                    raise
                # Who sets a time limit hears of the failure soon.
                level = logging.WARNING if math.isinf(within) else logging.INFO
                logger.log(level, "attempt %d failed, next in %.0f s: %s", attempt + 1, wait, error)
                self._sleep(wait)
        return self._complete_once(body, end)

    def _complete_once(self, body: Mapping[str, Any], end: float) -> Any:
        self._wait_for_turn()
        seconds = max(0.0, min(self._timeout, end - self._now()))
        request = asyncio.run_coroutine_threadsafe(self._send(body, seconds), self._loop)
        try:
            answer = request.result()
        except asyncio.TimeoutError as error:
            msg = f"{self._url} gave no answer within {seconds:.1f} s; allow more time, or take a "
            raise _RetryableError(msg + "faster model or server") from error
        except APIConnectionError as error:
            msg = f"{self._url} does not answer: {_cause(error)}; is the server running?"
            raise _RetryableError(msg) from error
        except APIStatusError as error:
            raise self._refusal(error) from error
        except ValueError as error:  # of a JSON parser
            msg = f"{self._url} sent an answer that is no JSON: {error}; expected a chat completion"
            raise _RetryableError(msg) from error
        try:
            choice = answer.choices[0]
            _ = choice.message.content
        except (LookupError, TypeError, AttributeError) as error:
            sent = self._excerpt(str(answer))
            msg = f"{self._url} sent no chat completion: {sent!r}; expected choices"
            raise _RetryableError(msg) from error
        self._count(answer.usage)
        return choice

    async def _send(self, body: Mapping[str, Any], seconds: float) -> Any:
        answer = self._create(**body, extra_headers=self._headers)
        return await asyncio.wait_for(answer, seconds)

    def _refusal(self, error: APIStatusError) -> ChatError:
        code = error.status_code
        msg = f"{self._url} answered {code}: {self._excerpt(error.response.text)!r}"
        wait = _retry_after(error.response.headers)
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
            except (AttributeError, TypeError, ValueError):
                self.usage.uncounted += 1
                return
            self.usage.tokens_in += tokens[0]
            self.usage.tokens_out += tokens[1]

    def _wait_for_turn(self) -> None:
        with self._lock:
            start = max(self._next_start, self._now())
            self._next_start = start + self._spacing
        if start > self._now():
            self._sleep(start - self._now())


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """A loop in a thread of its own: it cancels a request at its time limit, wherever it waits."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="requests", daemon=True).start()
    return loop


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is no number
        fine = False
    if "@" in url.partition("://")[2].partition("/")[0]:
        msg = f"the address of the endpoint has a user or a password; put a key into {KEY_VARIABLE}"
        raise ChatError(msg)
    if not fine:
        msg = f"endpoint {url!r} is no address; expected one like http://localhost:8000/v1"
        raise ChatError(msg)


def _check_key(key: str | None) -> str:
    key = (key or "").strip()
    if all("!" <= sign <= "~" for sign in key):
        return key
    msg = f"the key in {KEY_VARIABLE} has spaces or signs outside ASCII; expected a bearer token"
    raise ChatError(msg)


def _cause(error: BaseException) -> str:
    """The first of a chain of errors, which says most: such as "Connection refused"."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    number = error.errno if isinstance(error, OSError) else None
    if number and number > 0:  # it is negative for names that are unknown
        return os.strerror(number)
    return str(error) or type(error).__name__


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a Retry-After header asks for: a number, or a date by the server's clock."""
    value = headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        now = headers.get("Date")
        since = parsedate_to_datetime(now) if now else datetime.now(timezone.utc)
        return max(0.0, (parsedate_to_datetime(value) - since).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a time zone
        return None
