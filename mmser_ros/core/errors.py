# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The base of every error this package raises on purpose, and those that packages share."""

from traceback import format_exception


class MmserError(Exception):
    """Something a user can act on; the message says what was got, expected, and what to do."""


class OutOfMemoryError(MmserError):
    """The device ran out of memory: the picture is lost, the cache is freed."""


def format_error(error: Exception) -> str:
    """The message of an MmserError; of any other error, which is a bug, the traceback."""
    return str(error) if isinstance(error, MmserError) else "".join(format_exception(error))
