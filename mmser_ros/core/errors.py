# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The base class of the errors of this package, and errors that packages share."""

from traceback import format_exception


class MmserError(Exception):
    """An error that a user can fix: it says what was got, what was expected, and what to do."""


class OutOfMemoryError(MmserError):
    """The device ran out of memory: the image got no caption, the cache is freed."""


class CancelledError(MmserError):
    """What was asked for was cancelled, because the one who asked is about to end."""


def format_error(error: Exception) -> str:
    """The message of an MmserError; of any other error, which is a bug, the traceback."""
    return str(error) if isinstance(error, MmserError) else "".join(format_exception(error))
