# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with an endpoint, its address and its key, in words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from mmser_ros.core.errors import MmserError

KEY_VARIABLE = "MMSER_API_KEY"


class ChatError(MmserError):
    """An endpoint that can't be reached, refuses a request, or sends an unusable answer.

    Attributes:
        status: the HTTP status code, 200 of an unusable answer; 0 without an answer.
        wait: seconds that the endpoint asks to wait (Retry-After); None if it does not.
    """

    def __init__(self, message: str, status: int = 0, wait: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.wait = wait


def check_address(url: str) -> None:
    """Check the base URL of an API.

    Raises:
        ChatError: it is no HTTP address, or has a user or a password.
    """
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


def check_key(key: str | None) -> str:
    """The key without white space around it; empty if there is none.

    Raises:
        ChatError: no header can carry it.
    """
    key = (key or "").strip()
    if all("!" <= sign <= "~" for sign in key):
        return key
    msg = f"the key in {KEY_VARIABLE} has spaces or signs outside ASCII; expected a bearer token"
    raise ChatError(msg)


def cause(error: BaseException) -> str:
    """The first of a chain of errors, which says most: such as "Connection refused"."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    number = error.errno if isinstance(error, OSError) else None
    if number and number > 0:  # it is negative for names that are unknown
        return os.strerror(number)
    return str(error) or type(error).__name__


def retry_after(headers: Mapping[str, str]) -> float | None:
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
