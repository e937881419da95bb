# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A language model behind an OpenAI-compatible endpoint, with retries and a rate limit."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from openai import APIConnectionError, APIStatusError, Omit, OpenAI

from mmser_ros.core.errors import MmserError

KEY_VARIABLE = "MMSER_API_KEY"
RETRIED = {408, 409, 425, 429}
"""HTTP status codes, beside 5xx, after which a request is sent again."""
LONGEST_WAIT = 300.0
"""Seconds. A longer Retry-After is an error."""
LONGEST_BACKOFF = 60.0
"""Seconds between two attempts, where the endpoint sends no Retry-After."""
REPLY_FORMATS = ("json_schema", "json_object", "text")

Message = Mapping[str, str]
logger = logging.getLogger(__name__)


class ChatError(MmserError):
    """An endpoint that can't be reached, refuses a request, or sends an unusable answer."""


class _RetryableError(ChatError):
    """An error that another attempt may not have; `wait` is the endpoint's Retry-After."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


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
    and ignore a Retry-After above 60 s.

    Args:
        url: base URL of the API, such as http://localhost:8000/v1.
        model: name of the model at the endpoint.
        key: sent as the bearer token; None sends none.
        per_minute: the most requests per minute, evenly spaced; None: no limit.
        reply_format: how the endpoint is made to answer in JSON: one of REPLY_FORMATS.
        attempts: the most attempts per request. The waits between them are 1, 2, 4, … 60 s, or
            what the endpoint asks for (Retry-After).
        timeout: seconds to wait for an answer.
        now: a clock, in seconds.
        sleep: waits for a number of that clock's seconds.

    Raises:
        ChatError: the URL is not an HTTP address, or the reply format is unknown.
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
        if not _is_address(url):
            msg = f"endpoint {url!r} is no address; expected one like http://localhost:8000/v1"
            raise ChatError(msg)
        if reply_format not in REPLY_FORMATS:
            msg = f"unknown reply format {reply_format!r}; expected {', '.join(REPLY_FORMATS)}"
            raise ChatError(msg)
        self.model = model
        self.usage = Usage()
        self._url = url
        self._reply_format = reply_format
        self._attempts = attempts
        self._client = OpenAI(
            base_url=url,
            api_key=key.strip() if key else "none",
            timeout=timeout,
            max_retries=0,
        )
        self._headers: dict[str, Any] = {} if key else {"Authorization": Omit()}
        self._lock = threading.Lock()
        self._spacing = 60.0 / per_minute if per_minute else 0.0
        self._next_start = now()
        self._now, self._sleep = now, sleep

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """Send a conversation; return the model's answer, text that should follow a JSON schema.

        Raises:
            ChatError: the endpoint refuses the request, or no attempt gets an answer.
        """
        body: dict[str, Any] = {"model": self.model, "messages": list(messages)}
        if self._reply_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        elif self._reply_format == "json_schema":
            named = {"name": "reply", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        for attempt in range(self._attempts - 1):
            try:
                return self._ask_once(body)
            except _RetryableError as error:
                backoff = min(2.0**attempt, LONGEST_BACKOFF)
                wait = backoff if error.wait is None else error.wait
                logger.warning("attempt %d failed, next in %.0f s: %s", attempt + 1, wait, error)
                self._sleep(wait)
        return self._ask_once(body)

    def _ask_once(self, body: Mapping[str, Any]) -> str:
        self._wait_for_turn()
        try:
            answer = self._client.chat.completions.create(**body, extra_headers=self._headers)
        except APIConnectionError as error:
            msg = f"{self._url} does not answer: {error.__cause__ or error}"
            raise _RetryableError(msg) from error
        except APIStatusError as error:
            raise self._refusal(error) from error
        try:
            text = str(answer.choices[0].message.content or "")
        except (LookupError, TypeError, AttributeError) as error:
            msg = f"{self._url} sent no chat completion: {str(answer)[:200]!r}; expected choices"
            raise _RetryableError(msg) from error
        self._count(answer.usage)
        return text

    def _refusal(self, error: APIStatusError) -> ChatError:
        code = error.status_code
        msg = f"{self._url} answered {code}: {error.response.text[:200]!r}"
        if code not in RETRIED and not error.response.is_server_error:
            msg += f"; check the address, the model, the reply format and the key in {KEY_VARIABLE}"
            return ChatError(msg)
        wait = _retry_after(error.response.headers)
        if wait is not None and wait > LONGEST_WAIT:
            return ChatError(f"{msg}, and asks to wait for {wait:.0f} s; run this again then")
        return _RetryableError(msg, wait)

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


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is no number
        return False


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
