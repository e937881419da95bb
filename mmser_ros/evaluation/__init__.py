# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores of captions, of the confidence, of error correction and of the scene memory."""
