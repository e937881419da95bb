# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions of whole recordings: in batches, to a table, by one process or by several of Ray."""
