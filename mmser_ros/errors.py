# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The base of every error this package raises on purpose, and those that rooms share."""


class MmserError(Exception):
    """Something a user can act on; the message says what was got, expected, and what to do."""


class OutOfMemoryError(MmserError):
    """The device ran out of memory: the picture is lost, the cache is freed."""
