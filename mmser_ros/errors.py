# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The base of every error this package raises on purpose."""


class MmserError(Exception):
    """Something a user can act on; the message says what was got, expected, and what to do."""
